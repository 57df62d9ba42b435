"""Numbers: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#arithmetic-expression-operators"""

import math
import random
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from bson import Decimal128
from bson.datetime_ms import DatetimeMS

from .. import numbers
from ..dates import date_of
from ..errors import CommandError, mismatch, unsupported
from ..evaluation import Evaluate, Row, Scope, Unread, function, is_nullish, rows
from ..limits import check_elements
from ..numbers import CONTEXT, DECIMAL, DOUBLE, INT, LONG, kind, to_decimal, to_double, to_int, whole
from ..values import exact, is_nan, is_number, milliseconds, type_name


def number_of(name: str, value: Any, code: str = "Location28765") -> Any:
    if not is_number(value):
        raise CommandError(code, f"{name} only supports numeric types, not {type_name(value)}")
    return value


def _is_date(value: Any) -> bool:
    return isinstance(value, datetime | DatetimeMS)


def _add(*values: Any) -> Any:
    total: Any = 0
    widest, date = INT, False
    for value in values:
        if is_nullish(value):
            return None
        if _is_date(value):
            if date:
                raise CommandError("Location16612", "only one date allowed in an $add expression")
            total, date = _checked_time(_in_milliseconds(total) + milliseconds(value)), True
        elif not is_number(value):
            raise mismatch(f"$add only supports numeric or date types, not {type_name(value)}")
        elif date:
            total = _checked_time(total + _in_milliseconds(value))
        else:
            total, widest = numbers.add(total, value), max(widest, kind(value))
    return date_of(total) if date else numbers.narrowed(total, widest)


def _in_milliseconds(number: Any) -> int:
    """Half a millisecond is rounded away from zero, of a decimal to even."""
    if is_nan(number) or not -(2**64) < exact(number) < 2**64:
        raise CommandError("Overflow", "date overflow")
    rounding = ROUND_HALF_EVEN if kind(number) == DECIMAL else ROUND_HALF_UP
    return _checked_time(int(Decimal(exact(number)).to_integral_value(rounding)))


def _checked_time(time: int) -> int:
    if not numbers.fits_long(time):
        raise CommandError("Overflow", "date overflow")
    return time


