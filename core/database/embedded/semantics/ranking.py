"""Accumulators that keep some of the values: https://www.mongodb.com/docs/manual/reference/operator/aggregation/topN/"""

from collections import deque
from heapq import heapify, heappushpop
from typing import Any

from .accumulators import Accumulator
from .values import MISSING

_ROOM = 1000
"""So many values beyond those wanted are taken before the others are dropped."""


class Leading:
    """The first ``count`` values."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._found: list[Any] = []

    def add(self, value: Any) -> None:
        if len(self._found) < self._count:
            self._found.append(value)

    def result(self) -> Any:
        return _shown(self._found)


class Trailing:
    """The last ones."""

    def __init__(self, count: int) -> None:
        self._found: deque[Any] = deque(maxlen=count)

    def add(self, value: Any) -> None:
        self._found.append(value)

    def result(self) -> Any:
        return _shown(self._found)


class Lowest:
    """Of (key, value) pairs the ``count`` with the lowest keys, in order; of equal ones those that came first.

    MISSING in place of a pair does not count.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._found: list[tuple[bytes, Any]] = []

    def add(self, value: Any) -> None:
        if value is MISSING:
            return
        self._found.append(value)
        if len(self._found) > 2 * self._count + _ROOM:
            self._cut()

    def _cut(self) -> None:
        self._found.sort(key=lambda pair: pair[0])
        del self._found[self._count :]

    def result(self) -> Any:
        self._cut()
        return _shown(value for _, value in self._found)


class Highest:
    """The ``count`` with the highest keys, in order: each takes the place of the first of the lowest, if higher."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._found: list[tuple[bytes, int, Any]] = []
        self._places = 0

    def add(self, value: Any) -> None:
        key, found = value
        self._places += 1
        row = key, self._places, found
        if len(self._found) < self._count:
            self._found.append(row)
            if len(self._found) == self._count:
                heapify(self._found)
        elif key > self._found[0][0]:
            heappushpop(self._found, row)

    def result(self) -> Any:
        return _shown(value for _, _, value in sorted(self._found, key=lambda row: row[:2]))


class Single:
    """The value alone that another accumulator keeps."""

    def __init__(self, one: Accumulator) -> None:
        self._one = one

    def add(self, value: Any) -> None:
        self._one.add(value)

    def result(self) -> Any:
        return self._one.result()[0]


def _shown(values: Any) -> list[Any]:
    return [None if value is MISSING else value for value in values]
