"""Numbers of 113 binary digits, in which MongoDB's decimal library computes logarithms and powers.

Each step is rounded as that library rounds it, for the decimals that come out to have MongoDB's digits.
https://en.wikipedia.org/wiki/Quadruple-precision_floating-point_format
"""

from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Final, NamedTuple

from .numbers import CONTEXT

PRECISE: Final = Context(prec=100, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""Digits enough for a function's value to be the exact one as far as its rounding can see."""
_DIGITS = 113
_ALIGNED = 128
"""Binary digits in which two numbers are added; what lies beyond is cut."""


class Quadruple(NamedTuple):
    """``whole`` times the power of two."""

    whole: int
    exponent: int

    def __neg__(self) -> "Quadruple":
        return Quadruple(-self.whole, self.exponent)

    def top(self) -> int:
        """The place of the leading digit, plus one."""
        return self.whole.bit_length() + self.exponent


def _half_up(whole: int, extra: int) -> int:
    return (whole + (1 << extra - 1)) >> extra


def _half_even(whole: int, extra: int) -> int:
    found = _half_up(whole, extra)
    tied = whole & ((1 << extra) - 1) == 1 << extra - 1
    return found & ~1 if tied else found


def _cut(whole: int, extra: int) -> int:
    return whole >> extra


Rounding = Callable[[int, int], int]
"""A whole number above zero without its last binary digits."""


def _rounded(whole: int, exponent: int, rounding: Rounding = _half_up) -> Quadruple:
    extra = whole.bit_length() - _DIGITS
    if extra <= 0:
        return Quadruple(whole, exponent)
    found = rounding(abs(whole), extra)
    return Quadruple(found if whole > 0 else -found, exponent + extra)


def _ratio(numerator: int, denominator: int, rounding: Rounding = _half_up) -> Quadruple:
    shift = _DIGITS + 2 + denominator.bit_length() - numerator.bit_length()
    quotient, rest = divmod(abs(numerator) << max(shift, 0), denominator << max(-shift, 0))
    whole = quotient << 1 | (rest > 0)
    return _rounded(whole if numerator > 0 else -whole, -shift - 1, rounding)


def _fraction(number: Decimal) -> tuple[int, int]:
    exponent = number.adjusted() + 1 - len(number.as_tuple().digits)
    whole = int(PRECISE.scaleb(number, -exponent))
    return whole * 10 ** max(exponent, 0), 10 ** max(-exponent, 0)


def from_decimal(number: Decimal) -> Quadruple:
    return _ratio(*_fraction(number), _half_even)


def split(number: Decimal) -> tuple[Quadruple, Quadruple]:
    """The number cut to 113 digits, and what was cut off."""
    numerator, denominator = _fraction(number)
    high = _ratio(numerator, denominator, _cut)
    scale = max(-high.exponent, 0)
    rest = (numerator << scale) - (high.whole << max(high.exponent, 0)) * denominator
    return high, _ratio(rest, denominator << scale, _cut)


def to_decimal(number: Quadruple, context: Context = CONTEXT) -> Decimal:
    return context.divide(Decimal(number.whole << max(number.exponent, 0)), Decimal(1 << max(-number.exponent, 0)))


def add(left: Quadruple, right: Quadruple) -> Quadruple:
    if not left.whole or not right.whole:
        return left if left.whole else right
    larger, smaller = (left, right) if left.top() >= right.top() else (right, left)
    extra = max(0, larger.top() - _ALIGNED - smaller.exponent)
    cut = abs(smaller.whole) >> extra << extra
    exponent = min(larger.exponent, smaller.exponent)
    total = larger.whole << larger.exponent - exponent
    total += (cut if smaller.whole > 0 else -cut) << smaller.exponent - exponent
    return _rounded(total, exponent)


def multiply(left: Quadruple, right: Quadruple) -> Quadruple:
    return _rounded(left.whole * right.whole, left.exponent + right.exponent)


def divide(left: Quadruple, right: Quadruple) -> Quadruple:
    sign = -1 if right.whole < 0 else 1
    found = _ratio(sign * left.whole, abs(right.whole))
    return Quadruple(found.whole, found.exponent + left.exponent - right.exponent)


def apply(function: Callable[[Decimal], Decimal], number: Quadruple) -> Quadruple:
    """The function's value; ``function`` computes with ``PRECISE``."""
    return _ratio(*_fraction(function(to_decimal(number, PRECISE))))
