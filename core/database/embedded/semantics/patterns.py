r"""Regular expressions: PCRE's syntax, as MongoDB takes it, run by the ``regex`` package with a time limit.

Where the two differ the pattern is translated, or refused (https://www.pcre.org/current/doc/html/pcre2pattern.html):
PCRE's ``\w \d \s \b`` know ASCII only, while its case folding knows all of Unicode.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import regex

from .errors import CommandError, bad, unsupported

TIMEOUT_SECONDS = 5.0
_LONG_TEXT = 5_000
_MOST_BYTES = 32_764
_FLAGS = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL, "x": regex.VERBOSE, "u": 0}
_WORD, _DIGIT, _SPACE = "A-Za-z0-9_", "0-9", " \\t\\n\\r\\f\\v"
_CLASSES = {
    "w": f"[{_WORD}]", "W": f"[^{_WORD}]", "d": f"[{_DIGIT}]", "D": f"[^{_DIGIT}]", "s": f"[{_SPACE}]",
    "S": f"[^{_SPACE}]", "h": "[ \\t\\xa0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]", "N": "[^\\n]",
    "R": "(?>\\r\\n|[\\n\\v\\f\\r\\x85\\u2028\\u2029])", "z": "(?!(?s:.))", "Z": "(?=\\n?(?!(?s:.)))",
    "b": f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))",
    "B": f"(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}]))",
}  # fmt: skip
_IN_CLASS = {"w": _WORD, "d": _DIGIT, "s": _SPACE, "h": " \\t\\xa0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000"}
_SAME = frozenset("tnrfaA0123456789kxpP")  # escapes that mean the same to both
_IN_CLASS_SAME = frozenset("tnrfabx0123456789pP")
_GROUPS = (":", "=", "!", "<=", "<!", ">", "P<", "P=", "<", "#", "|")
_RISKY = regex.compile(r"\)[*+{]|\\[1-9kR]|\(\?[=!<]|(?:[*+].*){3}", regex.DOTALL)
_QUANTIFIER = regex.compile(r"\{\d+(?:,\d*)?\}")

Search = Callable[[str], Any]


def compile_pattern(pattern: str, options: str = "") -> Search:
    """A function that gives the first match in a text, or None.

    Raises CommandError for a bad or unsupported pattern; the function raises MaxTimeMSExpired when one text
    takes more than ``TIMEOUT_SECONDS``.
    """
    compiled, risky = _compiled(pattern, options)
    bare = compiled.search

    def search(text: str) -> Any:
        try:
            # Only what may run long gives other threads the interpreter: giving it up costs more than a short search.
            return bare(text, timeout=TIMEOUT_SECONDS, concurrent=risky or len(text) > _LONG_TEXT)
        except TimeoutError:
            message = f"the regular expression /{pattern}/ took more than {TIMEOUT_SECONDS:g} s on one value"
            raise CommandError("MaxTimeMSExpired", message) from None

    return search


def compiled_pattern(pattern: str, options: str = "") -> Any:
    """The compiled expression itself, for ``finditer``; to be called with ``timeout``."""
    return _compiled(pattern, options)[0]


@lru_cache(maxsize=512)
def _compiled(pattern: str, options: str) -> tuple[Any, bool]:
    flags = regex.UNICODE
    for letter in options:
        if letter not in _FLAGS:
            raise CommandError("Location51108", f"invalid flag in regex options: {letter}")
        flags |= _FLAGS[letter]
    if "\x00" in pattern:
        raise bad("Regular expression cannot contain an embedded null byte")
    if len(pattern.encode()) > _MOST_BYTES:
        raise _invalid("regular expression is too large")
    try:
        return regex.compile(_translate(pattern), flags), _RISKY.search(pattern) is not None
    except (regex.error, OverflowError, RecursionError) as error:
        raise _invalid(str(error)) from error


def _invalid(problem: str) -> CommandError:
    return CommandError("Location51091", f"Regular expression is invalid: {problem}")


def _translate(pattern: str) -> str:
    out: list[str] = []
    place = 0
    while place < len(pattern):
        character = pattern[place]
        if character == "\\":
            text, place = _escape(pattern, place, in_class=False)
        elif character == "[":
            text, place = _class(pattern, place)
        elif pattern.startswith("(?", place):
            text, place = _group(pattern, place)
        elif pattern.startswith("(*", place):
            raise unsupported(f"pattern verb in /{pattern}/")
        elif character == "{" and _QUANTIFIER.match(pattern, place) is None:  # a character to PCRE
            text, place = "\\{", place + 1
        else:
            text, place = character, place + 1
        out.append(text)
    return "".join(out)


def _escape(pattern: str, place: int, *, in_class: bool) -> tuple[str, int]:
    if place + 1 >= len(pattern):
        raise _invalid("\\ at end of pattern")
    letter = pattern[place + 1]
    if letter == "Q":
        end = pattern.find("\\E", place)
        end = len(pattern) if end < 0 else end
        return regex.escape(pattern[place + 2 : end]), end + 2
    if letter == "E":
        return "", place + 2
    if letter == "e":
        return "\\x1b", place + 2
    if letter == "x":
        return _hexadecimal(pattern, place)
    rows, same = (_IN_CLASS, _IN_CLASS_SAME) if in_class else (_CLASSES, _SAME)
    if letter in rows:
        return rows[letter], place + 2
    if letter in same or not letter.isalnum():
        return pattern[place : place + 2], place + 2
    raise unsupported(f"\\{letter} in the pattern /{pattern}/")


def _hexadecimal(pattern: str, place: int) -> tuple[str, int]:
    """PCRE takes zero to two digits, or any number in braces."""
    found: Any = regex.compile(r"\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{0,2}))").match(pattern, place)
    code = int(found[1] or found[2] or "0", 16)
    if code > 0x10FFFF:
        raise _invalid("character code point value in \\x{} or \\o{} is too large")
    return f"\\U{code:08x}", found.end()


def _class(pattern: str, place: int) -> tuple[str, int]:
    out = ["["]
    place += 1
    if pattern.startswith("^", place):
        out.append("^")
        place += 1
    if pattern.startswith("]", place):  # the first bracket is a character
        out.append("\\]")
        place += 1
    while place < len(pattern) and pattern[place] != "]":
        character = pattern[place]
        if character == "\\":
            text, place = _escape(pattern, place, in_class=True)
        elif pattern.startswith(("[:", "[.", "[="), place):
            raise unsupported(f"a POSIX class in the pattern /{pattern}/")
        elif character in "[&|~":  # set operations to ``regex``, characters to PCRE
            text, place = "\\" + character, place + 1
        else:
            text, place = character, place + 1
        out.append(text)
    if place >= len(pattern):
        raise _invalid("missing terminating ] for character class")
    return "".join(out) + "]", place + 1


def _group(pattern: str, place: int) -> tuple[str, int]:
    rest = pattern[place + 2 :]
    flags = regex.compile(r"[imsx]*(?:-[imsx]+)?([:)])").match(rest)
    if flags is not None and flags[0] != ")":
        if flags[1] == ")" and place:  # PCRE: from here on; ``regex`` takes it as a flag of the whole
            raise unsupported(f"a flag inside the pattern /{pattern}/")
        return "(?" + flags[0], place + 2 + flags.end()
    if rest.startswith("#"):
        end = rest.find(")")
        return "", len(pattern) if end < 0 else place + 2 + end + 1
    for prefix in _GROUPS:
        if rest.startswith(prefix):
            return "(?" + prefix, place + 2 + len(prefix)
    raise unsupported(f"(?{rest[:1]} in the pattern /{pattern}/")
