"""Strings: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#string-expression-operators

``CP`` operators count code points, ``Bytes`` operators bytes of UTF-8. Case is that of ASCII, as in MongoDB.
"""

import math
import string
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import Code, Timestamp
from bson.datetime_ms import DatetimeMS

from ..conversions import date_text, number_text
from ..errors import CommandError, unsupported
from ..evaluation import (
    Constant,
    Evaluate,
    Faults,
    Row,
    Scope,
    Variables,
    arguments_of,
    function,
    is_nullish,
    named,
    rows,
)
from ..limits import check_characters, check_text
from ..numbers import fits_long
from ..values import exact, is_nan, is_number, type_name
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
    """What ``$toUpper`` and ``$substr`` make a text of: not what ``$toString`` does; null is the empty string."""
    if is_nullish(value):
        return ""
    if type(value) is str:
        return value
    if type(value) is float:
        return f"{value:g}"
    if is_number(value):
        return number_text(value)
    if isinstance(value, datetime | DatetimeMS):
        return date_text(value)
    if type(value) is Timestamp:
        return f"{time.asctime(time.gmtime(value.time))[4:-5]}:{value.inc}"
    if type(value) is Code and value.scope is None:
        return str(value)
    raise CommandError("Location16007", f"can't convert from BSON type {type_name(value)} to String ({name})")


def _concat(*values: Any) -> Any:
    for value in values:
        if is_nullish(value):
            return None
        _text("$concat", "Location16702", value)
    check_characters("$concat", sum(map(len, values)))
    return check_text("".join(values))


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
    first = whole_number("$substrCP", ("Location34450", "Location34451"), start)
    count = whole_number("$substrCP", ("Location34452", "Location34453"), length)
    if count < 0:
        raise CommandError("Location34454", f"$substrCP: length must be a nonnegative integer (got: {count})")
    if first < 0:
        raise CommandError("Location34455", f"$substrCP: the starting index must be nonnegative (got: {first})")
    return value[first : first + count]


def _substring_in_bytes(text: Any, start: Any, length: Any) -> str:
    value = coerced("$substrBytes", text).encode()
    for code, number in (("Location16034", start), ("Location16035", length)):
        if not is_number(number):
            raise CommandError(code, f"$substrBytes needs a number, found: {type_name(number)}")
    first = _long("$substrBytes", start)
    if first < 0:
        raise CommandError("Location50752", f"$substrBytes: starting index must be non-negative (got: {first})")
    count = _long("$substrBytes", length)
    end = first + count if count >= 0 else len(value)
    _check_boundary(value, first, "Location28656")
    _check_boundary(value, end, "Location28657")
    return value[first:end].decode()


def _check_boundary(text: bytes, place: int, code: str) -> None:
    if place < len(text) and text[place] & 0xC0 == 0x80:
        raise CommandError(code, f"$substrBytes: invalid range, byte {place} is inside a character")


def _long(name: str, number: Any) -> int:
    """A double is cut towards zero and must fit; a decimal is rounded, and one that does not fit is the least long."""
    fits = not is_nan(number) and fits_long(exact(number))
    if type(number) is float:
        if not fits:
            raise CommandError("Location31109", f"{name}: can't coerce out of range value {number} to long")
        return math.trunc(number)
    return round(exact(number)) if fits else -(2**63)


def _split(text: Any, separator: Any) -> list[str]:
    _text("$split", "Location40085", text)
    if not _text("$split", "Location10503900", separator):
        raise CommandError("Location40087", "$split requires a non-empty separator")
    return text.split(separator)


_BOUNDS = ("Location40096", "Location40097")


def _index_of(text: Any, wanted: Any, *bounds: Any) -> Any:
    """The end bounds where the found text begins."""
    if is_nullish(text):
        return None
    _text("$indexOfCP", "Location40093", text)
    _text("$indexOfCP", "Location40094", wanted)
    start, end = index_bounds("$indexOfCP", _BOUNDS, bounds, len(text))
    if start < end:
        return text.find(wanted, start, end - 1 + len(wanted))
    return 0 if start == end and not text and not wanted else -1


def _index_in_bytes(text: Any, wanted: Any, *bounds: Any) -> Any:
    """The end bounds where the found text ends."""
    if is_nullish(text):
        return None
    body = _text("$indexOfBytes", "Location40091", text).encode()
    searched = _text("$indexOfBytes", "Location40092", wanted).encode()
    start, end = index_bounds("$indexOfBytes", _BOUNDS, bounds, len(body))
    return body.find(searched, start, end) if start <= end else -1


_TRIM = Faults(not_object="Location50696", unknown="Location50694", missing={"input": "Location50695"})


def _trim(strip: Callable[[str, str], str]) -> Callable[[str], Row]:
    def make(name: str) -> Row:
        def row(argument: Any, scope: Scope) -> Evaluate:
            fields = arguments_of(name, argument, ("input",), ("chars",), _TRIM)
            source = scope.compile(fields["input"])
            characters = scope.compile(fields["chars"]) if "chars" in fields else Constant(_WHITESPACE)

            def evaluate(document: Any, variables: Variables) -> Any:
                value = source(document, variables)
                if is_nullish(value):
                    return None
                text, chars = _text(name, "Location50699", value), characters(document, variables)
                return None if is_nullish(chars) else strip(text, _text(name, "Location50700", chars))

            return scope.fold(evaluate, (source, characters))

        return row

    return make


_REPLACE = Faults(
    not_object="Location51751",
    unknown="Location51750",
    missing={"input": "Location51749", "find": "Location51748", "replacement": "Location51747"},
)


def _replace(most: int) -> Callable[[str], Row]:
    """``most`` occurrences, or all where it is below zero."""

    def make(name: str) -> Row:
        def compute(input: Any, find: Any, replacement: Any) -> Any:
            codes = ("Location10503904", "Location10503901", "Location10503902")
            for code, value in zip(codes, (input, find, replacement), strict=True):
                if not is_nullish(value):
                    _text(name, code, value)
            if is_nullish(input) or is_nullish(find) or is_nullish(replacement):
                return None
            if most < 0 and not find and replacement and not input.isascii():  # MongoDB parts the bytes of a character
                raise unsupported(f"{name} of an empty text in one beyond ASCII", "expression")
            found = input.count(find) if most < 0 else min(most, input.count(find))
            check_characters(name, len(input) + found * (len(replacement) - len(find)))
            return check_text(input.replace(find, replacement, most))

        return named(compute, ("input", "find", "replacement"), faults=_REPLACE)(name)

    return make


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
    "$trim": _trim(str.strip),
    "$ltrim": _trim(str.lstrip),
    "$rtrim": _trim(str.rstrip),
    "$replaceOne": _replace(1),
    "$replaceAll": _replace(-1),
})  # fmt: skip
