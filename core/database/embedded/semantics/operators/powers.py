"""Powers, logarithms and angles: https://www.mongodb.com/docs/manual/reference/operator/aggregation/exp/"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from bson import Decimal128

from ..errors import CommandError, unsupported
from ..evaluation import Row, function, rows
from ..numbers import CONTEXT, DECIMAL, LONG, fits_long, kind, to_decimal, whole
from .arithmetic import number_of

DoubleFunction = Callable[[float], float]

_PI: Final = Decimal("3.141592653589793238462643383279503")
_HALF_TURN = Decimal(180)


def _double(compute: DoubleFunction, value: float) -> float:
    """As C computes: infinite where the result is too large, no number where there is none."""
    try:
        return compute(value)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _refuse_decimals(name: str, *values: Any) -> None:
    """MongoDB's decimal library rounds these steps in binary: its 34th digit is not always that of the exact value."""
    if any(kind(value) == DECIMAL for value in values):
        raise unsupported(f"{name} of a decimal", "expression")


def _exponential(value: Any) -> Any:
    number_of("$exp", value)
    _refuse_decimals("$exp", value)
    return _double(math.exp, float(value))


def _logarithm(name: str, code: str, compute: DoubleFunction) -> Callable[[Any], Any]:
    def logarithm(value: Any) -> Any:
        number_of(name, value)
        _refuse_decimals(name, value)
        if value <= 0:
            raise CommandError(code, f"{name}'s argument must be a positive number, but is {value}")
        return compute(float(value))

    return logarithm


def _log(value: Any, base: Any) -> Any:
    for what, number, code in (("argument", value, "Location28756"), ("base", base, "Location28757")):
        number_of(f"$log's {what}", number, code)
    _refuse_decimals("$log", value, base)
    if value <= 0:
        raise CommandError("Location28758", f"$log's argument must be a positive number, but is {value}")
    if base <= 0 or base == 1:
        raise CommandError("Location28759", f"$log's base must be a positive number not equal to 1, but is {base}")
    return math.log(value) / math.log(base)


def _square_root(value: Any) -> Any:
    number_of("$sqrt", value)
    number = to_decimal(value) if kind(value) == DECIMAL else float(value)
    if number == number and number < 0:
        raise CommandError("Location28714", "$sqrt's argument must be greater than or equal to 0")
    return Decimal128(CONTEXT.sqrt(number)) if isinstance(number, Decimal) else math.sqrt(number)


def _power(base: Any, exponent: Any) -> Any:
    number_of("$pow's base", base, "Location28762")
    number_of("$pow's exponent", exponent, "Location28763")
    _refuse_decimals("$pow", base, exponent)
    if base == 0 and exponent < 0:
        raise CommandError("Location28764", "$pow cannot take a base of 0 and a negative exponent")
    wanted = max(kind(base), kind(exponent))
    found = _whole_power(int(base), int(exponent)) if wanted <= LONG else None
    return _power_of_doubles(float(base), float(exponent)) if found is None else whole(found, wanted)


def _whole_power(base: int, exponent: int) -> int | None:
    """None where it is no whole number of 64 bits."""
    if base in (-1, 1):
        return base if exponent % 2 else 1
    if base == 0:
        return 0 if exponent else 1
    found = base**exponent if 0 <= exponent <= 63 else None
    return found if found is not None and fits_long(found) else None


def _power_of_doubles(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        return math.nan


def _trigonometric(name: str, double: DoubleFunction) -> Callable[[Any], Any]:
    def compute(value: Any) -> Any:
        number_of(name, value)
        _refuse_decimals(name, value)
        try:
            return double(float(value))
        except ValueError:
            raise CommandError("Location50989", f"cannot apply {name} to {value}") from None

    return compute


def _angle(name: str, double: DoubleFunction, factor: Decimal) -> Callable[[Any], Any]:
    def compute(value: Any) -> Any:
        number_of(name, value)
        if kind(value) == DECIMAL:
            return Decimal128(CONTEXT.multiply(to_decimal(value), factor))
        return double(float(value))

    return compute


ROWS: dict[str, Row] = rows({
    "$exp": function(_exponential),
    "$ln": function(_logarithm("$ln", "Location28766", math.log)),
    "$log10": function(_logarithm("$log10", "Location28761", math.log10)),
    "$log": function(_log, 2),
    "$sqrt": function(_square_root),
    "$pow": function(_power, 2),
    "$sin": function(_trigonometric("$sin", math.sin)),
    "$cos": function(_trigonometric("$cos", math.cos)),
    "$tan": function(_trigonometric("$tan", math.tan)),
    "$degreesToRadians": function(_angle("$degreesToRadians", math.radians, CONTEXT.divide(_PI, _HALF_TURN))),
    "$radiansToDegrees": function(_angle("$radiansToDegrees", math.degrees, CONTEXT.divide(_HALF_TURN, _PI))),
})  # fmt: skip
