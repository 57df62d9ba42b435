"""Strings: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#string-expression-operators

``CP`` operators count code points, ``Bytes`` operators bytes of UTF-8. Case is that of ASCII, as in MongoDB.
"""

import string
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import Regex
from bson.datetime_ms import DatetimeMS

from ..conversions import date_text, number_text
from ..errors import CommandError
from ..evaluation import Row, function, is_nullish, named, rows
from ..limits import check_characters
from ..numbers import fits_long, to_int
from ..patterns import TIMEOUT_SECONDS, compile_pattern, compiled_pattern
from ..values import MISSING, exact, is_nan, is_number, regex_parts, type_name
from .arrays import index_bounds, whole_number

_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_WHITESPACE = (
    "\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"  # MongoDB's own list
)


def _text(name: str, code: str, value: Any) -> str:
    if type(value) is not str:
        raise CommandError(code, f"{name} requires a string argument, found: {type_name(value)}")
    return value


def coerced(name: str, value: Any) -> str:
    """What ``$toUpper`` and ``$substr`` make a text of: strings, numbers, dates; null is the empty string."""
    if is_nullish(value):
        return ""
    if type(value) is str:
        return value
    if is_number(value):
        return number_text(value)
    if isinstance(value, datetime | DatetimeMS):
        return date_text(value)
    raise CommandError("Location16007", f"can't convert from BSON type {type_name(value)} to String ({name})")


def _concat(*values: Any) -> Any:
    for value in values:
        if not is_nullish(value) and type(value) is not str:
            raise CommandError("Location16702", f"$concat only supports strings, not {type_name(value)}")
    if any(map(is_nullish, values)):
        return None
    check_characters("$concat", sum(map(len, values)))
    return "".join(values)


def _upper(value: Any) -> str:
    return coerced("$toUpper", value).translate(_UPPER)


def _lower(value: Any) -> str:
    return coerced("$toLower", value).translate(_LOWER)


def _compare_ignoring_case(left: Any, right: Any) -> int:
    a, b = _upper(left), _upper(right)
    return (a > b) - (a < b)


def _length(value: Any) -> int:
    return len(_text("$strLenCP", "Location34471", value))


def _length_in_bytes(value: Any) -> int:
    return len(_text("$strLenBytes", "Location34473", value).encode())


def _substring(text: Any, start: Any, length: Any) -> str:
    value = coerced("$substrCP", text)
    first, count = (whole_number("$substrCP", "Location34450", number) for number in (start, length))
    if first < 0 or count < 0:
        raise CommandError("Location34455", "$substrCP: the starting index and length must be non-negative integers")
    return value[first : first + count]


def _substring_in_bytes(text: Any, start: Any, length: Any) -> str:
    value = coerced("$substrBytes", text).encode()
    for number in (start, length):
        if not is_number(number) or is_nan(number) or not fits_long(exact(number)):
            raise CommandError("Location16034", f"$substrBytes needs numbers, found {number!r}")
    first, count = to_int(start), to_int(length)
    if first < 0:
        raise CommandError("Location50752", f"$substrBytes: starting index must be non-negative (got: {first})")
    try:
        return (value[first:] if count < 0 else value[first : first + count]).decode()
    except UnicodeDecodeError:
        raise CommandError("Location28656", "$substrBytes: invalid range, it cuts a character in two") from None


def _split(text: Any, separator: Any) -> list[str]:
    _text("$split", "Location40085", text)
    if not _text("$split", "Location40086", separator):
        raise CommandError("Location40087", "$split requires a non-empty separator")
    return text.split(separator)


def _index_of(text: Any, wanted: Any, *bounds: Any) -> Any:
    if is_nullish(text):
        return None
    _text("$indexOfCP", "Location40093", text)
    _text("$indexOfCP", "Location40094", wanted)
    start, end = index_bounds("$indexOfCP", list(bounds), len(text))
    return text.find(wanted, start, end) if start <= end else -1


def _index_in_bytes(text: Any, wanted: Any, *bounds: Any) -> Any:
    if is_nullish(text):
        return None
    body = _text("$indexOfBytes", "Location40091", text).encode()
    searched = _text("$indexOfBytes", "Location40092", wanted).encode()
    start, end = index_bounds("$indexOfBytes", list(bounds), len(body))
    return body.find(searched, start, end) if start <= end else -1


