"""Numbers: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#arithmetic-expression-operators"""

import math
import random
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from functools import reduce
from typing import Any

from bson import Decimal128
from bson.datetime_ms import DatetimeMS

from .. import numbers
from ..dates import date_of
from ..errors import CommandError, mismatch, unparsable, unsupported
from ..evaluation import Evaluate, Row, Scope, function, is_nullish, rows
from ..limits import check_elements
from ..numbers import CONTEXT, DECIMAL, DOUBLE, INT, LONG, kind, to_decimal, to_double, to_int, whole
from ..values import exact, is_nan, is_number, milliseconds, type_name


def _number(name: str, value: Any, code: str = "Location28765") -> Any:
    if not is_number(value):
        raise CommandError(code, f"{name} only supports numeric types, not {type_name(value)}")
    return value


def _is_date(value: Any) -> bool:
    return isinstance(value, datetime | DatetimeMS)


def _add(*values: Any) -> Any:
    if any(map(is_nullish, values)):
        return None
    dates = [value for value in values if _is_date(value)]
    if len(dates) > 1:
        raise CommandError("Location16612", "only one date allowed in an $add expression")
    for value in values:
        if not is_number(value) and not _is_date(value):
            raise mismatch(f"$add only supports numeric or date types, not {type_name(value)}")
    total = reduce(numbers.add, [value for value in values if not _is_date(value)], 0)
    return date_of(milliseconds(dates[0]) + _whole_milliseconds(total)) if dates else total


def _whole_milliseconds(value: Any) -> int:
    if is_nan(value) or not numbers.fits_long(exact(value)):
        raise CommandError("Overflow", "date overflow")
    return round(exact(value))


