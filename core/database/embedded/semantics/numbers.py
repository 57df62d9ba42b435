"""Arithmetic that keeps BSON's number types: int, long, double and decimal, the wider of two wins.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/add/
"""

import math
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any, Final

from bson import Decimal128, Int64
from bson.decimal128 import create_decimal128_context

from .values import decimal_of, exact, is_nan

INT, LONG, DOUBLE, DECIMAL = range(4)
CONTEXT: Final = create_decimal128_context()
# As many digits as lie between the largest and the smallest decimal.
_EXACT: Final = Context(prec=12_400, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_FULL_PRECISION: Final = Decimal("0E-6176")


def kind(number: Any) -> int:
    """Which of the four types a number has."""
    found = type(number)
    if found is int:
        return INT if -(2**31) <= number < 2**31 else LONG
    return LONG if found is Int64 else DOUBLE if found is float else DECIMAL


def whole(number: int, wanted: int) -> Any:
    """An integer as int or long: at least as wide as ``wanted``, a double when it does not fit in 64 bits."""
    if wanted == INT and -(2**31) <= number < 2**31:
        return number
    return Int64(number) if fits_long(number) else float(number)


def narrowed(number: Any, widest: int) -> Any:
    """A result of several steps: an int again where all numbers were ints, though a step went beyond."""
    return whole(int(number), INT) if widest == INT and kind(number) == LONG else number


def fits_long(number: Any) -> bool:
    return -(2**63) <= number < 2**63


def to_decimal(number: Any) -> Decimal:
    """A double keeps 15 significant digits, as MongoDB converts it."""
    if type(number) is Decimal128:
        return decimal_of(number)
    if type(number) is float:
        return Decimal(f"{number:.14e}") if math.isfinite(number) and number else Decimal(number)
    return Decimal(number)


def from_decimal(number: Decimal) -> Decimal128:
    """The nearest decimal of 34 digits."""
    return Decimal128(CONTEXT.create_decimal(number))


def padded(number: Decimal) -> Decimal:
    """The number with all its 34 digits written out."""
    return CONTEXT.add(number, _FULL_PRECISION)


def to_double(number: Any) -> float:
    if type(number) is Decimal128:
        return float(decimal_of(number))
    return float(number)


def combine(
    left: Any,
    right: Any,
    integers: Callable[[int, int], int],
    doubles: Callable[[float, float], float],
    decimals: Callable[[Decimal, Decimal], Decimal],
) -> Any:
    """Apply the function of the wider type."""
    wanted = max(kind(left), kind(right))
    if wanted <= LONG:
        found = integers(int(left), int(right))
        return whole(found, wanted) if fits_long(found) else doubles(float(left), float(right))
    if wanted == DOUBLE:
        return doubles(float(left), float(right))
    return Decimal128(decimals(to_decimal(left), to_decimal(right)))


def add(left: Any, right: Any) -> Any:
    return combine(left, right, int.__add__, float.__add__, CONTEXT.add)


def subtract(left: Any, right: Any) -> Any:
    return combine(left, right, int.__sub__, float.__sub__, CONTEXT.subtract)


def multiply(left: Any, right: Any) -> Any:
    return combine(left, right, int.__mul__, _multiply_doubles, CONTEXT.multiply)


def _multiply_doubles(left: float, right: float) -> float:
    return left * right


def remainder(left: Any, right: Any) -> Any:
    """The remainder of a division towards zero; ``right`` is not zero."""
    return combine(left, right, _remainder, _remainder_of_doubles, _EXACT.remainder)


def _remainder(left: int, right: int) -> int:
    found = abs(left) % abs(right)
    return found if left >= 0 else -found


def _remainder_of_doubles(left: float, right: float) -> float:
    return math.fmod(left, right) if math.isfinite(left) else math.nan


def is_whole(number: Any) -> bool:
    """A number of any type without a fraction."""
    if is_nan(number):
        return False
    value = exact(number)
    if isinstance(value, int):
        return True
    infinite = value.is_infinite() if isinstance(value, Decimal) else math.isinf(value)
    return not infinite and value == int(value)


def is_int(number: Any) -> bool:
    """A whole number of any type within 32 bits."""
    return is_whole(number) and kind(to_int(number)) == INT


def to_int(number: Any) -> int:
    """A finite number, cut towards zero."""
    return int(exact(number))


def to_long(number: Any) -> int:
    """As MongoDB reads a number option: doubles cut towards zero, decimals rounded half to even, clamped to 64 bits."""
    if is_nan(number):
        return 0
    value = exact(number)
    if not -(2.0**63) < value < 2.0**63:
        return 2**63 - 1 if value > 0 else -(2**63)
    return round(value) if isinstance(value, Decimal) else int(value)