def _trimmed(name: str, trim: Callable[[str, str], str]) -> Callable[..., Any]:
    def compute(input: Any, chars: Any) -> Any:
        if is_nullish(input) or chars is None:
            return None
        text = _text(name, "Location50699", input)
        return trim(text, _WHITESPACE if chars is MISSING else _text(name, "Location50700", chars))

    return compute


def _replace(name: str, count: int) -> Callable[..., Any]:
    def compute(input: Any, find: Any, replacement: Any) -> Any:
        for value in (input, find, replacement):
            if not is_nullish(value):
                _text(name, "Location51746", value)
        if is_nullish(input) or is_nullish(find) or is_nullish(replacement):
            return None
        found = input.count(find) if count < 0 else count
        check_characters(name, len(input) + found * len(replacement))
        return input.replace(find, replacement, count)

    return compute


# Regular expressions


def _pattern(name: str, regex: Any, options: Any) -> tuple[str, str]:
    if isinstance(regex, Regex):
        pattern, flags = regex_parts(regex)
        if flags and not is_nullish(options):
            raise CommandError(
                "Location51107", f"{name}: found regex option(s) specified in both 'regex' and 'option' fields"
            )
    else:
        pattern, flags = _text(name, "Location51105", regex), ""
    return pattern, flags or ("" if is_nullish(options) else _text(name, "Location51106", options))


def _regex_input(name: str, input: Any, regex: Any) -> bool:
    """Whether there is something to search."""
    if not is_nullish(input):
        _text(name, "Location51104", input)
    return not is_nullish(input) and not is_nullish(regex)


def _regex_match(input: Any, regex: Any, options: Any) -> bool:
    if not _regex_input("$regexMatch", input, regex):
        return False
    return compile_pattern(*_pattern("$regexMatch", regex, options))(input) is not None


def _regex_find(input: Any, regex: Any, options: Any) -> Any:
    if not _regex_input("$regexFind", input, regex):
        return None
    found = compile_pattern(*_pattern("$regexFind", regex, options))(input)
    return None if found is None else _found(found)


def _regex_find_all(input: Any, regex: Any, options: Any) -> Any:
    if not _regex_input("$regexFindAll", input, regex):
        return []
    compiled = compiled_pattern(*_pattern("$regexFindAll", regex, options))
    try:
        return [_found(match) for match in compiled.finditer(input, timeout=TIMEOUT_SECONDS)]
    except TimeoutError:
        raise CommandError("MaxTimeMSExpired", "the regular expression took too long on one value") from None


def _found(match: Any) -> dict[str, Any]:
    return {"match": match[0], "idx": match.start(), "captures": list(match.groups())}


_REGEX = (("input", "regex"), ("options",))
_REPLACE = ("input", "find", "replacement")
ROWS: dict[str, Row] = rows({
    "$concat": function(_concat, 0, null=False, many=True),
    "$toUpper": function(_upper, null=False),
    "$toLower": function(_lower, null=False),
    "$strcasecmp": function(_compare_ignoring_case, 2, null=False),
    "$strLenCP": function(_length, null=False),
    "$strLenBytes": function(_length_in_bytes, null=False),
    "$substr": function(_substring_in_bytes, 3, null=False),
    "$substrBytes": function(_substring_in_bytes, 3, null=False),
    "$substrCP": function(_substring, 3, null=False),
    "$split": function(_split, 2),
    "$indexOfCP": function(_index_of, 2, 4, null=False),
    "$indexOfBytes": function(_index_in_bytes, 2, 4, null=False),
    "$trim": named(_trimmed("$trim", str.strip), ("input",), ("chars",)),
    "$ltrim": named(_trimmed("$ltrim", str.lstrip), ("input",), ("chars",)),
    "$rtrim": named(_trimmed("$rtrim", str.rstrip), ("input",), ("chars",)),
    "$replaceOne": named(_replace("$replaceOne", 1), _REPLACE),
    "$replaceAll": named(_replace("$replaceAll", -1), _REPLACE),
    "$regexMatch": named(_regex_match, *_REGEX),
    "$regexFind": named(_regex_find, *_REGEX),
    "$regexFindAll": named(_regex_find_all, *_REGEX),
})  # fmt: skip
