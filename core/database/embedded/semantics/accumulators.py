"""What a group or an array adds up to: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#accumulators

An accumulator takes values one by one and gives its result at the end.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from bson import Decimal128

from .errors import CommandError
from .evaluation import is_nullish
from .numbers import CONTEXT, DECIMAL, DOUBLE, INT, LONG, kind, to_double, whole
from .operators.objects import merged
from .values import MISSING, is_number, type_name

Key = Callable[[Any], bytes]


class Accumulator(Protocol):
    def add(self, value: Any) -> None: ...

    def result(self) -> Any: ...


class Total:
    """The sum of all numbers; integers add exactly, doubles with the rounding error carried along."""

    def __init__(self) -> None:
        self.count = 0
        self._kind = INT
        self._whole = 0
        self._high = self._low = 0.0
        self._decimal = Decimal(0)

    def add(self, value: Any) -> None:
        if not is_number(value):
            return
        self.count += 1
        found = kind(value)
        self._kind = max(self._kind, found)
        if found == DOUBLE:
            self._add_double(value)
        elif found == DECIMAL:
            self._decimal = CONTEXT.add(self._decimal, value.to_decimal())
        else:
            self._whole += value

    def _add_double(self, value: float) -> None:
        """Knuth's two-sum: ``high`` is the rounded sum, ``low`` what rounding lost."""
        total = self._high + value
        part = total - self._high
        if math.isfinite(total):
            self._low += (self._high - (total - part)) + (value - part)
        self._high = total

    def result(self) -> Any:
        if self._kind == DECIMAL:
            return Decimal128(self._as_decimal())
        if self._kind == DOUBLE:
            return self._as_double()
        return whole(self._whole, self._kind)

    def mean(self) -> Any:
        """None without a number."""
        if not self.count:
            return None
        if self._kind == DECIMAL:
            return Decimal128(CONTEXT.divide(self._as_decimal(), Decimal(self.count)))
        return self._as_double() / self.count

    def _as_double(self) -> float:
        if not math.isfinite(self._high):
            return self._high
        return math.fsum((float(self._whole), self._high, self._low))

    def _as_decimal(self) -> Decimal:
        parts = (Decimal(self._whole), Decimal(self._high), Decimal(self._low))
        found = self._decimal
        for part in parts:
            found = CONTEXT.add(found, part)
        return found


class Mean(Total):
    def result(self) -> Any:
        return self.mean()


class MeanOfArguments(Mean):
    """That of the expression ``$avg``: a long counts as the double it is nearest to."""

    def add(self, value: Any) -> None:
        super().add(float(value) if is_number(value) and kind(value) == LONG else value)


class Count:
    def __init__(self) -> None:
        self._count = 0

    def add(self, value: Any) -> None:
        self._count += 1

    def result(self) -> Any:
        return whole(self._count, INT)


class Extreme:
    """The least or the greatest value; null and missing ones do not count."""

    def __init__(self, key: Key, *, greatest: bool) -> None:
        self._key, self._greatest = key, greatest
        self._found: Any = None
        self._found_key: bytes | None = None

    def add(self, value: Any) -> None:
        if is_nullish(value):
            return
        key = self._key(value)
        known = self._found_key
        if known is None or (key > known if self._greatest else key < known):
            self._found, self._found_key = value, key

    def result(self) -> Any:
        return self._found


class First:
    def __init__(self) -> None:
        self._found: Any = None
        self._empty = True

    def add(self, value: Any) -> None:
        if self._empty:
            self._found, self._empty = value, False

    def result(self) -> Any:
        return None if self._found is MISSING else self._found


class Last:
    def __init__(self) -> None:
        self._found: Any = None

    def add(self, value: Any) -> None:
        self._found = value

    def result(self) -> Any:
        return None if self._found is MISSING else self._found


class Pushed:
    def __init__(self) -> None:
        self._found: list[Any] = []

    def add(self, value: Any) -> None:
        if value is not MISSING:
            self._found.append(value)

    def result(self) -> Any:
        return self._found


class Distinct:
    """The distinct values, in the order of their first appearance (MongoDB leaves the order open)."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._found: dict[bytes, Any] = {}

    def add(self, value: Any) -> None:
        if value is not MISSING:
            self._found.setdefault(self._key(value), value)

    def result(self) -> Any:
        return list(self._found.values())


class Merged:
    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def add(self, value: Any) -> None:
        self._found = merged([self._found, value])

    def result(self) -> Any:
        return self._found


class Deviation:
    """The standard deviation of the numbers, by Welford's method."""

    def __init__(self, *, sample: bool) -> None:
        self._count, self._mean, self._squares = 0, 0.0, 0.0
        self._free = 1 if sample else 0

    def add(self, value: Any) -> None:
        if not is_number(value):
            return
        number = to_double(value)
        self._count += 1
        delta = number - self._mean
        self._mean += delta / self._count
        self._squares += delta * (number - self._mean)

    def result(self) -> Any:
        if self._count <= self._free:
            return None
        return math.sqrt(self._squares / (self._count - self._free))


class Percentiles:
    """The least numbers with at least a share ``p`` of all numbers at or below them: exact, which is within what
    MongoDB's ``approximate`` allows. https://www.mongodb.com/docs/manual/reference/operator/aggregation/percentile/"""

    def __init__(self, shares: list[float], *, single: bool) -> None:
        self._shares, self._single = shares, single
        self._numbers: list[float] = []

    def add(self, value: Any) -> None:
        if is_number(value):
            self._numbers.append(to_double(value))

    def result(self) -> Any:
        numbers = sorted(number for number in self._numbers if not math.isnan(number))
        found = [numbers[max(0, math.ceil(share * len(numbers)) - 1)] if numbers else None for share in self._shares]
        return found[0] if self._single else found


class Ranked:
    """The first ``count`` values by their keys, or with ``lowest`` the last; ``single`` gives the value itself.

    It takes (key, value) pairs, or MISSING for what does not count.
    """

    def __init__(self, count: int, *, single: bool = False, lowest: bool = False) -> None:
        self._count, self._single, self._lowest = count, single, lowest
        self._found: list[tuple[bytes, Any]] = []

    def add(self, value: Any) -> None:
        if value is not MISSING:
            self._found.append(value)

    def result(self) -> Any:
        ordered = sorted(self._found, key=lambda pair: pair[0])
        kept = ordered[-self._count :] if self._lowest else ordered[: self._count]
        values = [None if value is MISSING else value for _, value in kept]
        return values[0] if self._single else values


def shares_of(operator: str, value: Any) -> list[float]:
    """The ``p`` of ``$percentile``: an array of numbers from 0 to 1."""
    if type(value) is not list or not value:
        raise CommandError(
            "Location7750301", f"{operator}: 'p' must be a non-empty array of numbers, found {type_name(value)}"
        )
    for share in value:
        if not is_number(share) or not 0 <= to_double(share) <= 1:
            raise CommandError("Location7750303", f"{operator}: 'p' must hold numbers from 0.0 to 1.0, found {share!r}")
    return [to_double(share) for share in value]
