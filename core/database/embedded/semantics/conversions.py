"""Values of one type as values of another: the table of ``$convert``.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/convert/
"""

import math
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bson import Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS
from bson.errors import InvalidId

from .date_parsing import parse_date
from .dates import date_milliseconds, date_of
from .errors import CommandError
from .numbers import to_decimal, to_double, to_int
from .values import exact, is_nan, milliseconds, type_name

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


def failed(message: str) -> CommandError:
    return CommandError("ConversionFailure", f"{message} in $convert with no onError value")


def number_text(value: Any) -> str:
    """A number as MongoDB 8 writes it: a double with the fewest digits that name it, and no point where it is whole."""
    if type(value) is not float:
        return str(int(value)) if isinstance(value, int) else str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value).removesuffix(".0")


def date_text(value: datetime | DatetimeMS) -> str:
    found = date_of(milliseconds(value))
    if isinstance(found, DatetimeMS):
        raise failed("the date is beyond the years 1 to 9999")
    return f"{found:%Y-%m-%dT%H:%M:%S}.{found.microsecond // 1000:03}Z".rjust(24, "0")


def _to_integer(bits: int, make: Callable[[int], Any]) -> Callable[[Any], Any]:
    limit = 2 ** (bits - 1)

    def convert(value: Any) -> Any:
        if is_nan(value):
            raise failed("Attempt to convert NaN value to integer type")
        if not -limit <= exact(value) < limit:
            raise failed(f"Conversion would overflow target type: {number_text(value)}")
        return make(to_int(value))

    return convert


def _integer_from_text(bits: int, make: Callable[[int], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        if not _INTEGER.fullmatch(text) or not text.isascii() or len(text) > 20:
            raise failed(f"Failed to parse number '{text}'")
        return _to_integer(bits, make)(Int64(text) if -(2**63) <= int(text) < 2**63 else float(text))

    return convert


def _number_text_checked(text: str) -> str:
    if not text.isascii() or not _NUMBER.fullmatch(text):
        raise failed(f"Failed to parse number '{text}'")
    return text


def _double_from_text(text: str) -> float:
    found = float(_number_text_checked(text))
    if math.isinf(found) and "inf" not in text.lower():
        raise failed(f"Failed to parse number '{text}': out of range")
    return found


def _decimal_from_text(text: str) -> Decimal128:
    try:
        return Decimal128(_number_text_checked(text))
    except (ValueError, InvalidOperation):
        raise failed(f"Failed to parse number '{text}'") from None


def _to_double(value: Any) -> float:
    found = to_double(value)
    if math.isinf(found) and abs(exact(value)) != Decimal("Infinity"):
        raise failed("Conversion would overflow target type")
    return found


def _identifier_from_text(text: str) -> ObjectId:
    try:
        return ObjectId(text)
    except InvalidId:
        raise failed(f"Failed to parse objectId '{text}'") from None


def _date_from_number(value: Any) -> Any:
    if is_nan(value) or not -(2**63) <= exact(value) < 2**63:
        raise failed("Conversion would overflow target type")
    return date_of(to_int(value))


def _date_from_text(text: str) -> Any:
    try:
        return date_of(parse_date(text))
    except CommandError as error:
        raise failed(error.message) from None


def _same(value: Any) -> Any:
    return value


_to_int32, _to_int64 = _to_integer(32, int), _to_integer(64, Int64)


def _decimal(value: Any) -> Decimal128:
    return Decimal128(to_decimal(value))


def _long_from_date(value: Any) -> Int64:
    return Int64(milliseconds(value))


# (from, to) → conversion. Everything is true as a boolean but false, zero and null.
_NUMBERS = ("int", "long", "double", "decimal")
TABLE: dict[tuple[str, str], Callable[[Any], Any]] = {
    **{(kind, "int"): _to_int32 for kind in _NUMBERS},
    **{(kind, "long"): _to_int64 for kind in _NUMBERS},
    **{(kind, "double"): _to_double for kind in _NUMBERS},
    **{(kind, "decimal"): _decimal for kind in ("int", "long", "double")},
    **{(kind, "string"): number_text for kind in _NUMBERS},
    **{(kind, "bool"): lambda value: exact(value) != 0 for kind in _NUMBERS},
    **{(kind, kind): _same for kind in ("decimal", "string", "bool", "objectId", "date", "timestamp")},
    ("bool", "int"): int,
    ("bool", "long"): lambda value: Int64(value),
    ("bool", "double"): float,
    ("bool", "decimal"): lambda value: Decimal128(str(int(value))),
    ("bool", "string"): lambda value: "true" if value else "false",
    ("string", "int"): _integer_from_text(32, int),
    ("string", "long"): _integer_from_text(64, Int64),
    ("string", "double"): _double_from_text,
    ("string", "decimal"): _decimal_from_text,
    ("string", "objectId"): _identifier_from_text,
    ("string", "date"): _date_from_text,
    ("string", "bool"): lambda value: True,
    ("objectId", "string"): str,
    ("objectId", "date"): lambda value: date_of(date_milliseconds(value)),
    ("objectId", "bool"): lambda value: True,
    ("date", "string"): date_text,
    ("date", "long"): _long_from_date,
    ("date", "double"): lambda value: float(milliseconds(value)),
    ("date", "decimal"): lambda value: Decimal128(str(milliseconds(value))),
    ("date", "bool"): lambda value: True,
    ("timestamp", "date"): lambda value: date_of(date_milliseconds(value)),
    ("timestamp", "bool"): lambda value: True,
    **{(kind, "date"): _date_from_number for kind in ("long", "double", "decimal")},
    **{(kind, "bool"): lambda value: True for kind in ("object", "array", "binData", "regex", "javascript")},
}


def convert(value: Any, target: str) -> Any:
    """The value as a ``target`` type (an alias); raises CommandError ConversionFailure."""
    source = type_name(value)
    conversion = TABLE.get((source, target))
    if conversion is None:
        raise failed(f"Unsupported conversion from {source} to {target}")
    return conversion(value)
