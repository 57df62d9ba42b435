"""Sums and means with the digits MongoDB gives them.

Integers and doubles go to a pair of doubles: the rounded sum, and what rounding lost. The sum is not rounded anew when
the loss has grown, so a double is the first of the pair and an integer both. Decimals are added apart.
https://hal-ens-lyon.archives-ouvertes.fr/ensl-01310023
"""

import math
from decimal import Decimal
from typing import Any, Final

from bson import Decimal128

from .numbers import CONTEXT, DECIMAL, DOUBLE, INT, LONG, fits_long, kind, whole
from .values import decimal_of, is_number

_EXACT: Final = 2**52
"""Up to here integers make no loss, so they are added as one."""


class Total:
    """The sum of all numbers."""

    def __init__(self) -> None:
        self.count = 0
        self.kind = INT
        self._whole = 0
        self._paired = False
        self._high = self._low = self._plain = 0.0
        self._decimal = Decimal(0)

    def add(self, value: Any) -> None:
        if not is_number(value):
            return
        self.count += 1
        found = kind(value)
        if found > self.kind:
            self.kind = found
        if found == DECIMAL:
            self._decimal = CONTEXT.add(self._decimal, decimal_of(value))
        elif found == DOUBLE:
            self._pair()
            self._add(value)
        else:
            self._add_whole(value, found)

    def _add_whole(self, value: int, found: int) -> None:
        if not self._paired:
            total = self._whole + value
            if -_EXACT <= total <= _EXACT:
                self._whole = total
                return
            self._pair()
        if found == LONG:
            high = value >> 32 << 32 if value >= 0 else -(-value >> 32 << 32)
            self._add(float(value - high))
            self._add(float(high))
        else:
            self._add(float(value))

    def _pair(self) -> None:
        if not self._paired:
            self._paired = True
            self._high = self._plain = float(self._whole)

    def _add(self, value: float) -> None:
        self._plain += value
        part = value + self._low
        low = self._low - (part - value)
        total = self._high + part
        before = total - part
        self._low = low + ((self._high - before) + (part - (total - before)))
        self._high = total

    def result(self) -> Any:
        if self.kind == DECIMAL:
            return Decimal128(self._as_decimal())
        if self.kind == DOUBLE:
            return self._as_double()
        total = int(self._high) + int(self._low) if self._paired else self._whole
        return whole(total, self.kind) if fits_long(total) else self._high

    def _as_double(self) -> float:
        if not self._paired:
            return float(self._whole)
        return self._plain if math.isnan(self._high) else self._high

    def _as_decimal(self) -> Decimal:
        if not self._paired:
            return CONTEXT.add(self._decimal, Decimal(self._whole))
        if not math.isfinite(self._high):
            return CONTEXT.add(self._decimal, CONTEXT.create_decimal(self._plain))
        pair = CONTEXT.add(CONTEXT.create_decimal(self._high), CONTEXT.create_decimal(self._low))
        return CONTEXT.add(self._decimal, pair)


class ConstantTotal:
    """The sum of one number, once for each document: a double is added as it is."""

    def __init__(self) -> None:
        self._count, self._value, self._sum = 0, 0, 0.0

    def add(self, value: Any) -> None:
        self._count += 1
        self._value = value
        self._sum += value

    def result(self) -> Any:
        if type(self._value) is float:
            return self._sum
        total = int(self._value) * self._count
        return whole(total, kind(self._value)) if fits_long(total) else self._sum


class Mean(Total):
    """None without a number."""

    def result(self) -> Any:
        if not self.count:
            return None
        if self.kind == DECIMAL:
            return Decimal128(CONTEXT.divide(self._as_decimal(), Decimal(self.count)))
        return self._dividend() / self.count

    def _dividend(self) -> float:
        return self._as_double()


class MeanOfLeading(Mean):
    """That of MongoDB's engine for groups, which divides the result of the sum: integers have lost nothing."""

    def _dividend(self) -> float:
        return float(Total.result(self))
