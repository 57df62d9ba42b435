r"""Regular expressions: PCRE's syntax, as MongoDB takes it, run by the ``regex`` package with a time limit.

MongoDB 8 has PCRE2 10.42, with the limits of its build:
https://github.com/mongodb/mongo/blob/master/src/third_party/pcre2/build_posix/config.h
"""

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import regex

from .errors import REMEDY, CommandError, bad
from .pattern_reading import invalid
from .pattern_syntax import FOLDED_APART, Translator

TIMEOUT_SECONDS = 5.0
_LONG_TEXT = 5_000
_MOST_BYTES = 16_384
_FLAGS = "imsxu"
_APART = regex.compile(f"[{FOLDED_APART}]")
_RISKY = regex.compile(r"\)[*+{]|\\[1-9kR]|\(\?[=!<]|(?:[*+].*){3}", regex.DOTALL)
Search = Callable[[str], Any]


class Pattern:
    """A compiled expression. Raises CommandError for a bad or unsupported one."""

    def __init__(self, pattern: str, options: str = "") -> None:
        for letter in options:
            if letter not in _FLAGS:
                raise CommandError("Location51108", f"invalid flag in regex options: {letter}")
        if "\x00" in pattern:
            raise bad("Regular expression cannot contain an embedded null byte")
        if len(pattern.encode()) > _MOST_BYTES:
            raise invalid(f"regular expression is too large: more than {_MOST_BYTES} bytes; {REMEDY}")
        self._pattern, self._options = pattern, options
        self._plain, self._ignores_case = self._compile(careful=False)
        self._risky = _RISKY.search(pattern) is not None

    @cached_property
    def _careful(self) -> Any:
        return self._compile(careful=True)[0]

    def _compile(self, *, careful: bool) -> tuple[Any, bool]:
        try:
            translator = Translator(self._pattern, self._options, careful=careful)
            return regex.compile(translator.text, regex.UNICODE), translator.ignores_case
        except (regex.error, OverflowError, RecursionError) as error:
            raise invalid(str(error)) from error

    def search(self, text: str, place: int = 0, *, timeout: float = TIMEOUT_SECONDS) -> Any:
        """The first match from a place on, or None; raises TimeoutError after so many seconds."""
        compiled = self._plain
        if self._ignores_case and not text.isascii() and _APART.search(text) is not None:
            compiled = self._careful
        # Only what may run long gives other threads the interpreter: giving it up costs more than a short search.
        return compiled.search(text, place, timeout=timeout, concurrent=self._risky or len(text) > _LONG_TEXT)


compiled_pattern = lru_cache(maxsize=512)(Pattern)
"""A pattern with its options, kept for the next time."""


def compile_pattern(pattern: str, options: str = "") -> Search:
    """A function that gives the first match in a text, or None.

    Raises CommandError for a bad or unsupported pattern; the function raises MaxTimeMSExpired when one text takes more
    than ``TIMEOUT_SECONDS``.
    """
    bare = compiled_pattern(pattern, options).search

    def search(text: str) -> Any:
        try:
            return bare(text)
        except TimeoutError:
            message = f"the regular expression /{pattern}/ took more than {TIMEOUT_SECONDS:g} s on one value"
            raise CommandError("MaxTimeMSExpired", message) from None

    return search
