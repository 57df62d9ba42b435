"""Values of one type as values of another: the table of ``$convert``.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/convert/
"""

import math
import re
import sys
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_DOWN, Context, Decimal, Overflow, Underflow
from typing import Any

from bson import Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS
from bson.errors import InvalidId

from . import binary_conversions
from .binary_conversions import Target, failed
from .date_parsing import parse_date
from .dates import date_milliseconds, date_of
from .errors import CommandError
from .numbers import CONTEXT, to_decimal, to_double, to_int
from .values import exact, is_nan, milliseconds, type_name

_INTEGER = re.compile(r"([+-]?)0*([0-9]+)")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)
_PAYLOAD = re.compile(r"[+-]?nan\([0-9a-z_]*\)", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[+-]?0x(?=\.?[0-9a-f])([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?[0-9]+))?", re.IGNORECASE)
# What rounds to a smaller double than this, were doubles of full precision without end, underflows.
_LEAST = Context(prec=1100).fma(Decimal("-0.25"), Decimal(2.0**-1074), Decimal(2.0**-1022))
_YEAR_0, _YEAR_1, _YEAR_10000 = -62_167_219_200_000, -62_135_596_800_000, 253_402_300_800_000
_CYCLE = 146_097 * 86_400_000  # the calendar repeats after 400 years


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
    time = milliseconds(value)
    found = date_of(time if time >= _YEAR_1 else time + _CYCLE)
    if not _YEAR_0 <= time < _YEAR_10000 or isinstance(found, DatetimeMS):
        raise CommandError("Location18537", "Could not convert date to string: date component was outside 0-9999")
    year = f"{found.year:04}" if time >= _YEAR_1 else "0000"
    return f"{year}-{found:%m-%dT%H:%M:%S}.{found.microsecond // 1000:03}Z"


def _to_integer(bits: int, make: Callable[[int], Any]) -> Callable[[Any], Any]:
    limit = 2 ** (bits - 1)

    def convert(value: Any) -> Any:
        number = exact(value)
        if is_nan(value) or not -math.inf < number < math.inf:
            raise failed("Attempt to convert NaN or infinity value to integer type")
        if not -limit <= (to_int(value) if isinstance(number, Decimal) else number) <= limit - 1:
            raise failed(f"Conversion would overflow target type: {number_text(value)}")
        return make(to_int(value))

    return convert


def _integer_from_text(bits: int, make: Callable[[int], Any]) -> Callable[[str], Any]:
    limit = 2 ** (bits - 1)

    def convert(text: str) -> Any:
        parts = _INTEGER.fullmatch(text)
        if not parts or len(parts[2]) > 19 or not -limit <= int(parts[1] + parts[2]) < limit:
            raise failed(f"Failed to parse number '{text}'")
        return make(int(parts[1] + parts[2]))

    return convert


def _double_from_text(text: str) -> float:
    """As C reads it: out of range is also what lies nearer to zero than the smallest double of full precision, unless
    it is exact."""
    if _PAYLOAD.fullmatch(text):
        return math.nan
    hexadecimal = _HEXADECIMAL.fullmatch(text)
    if not _NUMBER.fullmatch(text) and (not hexadecimal or text.startswith("0x")):
        raise failed(f"Failed to parse number '{text}'")
    try:
        found = float.fromhex(text) if hexadecimal else float(text)
    except OverflowError:
        found = math.inf
    infinite = math.isinf(found) and "inf" not in text.lower()
    if infinite or (_underflows_as_hexadecimal(hexadecimal) if hexadecimal else _underflows(found, text)):
        raise failed(f"Failed to parse number '{text}': out of range")
    return found


def _underflows_as_hexadecimal(text: re.Match[str]) -> bool:
    """Whether it is below full precision and no multiple of the smallest double, 2⁻¹⁰⁷⁴."""
    whole = int(text[1] + text[2], 16)
    unit = Decimal(text[3] or 0) - 4 * len(text[2])
    lowest, highest = (whole & -whole).bit_length() - 1 + unit, whole.bit_length() - 1 + unit
    return whole != 0 and highest < -1022 and lowest < -1074


def _underflows(found: float, text: str) -> bool:
    if not found:
        return any(digit in "123456789" for digit in re.split("[eE]", text)[0])
    return abs(found) <= sys.float_info.min and _is_inexact_below(Decimal(text), found)


def _is_inexact_below(number: Decimal, found: float) -> bool:
    return number.copy_abs() < _LEAST and number != Decimal(found)


def _decimal_from_text(text: str) -> Decimal128:
    """Digits beyond the 34th are cut."""
    if not _NUMBER.fullmatch(text):
        raise failed(f"Failed to parse number '{text}'")
    context = CONTEXT.copy()
    context.clear_flags()
    context.rounding = ROUND_DOWN
    found = context.create_decimal(text)
    if context.flags[Overflow] or context.flags[Underflow]:
        raise failed(f"Failed to parse number '{text}': out of range")
    return Decimal128(found)


def _to_double(value: Any) -> float:
    found, number = to_double(value), exact(value)
    if not isinstance(number, Decimal) or not number.is_finite():
        return found
    if math.isinf(found) or _is_inexact_below(number, found):
        raise failed("Conversion would overflow target type")
    return found


def _identifier_from_text(text: str) -> ObjectId:
    try:
        return ObjectId(text)
    except InvalidId:
        raise failed(f"Failed to parse objectId '{text}'") from None


def _date_from_text(text: str) -> Any:
    try:
        return date_of(parse_date(text))
    except CommandError as error:
        if error.code_name != "ConversionFailure":
            raise
        raise failed(error.message) from None


def _same(value: Any) -> Any:
    return value


_to_int32, _to_int64 = _to_integer(32, int), _to_integer(64, Int64)


def _date_from_number(value: Any) -> Any:
    return date_of(int(_to_int64(value)))


def _decimal(value: Any) -> Decimal128:
    return Decimal128(to_decimal(value))


def _long_from_date(value: Any) -> Int64:
    return Int64(milliseconds(value))


# (from, to) → conversion. Everything is true as a boolean but false, zero and null.
_NUMBERS = ("int", "long", "double", "decimal")
_ALWAYS_TRUE = (
    "string", "object", "array", "binData", "objectId", "date", "timestamp", "regex", "javascript",
    "javascriptWithScope", "minKey", "maxKey",
)  # fmt: skip
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
    ("objectId", "string"): str,
    ("objectId", "date"): lambda value: date_of(date_milliseconds(value)),
    ("date", "string"): date_text,
    ("date", "long"): _long_from_date,
    ("date", "double"): lambda value: float(milliseconds(value)),
    ("date", "decimal"): lambda value: Decimal128(str(milliseconds(value))),
    ("timestamp", "date"): lambda value: date_of(date_milliseconds(value)),
    **{(kind, "date"): _date_from_number for kind in ("long", "double", "decimal")},
    **{(kind, "bool"): lambda value: True for kind in _ALWAYS_TRUE},
}


def convert(value: Any, target: Target) -> Any:
    """The value as the target says; raises CommandError ConversionFailure, or another one for a wrong target."""
    pair = (type_name(value), target.type)
    if pair in binary_conversions.TABLE:
        return binary_conversions.TABLE[pair](value, target)
    if pair not in TABLE:
        raise failed(f"Unsupported conversion from {pair[0]} to {pair[1]}")
    return TABLE[pair](value)