def _subtract(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return numbers.subtract(left, right)
    if _is_date(left) and _is_date(right):
        return whole(milliseconds(left) - milliseconds(right), LONG)
    if _is_date(left) and is_number(right):
        return date_of(milliseconds(left) - _whole_milliseconds(right))
    raise mismatch(f"can't $subtract {type_name(right)} from {type_name(left)}")


def _multiply(*values: Any) -> Any:
    if any(map(is_nullish, values)):
        return None
    for value in values:
        if not is_number(value):
            raise mismatch(f"$multiply only supports numeric types, not {type_name(value)}")
    return reduce(numbers.multiply, values, 1)


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
        raise CommandError("Location16610", "can't $mod by zero")
    return numbers.remainder(left, right)


def _absolute(value: Any) -> Any:
    _number("$abs", value)
    if kind(value) <= LONG:
        if value == -(2**63):
            raise CommandError("Location28680", "can't take $abs of long long min")
        return whole(abs(int(value)), kind(value))
    return abs(value) if kind(value) == DOUBLE else Decimal128(CONTEXT.abs(to_decimal(value)))


def _rounded_to(name: str, mode: str) -> Callable[[Any], Any]:
    """``$ceil`` and ``$floor``."""

    def compute(value: Any) -> Any:
        _number(name, value)
        return value if kind(value) <= LONG else _quantized(value, 0, mode)

    return compute


def _quantized(value: Any, place: int, mode: str) -> Any:
    """The number with ``place`` digits after the point, of its own type."""
    number = value.to_decimal() if type(value) is Decimal128 else Decimal(value)
    if not number.is_finite() or (type(value) is float and place > 324):
        return value
    context = CONTEXT.copy()
    context.prec = 800  # a double's digits before the point, and 100 after it
    found = number.quantize(Decimal(1).scaleb(-place), rounding=mode, context=context)
    if type(value) is Decimal128:
        return numbers.from_decimal(found)
    if type(value) is float:
        return math.copysign(float(found), value)
    return whole(int(found), kind(value))


def _with_place(name: str, mode: str) -> Callable[..., Any]:
    """``$round`` and ``$trunc``, which take the number of decimal places."""

    def compute(value: Any, place: Any = 0) -> Any:
        _number(name, value, "Location51081")
        if not is_number(place) or not numbers.is_whole(place):
            raise CommandError("Location51082", f"precision argument to  {name} must be an integral value")
        if not -20 <= to_int(place) <= 100:
            message = f"cannot apply {name} with precision value {place} value must be in [-20, 100]"
            raise CommandError("Location51083", message)
        if kind(value) <= LONG and to_int(place) >= 0:
            return value
        return _quantized(value, to_int(place), mode)

    return compute


def _real(name: str, double: Callable[[float], float], decimal: Callable[[Decimal], Decimal]) -> Callable[[Any], Any]:
    def compute(value: Any) -> Any:
        _number(name, value)
        if kind(value) == DECIMAL:
            return Decimal128(decimal(value.to_decimal()))
        try:
            return double(float(value))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return compute


def _positive(name: str, code: str, compute: Callable[[Any], Any], *, zero: bool = False) -> Callable[[Any], Any]:
    """Refuse negative numbers, and zero unless it is allowed."""

    def checked(value: Any) -> Any:
        _number(name, value)
        if not is_nan(value) and (exact(value) < 0 or (exact(value) == 0 and not zero)):
            wanted = "greater than or equal to 0" if zero else "a positive number"
            raise CommandError(code, f"{name}'s argument must be {wanted}, but is {exact(value)}")
        return compute(value)

    return checked


def _power(base: Any, exponent: Any) -> Any:
    _number("$pow's base", base, "Location28762")
    _number("$pow's exponent", exponent, "Location28763")
    if exact(base) == 0 and not is_nan(exponent) and exact(exponent) < 0:
        raise CommandError("Location28764", "$pow cannot take a base of 0 and a negative exponent")
    wanted = max(kind(base), kind(exponent))
    if wanted == DECIMAL:
        return Decimal128(CONTEXT.power(to_decimal(base), to_decimal(exponent)))
    if wanted <= LONG and exponent >= 0 and (abs(base) <= 1 or exponent <= 63):
        return whole(int(base) ** int(exponent), wanted)
    return _power_of_doubles(float(base), float(exponent), wanted)


def _power_of_doubles(base: float, exponent: float, wanted: int) -> Any:
    try:
        found = math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        return math.nan
    return whole(int(found), wanted) if wanted <= LONG and abs(base) == 1 else found


def _log(value: Any, base: Any) -> Any:
    _number("$log's argument", value, "Location28756")
    _number("$log's base", base, "Location28757")
    if not is_nan(value) and exact(value) <= 0:
        raise CommandError("Location28758", f"$log's argument must be a positive number, but is {exact(value)}")
    if not is_nan(base) and (exact(base) <= 0 or exact(base) == 1):
        raise CommandError(
            "Location28759", f"$log's base must be a positive number not equal to 1, but is {exact(base)}"
        )
    if DECIMAL in (kind(value), kind(base)):
        return Decimal128(CONTEXT.divide(CONTEXT.ln(to_decimal(value)), CONTEXT.ln(to_decimal(base))))
    return math.log(to_double(value)) / math.log(to_double(base))


def _range(start: Any, end: Any, step: Any = 1) -> Any:
    for number in (start, end, step):
        if not is_number(number) or not numbers.is_whole(number) or kind(whole(to_int(number), INT)) != INT:
            raise CommandError("Location34444", f"$range requires 32-bit integers, found: {number!r}")
    if to_int(step) == 0:
        raise CommandError("Location34449", "$range requires a non-zero step value")
    numbers_between = range(to_int(start), to_int(end), to_int(step))
    check_elements("$range", len(numbers_between))
    return list(numbers_between)


def _rand(argument: Any, scope: Scope) -> Evaluate:
    if argument not in ({}, []):
        raise unparsable("$rand does not currently accept arguments")
    return lambda document, variables: random.random()  # noqa: S311  # not for secrets: MongoDB's is none either


def _trigonometric(name: str, double: Callable[[float], float]) -> Callable[[Any], Any]:
    def compute(value: Any) -> Any:
        _number(name, value)
        if kind(value) == DECIMAL:
            raise unsupported(f"{name} of a decimal", "expression")
        try:
            return double(float(value))
        except ValueError:
            raise CommandError("Location50989", f"cannot apply {name} to {value}") from None

    return compute


ROWS: dict[str, Row] = {
    "$rand": _rand,
    **rows({
        "$add": function(_add, 0, null=False, many=True),
        "$subtract": function(_subtract, 2),
        "$multiply": function(_multiply, 0, null=False, many=True),
        "$divide": function(_divide, 2),
        "$mod": function(_mod, 2),
        "$abs": function(_absolute),
        "$ceil": function(_rounded_to("$ceil", ROUND_CEILING)),
        "$floor": function(_rounded_to("$floor", ROUND_FLOOR)),
        "$round": function(_with_place("$round", ROUND_HALF_EVEN), 1, 2),
        "$trunc": function(_with_place("$trunc", ROUND_DOWN), 1, 2),
        "$exp": function(_real("$exp", math.exp, CONTEXT.exp)),
        "$ln": function(_positive("$ln", "Location28766", _real("$ln", math.log, CONTEXT.ln))),
        "$log10": function(_positive("$log10", "Location28761", _real("$log10", math.log10, CONTEXT.log10))),
        "$log": function(_log, 2),
        "$sqrt": function(_positive("$sqrt", "Location28714", _real("$sqrt", math.sqrt, CONTEXT.sqrt), zero=True)),
        "$pow": function(_power, 2),
        "$range": function(_range, 2, 3, null=False),
        "$sin": function(_trigonometric("$sin", math.sin)),
        "$cos": function(_trigonometric("$cos", math.cos)),
        "$tan": function(_trigonometric("$tan", math.tan)),
        "$degreesToRadians": function(_trigonometric("$degreesToRadians", math.radians)),
        "$radiansToDegrees": function(_trigonometric("$radiansToDegrees", math.degrees)),
    }),
}  # fmt: skip
