"""Regular expressions on strings.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/regexFindAll/
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

from bson import Regex

from ..errors import CommandError
from ..evaluation import Evaluate, Faults, Row, Scope, Variables, arguments_of, is_nullish
from ..patterns import TIMEOUT_SECONDS, compiled_pattern
from ..values import regex_parts, type_name

_MOST_BYTES = 64 * 1024 * 1024
_BYTES_A_MATCH = 128
_FAULTS = Faults(
    not_object="Location51103", unknown="Location31024", missing={"input": "Location31022", "regex": "Location31023"}
)
Answer = Callable[[str, Any, str], Any]
"""Gets the operator's name, the compiled pattern and the text."""


def _row(name: str, answer: Answer, nothing: Callable[[], Any]) -> Row:
    """``nothing`` makes the answer where the text or the pattern is null."""

    def row(argument: Any, scope: Scope) -> Evaluate:
        fields = arguments_of(name, argument, ("input", "regex"), ("options",), _FAULTS)
        source, regex, options = (scope.compile(fields.get(field)) for field in ("input", "regex", "options"))

        def compiled(document: Any, variables: Variables) -> Any:
            return _compiled(name, regex(document, variables), options(document, variables))

        pattern = scope.fold(compiled, (regex, options))

        def evaluate(document: Any, variables: Variables) -> Any:
            found, text = pattern(document, variables), source(document, variables)
            if not is_nullish(text) and type(text) is not str:
                raise CommandError("Location51104", f"{name} needs 'input' to be of type string, not {type_name(text)}")
            return nothing() if is_nullish(text) or found is None else answer(name, found, text)

        return scope.fold(evaluate, (source, pattern))

    return row


def _compiled(name: str, regex: Any, options: Any) -> Any:
    """The compiled pattern; None for none. What is wrong with it is said before the text is looked at."""
    if not is_nullish(regex) and type(regex) is not str and not isinstance(regex, Regex):
        raise CommandError("Location51105", f"{name} needs 'regex' to be of type string or regex")
    if not is_nullish(options) and type(options) is not str:
        raise CommandError("Location51106", f"{name} needs 'options' to be of type string")
    pattern, flags = regex_parts(regex) if isinstance(regex, Regex) else (regex, "")
    if flags and not is_nullish(options):
        message = f"{name}: found regex option(s) specified in both 'regex' and 'options' fields"
        raise CommandError("Location51107", message)
    flags = flags if is_nullish(options) else options
    if not is_nullish(pattern) and "\0" in pattern:
        raise CommandError("Location51109", f"{name}: regular expression cannot contain an embedded null byte")
    if "\0" in flags:
        raise CommandError("Location51110", f"{name}: regular expression options cannot contain a null byte")
    return None if is_nullish(pattern) else _valid(name, pattern, flags)


def _valid(name: str, pattern: str, flags: str) -> Any:
    try:
        return compiled_pattern(pattern, flags)
    except CommandError as error:
        if error.code_name != "Location51091":
            raise
        raise CommandError("Location51111", f"Invalid Regex in {name}: {error.message}") from error


def _matches(name: str, pattern: Any, text: str) -> Iterator[Any]:
    """After a match without characters the search goes on at the next character; it ends with the text."""
    until, place = time.monotonic() + TIMEOUT_SECONDS, 0
    while place == 0 or place < len(text):
        try:
            match = pattern.search(text, place, timeout=max(until - time.monotonic(), 0.001))
        except TimeoutError:
            raise CommandError("MaxTimeMSExpired", f"{name}: the pattern took too long on one value") from None
        if match is None:
            return
        yield match
        place = max(match.end(), match.start() + 1)


def _match(name: str, pattern: Any, text: str) -> bool:
    return next(_matches(name, pattern, text), None) is not None


def _find(name: str, pattern: Any, text: str) -> Any:
    return next(map(_found, _matches(name, pattern, text)), None)


def _find_all(name: str, pattern: Any, text: str) -> list[Any]:
    found: list[Any] = []
    size = 0
    for match in _matches(name, pattern, text):
        size += _BYTES_A_MATCH + sum(len(part) for part in (match[0], *match.groups("")))
        if size > _MOST_BYTES:
            raise CommandError("Location51151", f"{name}: the size of buffer to store output exceeded the 64MB limit")
        found.append(_found(match))
    return found


def _found(match: Any) -> dict[str, Any]:
    return {"match": match[0], "idx": match.start(), "captures": list(match.groups())}


ROWS: dict[str, Row] = {
    "$regexMatch": _row("$regexMatch", _match, lambda: False),
    "$regexFind": _row("$regexFind", _find, lambda: None),
    "$regexFindAll": _row("$regexFindAll", _find_all, list),
}
