"""The t-digest by which MongoDB knows the percentiles of a group: https://arxiv.org/abs/1902.04023

Of fewer than 2,000 numbers each is remembered. Of more, neighbours are joined to centroids, the fewer the nearer to the
ends, and a percentile lies on the line between the means of two.
"""

import math
from itertools import accumulate
from typing import Final, NamedTuple

from .errors import unsupported

_COMPRESSION: Final = 2000
_BUFFERED: Final = 5 * _COMPRESSION


class Centroid(NamedTuple):
    weight: float
    mean: float


class Digest:
    """NaN does not count; infinities are counted apart."""

    def __init__(self) -> None:
        self._buffer: list[float] = []
        self._centroids: list[Centroid] = []
        self._least, self._greatest = math.inf, -math.inf
        self._below = self._above = 0

    def add(self, number: float) -> None:
        if math.isfinite(number):
            self._buffer.append(number)
            if len(self._buffer) >= _BUFFERED:
                self._flush()
        elif number < 0:
            self._below += 1
        elif number > 0:
            self._above += 1

    def percentile(self, share: float) -> float | None:
        """The least number with at least this share of all at or below it, or what is near to it. None without any."""
        self._flush()
        finite = int(sum(centroid.weight for centroid in self._centroids))
        if not finite + self._below + self._above:
            return None
        if share <= 0 or share >= 1:
            return self._extreme(share)
        place = place_of(share, finite + self._below + self._above) - self._below
        if place < 0:
            return -math.inf
        return self._at(place) if place < finite else math.inf

    def _extreme(self, share: float) -> float:
        infinite, found = (self._below, self._least) if share <= 0 else (self._above, self._greatest)
        if infinite:
            return -math.inf if share <= 0 else math.inf
        if not self._centroids or (share >= 1 and found < 0):  # MongoDB answers with a limit of the doubles
            raise unsupported("$percentile 1.0 of numbers below zero, or an extreme of infinities", "accumulator")
        return found

    def _at(self, place: int) -> float:
        totals = accumulate(centroid.weight for centroid in self._centroids)
        index, total = next((index, total) for index, total in enumerate(totals) if total > place)
        current = self._centroids[index]
        if current.weight == 1:
            return current.mean
        # Distances are counted in halves of a value, from the mean at the left.
        if total - place >= current.weight / 2:
            left, right = self._centroids[index - 1] if index else Centroid(0, self._least), current
            distance = left.weight + 2 * right.weight - 2 * (total - 1 - place)
        else:
            following = self._centroids[index + 1 : index + 2]
            left, right = current, following[0] if following else Centroid(0, self._greatest)
            distance = left.weight - 2 * (total - 1 - place)
        found = left.mean + (right.mean - left.mean) * (distance / (left.weight + right.weight))
        return min(found, right.mean)

    def _flush(self) -> None:
        if self._buffer:
            values = sorted(self._buffer)
            self._least, self._greatest = min(self._least, values[0]), max(self._greatest, values[-1])
            self._centroids = _merged(self._centroids, values)
            self._buffer = []


def place_of(share: float, count: int) -> int:
    """The place, from 0, of the number among ``count``."""
    return count - 1 if share >= 1 else max(0, math.ceil(count * share) - 1)


def _merged(centroids: list[Centroid], values: list[float]) -> list[Centroid]:
    """Both in order, neighbours joined as far as a centroid may reach."""
    count = sum(centroid.weight for centroid in centroids) + len(values)
    found: list[Centroid] = []
    before, i, j = 0.0, 0, 0
    while i < len(centroids) or j < len(values):
        both = i < len(centroids) and j < len(values)
        limit = count * _reach(before / count)
        current: Centroid | None = None
        while (i < len(centroids) or j < len(values)) and not (
            current and both and (i == len(centroids) or j == len(values))  # what is left alone begins anew
        ):
            plain = i == len(centroids) or (j < len(values) and centroids[i].mean > values[j])
            following = Centroid(1, values[j]) if plain else centroids[i]
            if current and before + current.weight + following.weight > limit:
                break
            current = following if current is None else _joined(current, following, plain=plain)
            i, j = (i, j + 1) if plain else (i + 1, j)
        if current:
            found.append(current)
            before += current.weight
    return found


def _joined(one: Centroid, other: Centroid, *, plain: bool) -> Centroid:
    """``plain`` tells that ``other`` is a value."""
    weight = one.weight + other.weight
    if plain:
        return Centroid(weight, one.mean + (other.mean - one.mean) / weight)
    if other.weight < one.weight:
        return Centroid(weight, one.mean + (other.mean - one.mean) * (other.weight / weight))
    return Centroid(weight, other.mean + (one.mean - other.mean) * (one.weight / weight))


_SLOPE = 1 / math.sqrt(2)


def _reach(share: float) -> float:
    """The share of all values at or below the end of a centroid that begins behind ``share``, at most."""
    if share <= 0.5:
        scale = _COMPRESSION * _SLOPE * math.sqrt(share)
    else:
        scale = _COMPRESSION - _COMPRESSION * _SLOPE * math.sqrt(1 - share)
    part = (1 + scale) / _COMPRESSION
    return 2 * part * part if part <= 0.5 else 1 - 2 * (1 - part) * (1 - part)
