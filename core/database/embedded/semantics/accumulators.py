"""What a group or an array adds up to: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#accumulators

An accumulator takes values one by one and gives its result at the end.
"""

import math
import operator
from collections.abc import Callable
from typing import Any, Protocol

from .evaluation import is_nullish
from .numbers import INT, to_double, whole
from .operators.objects import merged
from .values import MISSING, is_number

Key = Callable[[Any], bytes]


class Accumulator(Protocol):
    def add(self, value: Any) -> None: ...

    def result(self) -> Any: ...


class Count:
    def __init__(self) -> None:
        self._count = 0

    def add(self, value: Any) -> None:
        self._count += 1

    def result(self) -> Any:
        return whole(self._count, INT)


class Extreme:
    """The least or the greatest value; null and missing ones do not count. Of equal ones the first, or the ``last``."""

    def __init__(self, key: Key, *, greatest: bool, last: bool = False) -> None:
        self._key, self._beats = key, _BEATS[greatest, last]
        self._found: Any = None
        self._found_key: bytes | None = None

    def add(self, value: Any) -> None:
        if is_nullish(value):
            return
        key = self._key(value)
        if self._found_key is None or self._beats(key, self._found_key):
            self._found, self._found_key = value, key

    def result(self) -> Any:
        return self._found


_BEATS = {
    (False, False): operator.lt,
    (False, True): operator.le,
    (True, False): operator.gt,
    (True, True): operator.ge,
}


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
        variance = self._squares / (self._count - self._free)
        return math.nan if variance < 0 else math.sqrt(variance)  # below zero where differences are infinite
