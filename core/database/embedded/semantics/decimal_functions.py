"""Logarithms and powers of decimals with the digits MongoDB gives them: step by step as in its library.

The library is Intel's (https://www.netlib.org/misc/intel/). It computes with the 113 binary digits of ``quadruple``, so
the last of 34 digits is often not that of the nearest decimal. In about one of 10,000 results it is another one here,
where the library's own logarithm or exponential misses the nearest number of 113 digits.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from . import quadruple
from .numbers import CONTEXT, padded
from .quadruple import PRECISE, Quadruple, from_decimal

_ONE, _ZERO, _INFINITY, _NAN = Decimal(1), Decimal(0), Decimal("Infinity"), Decimal("NaN")
_UNDERFLOW: Final = Decimal("0E-6176")

_LARGE, _SMALL, _SHIFT = Decimal("1E+4464"), Decimal("1E-4464"), 4464
"""Beyond these a number does not fit in a quadruple."""
_LN_10: Final = PRECISE.ln(Decimal(10))
_LN_LARGE: Final = from_decimal(PRECISE.multiply(_LN_10, Decimal(_SHIFT)))
_LOG10_E: Final = from_decimal(PRECISE.divide(_ONE, _LN_10))


def ln(number: Decimal) -> Decimal:
    """Of a number above zero."""
    if number.is_infinite():
        return number
    found, power = _ln(number)
    return quadruple.to_decimal(quadruple.add(found, _times(power, _LN_LARGE)))


def log10(number: Decimal) -> Decimal:
    """Of a number above zero."""
    if number.is_infinite():
        return number
    found, power = _ln(number)
    found = quadruple.multiply(found, _LOG10_E)
    return quadruple.to_decimal(quadruple.add(found, Quadruple(power * _SHIFT, 0)))


def _times(sign: int, number: Quadruple) -> Quadruple:
    return Quadruple(sign * number.whole, number.exponent)


def _ln(number: Decimal) -> tuple[Quadruple, int]:
    """The logarithm, without that of so many powers of ``_LARGE``."""
    if number > _LARGE:
        return _ln_of(from_decimal(CONTEXT.multiply(number, _SMALL))), 1
    if number < _SMALL:
        return _ln_of(from_decimal(CONTEXT.multiply(number, _LARGE))), -1
    near = from_decimal(number)
    found, beyond_one = _ln_of(near), quadruple.add(near, Quadruple(-1, 0))
    if beyond_one.top() >= 0:
        return found, 0
    lost = quadruple.add(beyond_one, -from_decimal(CONTEXT.subtract(number, _ONE)))
    return quadruple.add(found, -quadruple.divide(lost, near)), 0


def _ln_of(number: Quadruple) -> Quadruple:
    return quadruple.apply(PRECISE.ln, number)


def _exponential(
    limit: int, base: Callable[[Decimal], Decimal], slope: Quadruple, large: str, small: str
) -> Callable[[Decimal], Decimal]:
    """The powers of a base: ``slope`` is its logarithm, ``large`` and ``small`` are the powers of ±11,000."""

    def compute(number: Decimal) -> Decimal:
        special = _special_power(number, limit)
        if special is not None:
            return special
        sign = 1 if number > 0 else -1
        high, low = quadruple.split(number)
        beyond = quadruple.add(high, Quadruple(sign * -11_000, 0))
        far = sign * beyond.whole > 0
        found = quadruple.apply(base, beyond if far else high)
        found = quadruple.add(found, quadruple.multiply(quadruple.multiply(found, slope), low))
        nearest = quadruple.to_decimal(found)
        return CONTEXT.multiply(nearest, Decimal(large if sign > 0 else small)) if far else nearest

    return compute


def _special_power(exponent: Decimal, limit: int) -> Decimal | None:
    """That of an exponent which is not a number, infinite, zero or beyond the limit."""
    if exponent.is_nan():
        return _NAN
    if exponent.is_infinite():
        return _INFINITY if exponent > 0 else _ZERO
    if not exponent:
        return _ONE
    if exponent.copy_abs() > limit:
        return _INFINITY if exponent > 0 else _UNDERFLOW
    return None


exp: Final = _exponential(
    15_000, PRECISE.exp, Quadruple(1, 0),
    "1.735005819277738509638425077349642E+4777", "5.763669429168183696272822960961269E-4778",
)  # fmt: skip
_power_of_two: Final = _exponential(
    25_000, lambda number: PRECISE.power(2, number), from_decimal(PRECISE.ln(Decimal(2))),
    "2.137727301617594663994741880109512E+3311", "4.677865129211340627076550713009785E-3312",
)  # fmt: skip


def _power_of_ten(exponent: Decimal) -> Decimal:
    special = _special_power(exponent, 6_400)
    if special is not None:
        return special
    whole = exponent.to_integral_value()
    part = from_decimal(CONTEXT.subtract(exponent, whole))
    found = quadruple.to_decimal(quadruple.apply(lambda number: PRECISE.power(10, number), part))
    return CONTEXT.multiply(found, PRECISE.scaleb(_ONE, int(whole)))


_POWERS: Final = {Decimal(2): _power_of_two, Decimal(10): _power_of_ten}


def power(base: Decimal, exponent: Decimal) -> Decimal:
    """``base`` is not zero where ``exponent`` is below."""
    return padded(_POWERS[base](exponent) if base in _POWERS else _power(base, exponent))


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    if not exponent or base == 1:
        return _ONE
    if base.is_nan() or exponent.is_nan():
        return _NAN
    if exponent.is_infinite():
        return _infinite_power(base.copy_abs(), exponent)
    whole = exponent == exponent.to_integral_value()
    negative = base < 0 and whole and exponent.adjusted() < 34 and int(exponent) % 2 == 1
    if not base or base.is_infinite():
        found = _ZERO if (not base) == (exponent > 0) else _INFINITY
        return found.copy_negate() if negative else found
    if base < 0 and not whole:
        return _NAN
    return _power_by_logarithm(base.copy_abs(), exponent, negative=negative)


def _infinite_power(base: Decimal, exponent: Decimal) -> Decimal:
    if base == 1:
        return _ONE
    return _INFINITY if (base > 1) == (exponent > 0) else _ZERO


def _power_by_logarithm(base: Decimal, exponent: Decimal, *, negative: bool) -> Decimal:
    high, low = _parts_of_ln(base)
    product = CONTEXT.multiply(exponent, high)
    lost = CONTEXT.fma(exponent, high, product.copy_negate())
    found = exp(product)
    if not found or found.is_infinite():
        return found  # without the sign, as MongoDB gives it
    found = CONTEXT.fma(found, CONTEXT.fma(exponent, low, lost), found)
    return found.copy_negate() if negative else found


def _parts_of_ln(number: Decimal) -> tuple[Decimal, Decimal]:
    """28 digits after the point and 19 more; very near to one the first terms of the series."""
    found = int(PRECISE.scaleb(PRECISE.ln(number), 47))
    if abs(found) < 2**65 * 10**19:
        return _first_terms(CONTEXT.subtract(number, _ONE))
    high, low = divmod(abs(found), 10**19)
    sign = -1 if found < 0 else 1
    return PRECISE.scaleb(sign * high, -28), PRECISE.scaleb(sign * low, -47)


_SERIES: Final = (Decimal("-0.5"), Decimal("0.3333333333333333333333333333333333"), Decimal("-0.25"))


def _first_terms(distance: Decimal) -> tuple[Decimal, Decimal]:
    total, term = _ZERO, distance
    for factor in _SERIES:
        term = CONTEXT.multiply(distance, term)
        total = CONTEXT.add(total, CONTEXT.multiply(factor, term))
    high = CONTEXT.add(distance, total)
    return high, CONTEXT.subtract(CONTEXT.subtract(high, distance), total)
