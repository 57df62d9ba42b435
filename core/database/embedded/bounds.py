"""From a filter to ranges of index keys.

A range holds at least every key of a matching document; ``exact`` ranges hold no others, so that a count needs no
document. Keys order as values do (``semantics.keys``), hence a predicate on a field is a stretch of keys.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import regex
from bson import MaxKey, MinKey, Regex

from .semantics.collation import Collation
from .semantics.keys import encode_key, invert
from .semantics.matching import is_operators
from .semantics.values import ARRAY, NUMBER, STRING, is_nan, rank

_ABOVE_NAN = bytes((NUMBER, 1))
_plain_prefix = regex.compile(r"\^([\w \-@/:,;'\"!%&=<>~`#]+)(.*)", regex.DOTALL)


@dataclass(frozen=True)
class Interval:
    """Keys from ``low`` to ``high``; an end is a beginning of keys, and included ends include all that begin so."""

    low: bytes
    high: bytes
    low_included: bool = True
    high_included: bool = True

    def cut(self, other: "Interval") -> "Interval":
        """What both hold."""
        low = max(self, other, key=lambda interval: interval.ends(1)[0])
        high = min(self, other, key=lambda interval: interval.ends(1)[1])
        return Interval(low.low, high.high, low.low_included, high.high_included)

    @property
    def is_point(self) -> bool:
        return self.low == self.high and self.low_included and self.high_included

    def ends(self, direction: int) -> tuple[bytes, bytes]:
        """The half-open stretch of bytes, in a field of this direction."""
        if direction > 0:
            low, high, low_included, high_included = self.low, self.high, self.low_included, self.high_included
        else:
            low, high = invert(self.high), invert(self.low)
            low_included, high_included = self.high_included, self.low_included
        return (low if low_included else after(low), after(high) if high_included else high)


def after(prefix: bytes) -> bytes:
    """The least bytes above everything that begins with ``prefix``."""
    shortened = prefix.rstrip(b"\xff")
    return shortened[:-1] + bytes((shortened[-1] + 1,))


EVERYTHING = Interval(b"\x01", b"\x7f")


@dataclass(frozen=True, kw_only=True)
class FieldBounds:
    """The stretches of one predicate, in order; ``null`` if they may hold missing fields."""

    intervals: tuple[Interval, ...]
    exact: bool
    null: bool = False

    @property
    def points(self) -> bool:
        return all(interval.is_point for interval in self.intervals)


@dataclass(frozen=True, kw_only=True)
class Predicates:
    """A filter's top level: bounds by path, and whether they say all that the filter says."""

    bounds: Mapping[str, tuple[FieldBounds, ...]]
    complete: bool
    text: Any = None
    alternatives: tuple[Mapping[str, Any], ...] = ()
    """The branches of an ``$or`` beside the rest."""


def predicates_of(query: Mapping[str, Any], collation: Collation | None) -> Predicates:
    """Take a filter apart; what gives no bounds leaves it incomplete."""
    bounds: dict[str, tuple[FieldBounds, ...]] = {}
    complete = True
    text: Any = None
    alternatives: tuple[Mapping[str, Any], ...] = ()
    for name, operand in _clauses(query):
        if name == "$comment":
            continue
        if name == "$text":
            text = operand
        if name == "$or" and not alternatives:
            alternatives = tuple(operand)
        found = None if name.startswith("$") else _of_field(operand, collation)
        if found is None:
            complete = False
            continue
        known, whole = found
        complete = complete and whole
        bounds[name] = bounds.get(name, ()) + known
    return Predicates(bounds=bounds, complete=complete, text=text, alternatives=alternatives)


def _clauses(query: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, operand in query.items():
        if name == "$and":
            for inner in operand:
                found += _clauses(inner)
        else:
            found.append((name, operand))
    return found


def _of_field(operand: Any, collation: Collation | None) -> tuple[tuple[FieldBounds, ...], bool] | None:
    """The bounds of one field's operand and whether they are all of it; None without any."""
    if not is_operators(operand):
        found = _equal(operand, collation)
        return None if found is None else ((found,), found.exact)
    bounds: list[FieldBounds] = []
    complete = True
    for name, argument in operand.items():
        if name == "$options":
            continue
        make = _OPERATORS.get(name)
        found = make(argument, collation, operand) if make else None
        if found is None:
            complete = False
        else:
            bounds.append(found)
            complete = complete and found.exact
    return (tuple(bounds), complete) if bounds else None


def _equal(value: Any, collation: Collation | None, _: Any = None) -> FieldBounds | None:
    if isinstance(value, Regex):
        return _pattern(value.pattern, collation, {"$options": "i" if value.flags else ""})
    if rank(value) == ARRAY:
        return None
    key = encode_key(value, collation)
    return FieldBounds(intervals=(Interval(key, key),), exact=value is not None, null=value is None)


def _among(values: Any, collation: Collation | None, _: Any) -> FieldBounds | None:
    if any(isinstance(value, Regex) for value in values):
        return None
    found = [_equal(value, collation) for value in values]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    points = {one.intervals[0].low: one.intervals[0] for one in known}
    return FieldBounds(
        intervals=tuple(points[key] for key in sorted(points)),
        exact=all(one.exact for one in known),
        null=any(one.null for one in known),
    )


def _compared(name: str) -> Callable[[Any, Collation | None, Any], FieldBounds | None]:
    upwards, included = name in ("$gt", "$gte"), name in ("$gte", "$lte")

    def bounds(value: Any, collation: Collation | None, _: Any) -> FieldBounds | None:
        if value is None or isinstance(value, MinKey | MaxKey | Regex | list) or is_nan(value):
            return None
        key, place = encode_key(value, collation), rank(value)
        if upwards:
            interval = Interval(key, bytes((place,)), low_included=included)
        else:
            least = _ABOVE_NAN if place == NUMBER else bytes((place,))
            interval = Interval(least, key, high_included=included)
        return FieldBounds(intervals=(interval,), exact=True)

    return bounds


def _pattern(argument: Any, collation: Collation | None, operand: Any) -> FieldBounds | None:
    """An anchored pattern begins with plain text: strings that begin so, and patterns (which equal themselves)."""
    found = _plain_prefix.fullmatch(argument) if type(argument) is str and not operand.get("$options") else None
    if found is None or collation is not None or "|" in found[2]:
        return None
    text = found[1] if not found[2] or found[2][0] not in "*?{+" else found[1][:-1]
    if not text:
        return None
    start = bytes((STRING,)) + text.encode()
    return FieldBounds(intervals=(Interval(start, start), Interval(b"\x32", b"\x32")), exact=False)


_OPERATORS: dict[str, Callable[[Any, Collation | None, Any], FieldBounds | None]] = {
    "$eq": lambda value, collation, _: None if isinstance(value, Regex) else _equal(value, collation),
    "$in": _among,
    "$regex": _pattern,
    **{name: _compared(name) for name in ("$gt", "$gte", "$lt", "$lte")},
}