def _subtract(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return numbers.subtract(left, right)
    if _is_date(left) and _is_date(right):
        found = milliseconds(left) - milliseconds(right)
        if not numbers.fits_long(found):
            raise CommandError("DurationOverflow", "overflow while subtracting dates")
        return whole(found, LONG)
    if _is_date(left) and is_number(right):
        return date_of(_checked_time(milliseconds(left) - _in_milliseconds(right)))
    raise mismatch(f"can't $subtract {type_name(right)} from {type_name(left)}")


class _Product:
    """Integers are multiplied exactly and, in case they leave 64 bits, as doubles beside."""

    def __init__(self) -> None:
        self._kind = INT
        self._whole = 1
        self._double = 1.0
        self._decimal = Decimal(1)

    def take(self, value: Any) -> None:
        before, self._kind = self._kind, max(self._kind, kind(value))
        if self._kind == DECIMAL:
            if before != DECIMAL:
                self._decimal = to_decimal(self._double if before == DOUBLE else self._whole)
            self._decimal = CONTEXT.multiply(self._decimal, to_decimal(value))
            return
        self._double *= float(value)
        if self._kind <= LONG:
            self._whole *= value
            self._kind = self._kind if numbers.fits_long(self._whole) else DOUBLE

    def result(self) -> Any:
        if self._kind == DECIMAL:
            return Decimal128(self._decimal)
        return self._double if self._kind == DOUBLE else whole(self._whole, self._kind)


def _multiply(*values: Any) -> Any:
    product = _Product()
    for value in values:
        if is_nullish(value):
            return None
        if not is_number(value):
            raise mismatch(f"$multiply only supports numeric types, not {type_name(value)}")
        product.take(value)
    return product.result()


def _divide(left: Any, right: Any) -> Any:
    if not is_number(left) or not is_number(right):
        message = f"$divide only supports numeric types, not {type_name(left)} and {type_name(right)}"
        raise mismatch(message)
    if exact(right) == 0:
        raise CommandError("BadValue", "can't $divide by zero")
    if DECIMAL in (kind(left), kind(right)):
        return Decimal128(CONTEXT.divide(to_decimal(left), to_decimal(right)))
    return to_double(left) / to_double(right)


def _mod(left: Any, right: Any) -> Any:
    if not is_number(left) or not is_number(right):
        message = f"$mod only supports numeric types, not {type_name(left)} and {type_name(right)}"
        raise CommandError("Location16611", message)
    if exact(right) == 0:
        code = "Location5733415" if DECIMAL in (kind(left), kind(right)) else "Location16610"
        raise CommandError(code, "can't $mod by zero")
    return numbers.remainder(left, right)


def _absolute(value: Any) -> Any:
    number_of("$abs", value)
    if kind(value) <= LONG:
        if value == -(2**63):
            raise CommandError("Location28680", "can't take $abs of long long min")
        return whole(abs(int(value)), kind(value))
    return abs(value) if kind(value) == DOUBLE else Decimal128(CONTEXT.abs(to_decimal(value)))


def _rounded_to(name: str, double: Callable[[float], int], rounding: str) -> Callable[[Any], Any]:
    """``$ceil`` and ``$floor``."""

    def compute(value: Any) -> Any:
        number_of(name, value)
        if kind(value) == DECIMAL:  # not a number where the result has more than 34 digits
            return Decimal128(to_decimal(value).quantize(Decimal(1), rounding, CONTEXT))
        if kind(value) <= LONG or not math.isfinite(value):
            return value
        return math.copysign(double(value), value)

    return compute


def _with_place(name: str, rounding: str) -> Callable[..., Any]:
    """``$round`` and ``$trunc``, which take the number of decimal places."""

    def compute(value: Any, place: Any = 0) -> Any:
        if is_nullish(value):
            return None
        number_of(name, value, "Location51081")
        if is_nullish(place):
            return None
        places = _places(name, place)
        if kind(value) <= LONG:
            return value if places >= 0 else _whole_rounded(name, value, places, rounding)
        found = _decimal_rounded(CONTEXT.create_decimal(exact(value)), places, rounding)
        return Decimal128(found) if kind(value) == DECIMAL else float(found)

    return compute


def _places(name: str, place: Any) -> int:
    if not is_number(place):
        raise CommandError("Location16004", f"can't convert from BSON type {type_name(place)} to long")
    if kind(place) == DOUBLE and not numbers.fits_long(place):  # nor is what is not a number
        raise CommandError("Location31109", f"Can't coerce out of range value {place} to long")
    if not numbers.is_int(place):
        raise CommandError("Location51082", f"precision argument to  {name} must be a integral value")
    if not -20 <= to_int(place) <= 100:
        message = f"cannot apply {name} with precision value {place} value must be in [-20, 100]"
        raise CommandError("Location51083", message)
    return to_int(place)


def _whole_rounded(name: str, value: int, places: int, rounding: str) -> Any:
    found = int(_decimal_rounded(Decimal(value), places, rounding))
    if not numbers.fits_long(found):
        message = f"invalid conversion from Decimal128 result in {name} resulting from arguments: [{value}, {places}]"
        raise CommandError("Location51080", message)
    if kind(value) == INT and found < -(2**31):  # MongoDB answers with what is left of it in 32 bits
        raise unsupported(f"{name} of an int to less than 32 bits hold", "expression")
    return whole(found, kind(value))


def _decimal_rounded(number: Decimal, places: int, rounding: str) -> Decimal:
    """The number with so many digits after the point, as far as 34 digits reach."""
    if not number.is_finite():
        return number
    if number and number.adjusted() + places > 33:
        return numbers.padded(number)
    return number.quantize(Decimal(1).scaleb(-places), rounding, CONTEXT)


# The codes of a bound that is no number, and of one that is no 32-bit integer.
_RANGE = (
    ("starting", "Location34443", "Location34444"),
    ("ending", "Location34445", "Location34446"),
    ("step", "Location34447", "Location34448"),
)


def _range(start: Any, end: Any, step: Any = 1) -> Any:
    for (which, no_number, no_int), value in zip(_RANGE, (start, end, step), strict=True):
        if not is_number(value):
            raise CommandError(no_number, f"$range requires a numeric {which} value, found {type_name(value)}")
        if not numbers.is_int(value):
            message = f"$range requires a {which} value that can be represented as a 32-bit integer, found {value}"
            raise CommandError(no_int, message)
    if to_int(step) == 0:
        raise CommandError("Location34449", "$range requires a non-zero step value")
    found = range(to_int(start), to_int(end), to_int(step))
    check_elements("$range", (found.stop - found.start) // found.step + 3)  # MongoDB counts the end and the array
    return list(found)


def _rand(argument: Any, scope: Scope) -> Evaluate:
    if type(argument) not in (dict, list):
        raise CommandError("Location10065", f"invalid parameter: expected an object ($rand), found {argument!r}")
    if argument:
        raise CommandError("Location3040501", "$rand does not currently accept arguments")
    return _random


def _random(document: Any, variables: Any) -> float:
    if isinstance(document, Unread):
        raise LookupError  # no constant either
    return random.random()  # noqa: S311  # not for secrets: MongoDB's is none either


ROWS: dict[str, Row] = {
    "$rand": _rand,
    **rows({
        "$add": function(_add, 0, null=False, many=True),
        "$subtract": function(_subtract, 2),
        "$multiply": function(_multiply, 0, null=False, many=True),
        "$divide": function(_divide, 2),
        "$mod": function(_mod, 2),
        "$abs": function(_absolute),
        "$ceil": function(_rounded_to("$ceil", math.ceil, ROUND_CEILING)),
        "$floor": function(_rounded_to("$floor", math.floor, ROUND_FLOOR)),
        "$round": function(_with_place("$round", ROUND_HALF_EVEN), 1, 2, null=False),
        "$trunc": function(_with_place("$trunc", ROUND_DOWN), 1, 2, null=False),
        "$range": function(_range, 2, 3, null=False),
    }),
}  # fmt: skip
