"""Choose how to reach the documents a filter may match: an index with ranges of its keys, or a scan.

The choice never changes an answer, only its cost: whatever a plan reaches is tested again, unless the ranges are
``exact``. Rules: most fields held to points, then a range, then an order that spares a sort.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import Regex

from .bounds import EVERYTHING, FieldBounds, Interval, Predicates, predicates_of
from .catalog import Collection
from .indexes import Index, same_key
from .semantics.collation import Collation
from .semantics.errors import CommandError, bad
from .semantics.keys import encode_key
from .semantics.matching import compile_filter, is_operators
from .semantics.paths import is_index
from .semantics.sorting import direction_of, sort_direction
from .semantics.text import compile_text, has_text
from .semantics.values import is_number

Range = tuple[bytes, bytes]
_MOST_RANGES = 50_000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One way in. ``index`` None is a scan in the order of insertion; ``parts`` are the plans of an ``$or``."""

    index: Index | None = None
    ranges: tuple[Range, ...] = ()
    exact: bool = False
    sorted: bool = False
    backwards: bool = False
    parts: tuple["Plan", ...] = ()
    single: bool = False
    """At most one document: every field of a unique index is held to one point."""

    @property
    def repeats(self) -> bool:
        """The same document may come more than once."""
        return bool(self.parts) or (self.index is not None and bool(self.index.multikey))

    def explain(self) -> dict[str, Any]:
        if self.parts:
            return {"stage": "OR", "inputStages": [part.explain() for part in self.parts]}
        if self.index is None:
            return {"stage": "COLLSCAN", "direction": "backward" if self.backwards else "forward"}
        return {
            "stage": "FETCH",
            "inputStage": {
                "stage": "TEXT_MATCH" if self.index.text else "IXSCAN", "indexName": self.index.name,
                "keyPattern": self.index.key, "isMultiKey": bool(self.index.multikey), "isUnique": self.index.unique,
                "isSparse": self.index.sparse, "isPartial": self.index.partial is not None,
                "direction": "backward" if self.backwards else "forward", "ranges": len(self.ranges),
            },
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Choice:
    plan: Plan
    points: int
    ranged: bool

    @property
    def rank(self) -> tuple[bool, int, bool, bool]:
        return (self.plan.single, self.points, self.ranged, self.plan.sorted)


def choose_plan(
    collection: Collection,
    query: Mapping[str, Any],
    *,
    sort: Mapping[str, Any] | None = None,
    collation: Collation | None = None,
    hint: Any = None,
) -> Plan:
    """The plan for a filter that ``compile_filter`` has accepted."""
    predicates = predicates_of(query, collation)
    if predicates.text is not None:
        if hint:
            raise bad("$text and hint not allowed in same query")
        if _natural(sort):
            raise bad("$natural sort cannot be combined with $text")
        return _text_plan(collection, predicates)
    _check_text(collection, predicates, collation)
    natural, ordered = _natural(hint), _natural(sort)
    if ordered and hint is not None and natural != ordered:
        raise bad("a hint beside a $natural sort must be $natural too, in the same direction")
    if natural or ordered:
        return Plan(backwards=(natural or ordered) < 0, sorted=bool(ordered) or not sort, exact=not query)
    if hint is not None:
        return _forced(_hinted(collection, hint), query, predicates, sort or {}, collation)
    found = [
        choice
        for index in collection.indexes
        if (choice := _consider(index, query, predicates, sort or {}, collation)) is not None
    ]
    best = max(found, key=lambda choice: choice.rank, default=None)
    if best is not None and (best.points or best.ranged):
        return best.plan
    union = _union(collection, predicates, collation) if not sort else None
    if union is not None:
        return union
    return best.plan if best is not None else Plan(exact=not query)


def _natural(spec: Any) -> int:
    if isinstance(spec, Mapping) and "$natural" in spec:
        if len(spec) != 1:
            raise bad("$natural sort cannot be set to a value other than -1 or 1, nor be combined")
        return direction_of(spec["$natural"])
    return 0


def _hinted(collection: Collection, hint: Any) -> Index:
    for index in collection.indexes:
        if index.text is None and (hint == index.name or same_key(index.key, hint)):
            return index
    raise bad(
        "error processing query: planner returned error :: caused by :: "
        "hint provided does not correspond to an existing index"
    )


def _forced(
    index: Index, query: Mapping[str, Any], predicates: Predicates, sort: Mapping[str, Any],
    collation: Collation | None,
) -> Plan:  # fmt: skip
    """The hinted index, all of it where its ranges do not help: what it does not hold is not found, as in MongoDB."""
    found = _consider(index, query, predicates, sort, collation, forced=True)
    whole = Plan(index=index, ranges=(EVERYTHING.ends(index.directions[0]),), exact=not query, sorted=not sort)
    return found.plan if found is not None else whole


def _consider(
    index: Index, query: Mapping[str, Any], predicates: Predicates, sort: Mapping[str, Any],
    collation: Collation | None, *, forced: bool = False,
) -> _Choice | None:  # fmt: skip
    if index.text or index.collation != collation:
        return None
    if any(is_index(part) for path in index.paths for part in path.split(".")):
        return None  # "a.0" names a place and a field; the index holds only the place
    if index.partial is not None and not forced and not _implies(query, index.partial, collation):
        return None
    fields = _fields(index, predicates)
    used = [bounds for _, bounds, _ in fields if bounds is not None]
    if index.sparse and not forced and not any(not bounds.null for bounds in used):
        return None
    points = len(list(itertools.takewhile(lambda field: field[1] is not None and field[1].points, fields)))
    ranged = points < len(fields) and fields[points][1] is not None
    reach = fields[: points + ranged]
    order = _order(
        index,
        fields,
        points,
        sort,
        every=sum(len(bounds.intervals) for _, bounds, _ in fields[:points] if bounds) == points,
    )
    if not reach and not order and not forced:
        return None
    ranges = _ranges(index, [bounds for _, bounds, _ in reach if bounds is not None])
    if ranges is None:
        return None
    exact = predicates.complete and len(reach) == len(predicates.bounds) and all(used_all for _, _, used_all in reach)
    exact = exact and all(bounds.exact for _, bounds, _ in reach if bounds)
    plan = Plan(
        index=index, ranges=tuple(reversed(ranges)) if order < 0 else tuple(ranges), exact=exact,
        sorted=bool(order) or not sort, backwards=order < 0,
        single=index.unique and points == len(fields) and len(ranges) == 1,
    )  # fmt: skip
    return _Choice(plan=plan, points=points, ranged=ranged)


def _fields(index: Index, predicates: Predicates) -> list[tuple[str, FieldBounds | None, bool]]:
    """Each field of the index with what bounds it, and whether that is all the filter says of the field.

    Fields under one array are indexed element by element, while a filter may be met by another element for each: so
    only the first of them is bounded.
    """
    found: list[tuple[str, FieldBounds | None, bool]] = []
    array_bounded = False
    for path in index.paths:
        bounds = predicates.bounds.get(path, ())
        multikey = path in index.multikey
        found.append((path, None, False) if multikey and array_bounded else (path, *_joined(bounds, multikey)))
        array_bounded = array_bounded or (multikey and bool(bounds))
    return found


def _joined(bounds: Sequence[FieldBounds], multikey: bool) -> tuple[FieldBounds | None, bool]:
    """All bounds of a field at once; of an array each may be met by another element, so only one of them counts."""
    if not bounds:
        return None, True
    if multikey:
        best = min(bounds, key=lambda one: (not one.points, len(one.intervals)))
        return best, len(bounds) == 1
    joined = bounds[0]
    for other in bounds[1:]:
        pairs = [one.cut(two) for one in joined.intervals for two in other.intervals]
        joined = FieldBounds(
            intervals=tuple(pair for pair in pairs if pair.ends(1)[0] < pair.ends(1)[1]),
            exact=joined.exact and other.exact,
            null=joined.null and other.null,
        )
    return joined, True


def _ranges(index: Index, bounds: Sequence[FieldBounds]) -> list[Range] | None:
    """The stretches of keys, in order: points of the leading fields joined with the intervals of the last."""
    if not bounds:
        return [EVERYTHING.ends(index.directions[0])]
    count = 1
    for one in bounds:
        count *= len(one.intervals)
    if count > _MOST_RANGES:
        return None
    last = len(bounds) - 1
    heads: list[list[bytes]] = []
    for place, one in enumerate(bounds[:last]):
        heads.append(sorted(interval.ends(index.directions[place])[0] for interval in one.intervals))
    tails = sorted(interval.ends(index.directions[last]) for interval in bounds[last].intervals)
    return [(b"".join(head) + low, b"".join(head) + high) for head in itertools.product(*heads) for low, high in tails]


def _order(
    index: Index,
    fields: Sequence[tuple[str, FieldBounds | None, bool]],
    points: int,
    sort: Mapping[str, Any],
    *,
    every: bool,
) -> int:
    """1 or -1 if reading the index forwards or backwards gives the sort's order, else 0.

    Fields held to one point may be left out of the sort. Arrays sort by their least or greatest element, which the
    index alone does not tell.
    """
    if not sort or not every:
        return 0
    held = set(index.paths[:points])
    wanted = [(path, direction) for path, direction in sort.items() if path not in held or path in index.multikey]
    rest = [
        (path, direction) for (path, _, _), direction in zip(fields, index.directions, strict=True) if path not in held
    ]
    if not wanted:
        return 1
    if len(wanted) > len(rest) or any(path in index.multikey or type(direction) is dict for path, direction in wanted):
        return 0
    turns = {
        sort_direction(direction) * own
        for (path, direction), (name, own) in zip(wanted, rest, strict=False)
        if path == name
    }
    same = all(path == name for (path, _), (name, _) in zip(wanted, rest, strict=False))
    return turns.pop() if same and len(turns) == 1 else 0


def _implies(query: Mapping[str, Any], partial: Mapping[str, Any], collation: Collation | None) -> bool:
    """Whether every match of the query is covered: each clause stands in it, or holds for the value it asks for."""
    return all(_implies_clause(query, name, operand, collation) for name, operand in partial.items())


def _implies_clause(query: Mapping[str, Any], name: str, operand: Any, collation: Collation | None) -> bool:
    if name in ("$and", "$or"):
        joined = all if name == "$and" else any
        return joined(_implies(query, inner, collation) for inner in operand)
    if name.startswith("$"):
        return False
    if name not in query:
        return any(_implies_clause(inner, name, operand, collation) for inner in query.get("$and", ()))
    asked = query[name]
    if encode_key(asked) == encode_key(operand) if _comparable(asked, operand) else False:
        return True
    if is_operators(asked):
        if "$eq" in asked:
            asked = asked["$eq"]
        elif isinstance(asked.get("$in"), list):
            return all(_implies_clause({name: one}, name, operand, collation) for one in asked["$in"])
        else:
            return operand in ({"$exists": True}, {"$exists": 1}) and any(
                name in asked and asked[name] is not None for name in ("$gt", "$gte", "$lt", "$lte")
            )
    if asked is None or isinstance(asked, dict | list | Regex) or _tells_numbers_apart(operand, asked):
        return False
    document: Any = asked
    for part in reversed(name.split(".")):
        document = {part: document}
    return compile_filter({name: operand}, collation=collation)(document)


def _tells_numbers_apart(operand: Any, asked: Any) -> bool:
    """A number equals others of other types, of which the filter of an index may leave some out."""
    return is_number(asked) and isinstance(operand, Mapping) and operand.get("$type", "number") != "number"


def _comparable(*values: Any) -> bool:
    try:
        for value in values:
            encode_key(value)
    except CommandError:
        return False
    return True


def _text_plan(collection: Collection, predicates: Predicates) -> Plan:
    """Every word of the search is looked up; the filter decides about phrases and negations."""
    index = next((index for index in collection.indexes if index.text), None)
    if index is None or index.text is None:
        raise CommandError("IndexNotFound", "text index required for $text query")
    words = compile_text(predicates.text, index.text).words
    intervals = [Interval(key, key).ends(1) for key in sorted(encode_key(word) for word in words)]
    return Plan(index=index, ranges=tuple(intervals))


def _check_text(collection: Collection, predicates: Predicates, collation: Collation | None) -> None:
    """MongoDB looks for words or something else only where an index finds the other."""
    if not any(map(has_text, predicates.alternatives)):
        return
    for branch in predicates.alternatives:
        plan = choose_plan(collection, branch, collation=collation)
        if plan.index is None and not plan.parts:
            message = (
                "Failed to produce a solution for TEXT under OR: other clauses under OR have to be indexed as well."
            )
            raise CommandError("NoQueryExecutionPlans", f"error processing query: {message}")


def _union(collection: Collection, predicates: Predicates, collation: Collation | None) -> Plan | None:
    """The plans of an ``$or`` whose branches all have an index."""
    parts: list[Plan] = []
    for branch in predicates.alternatives:
        plan = choose_plan(collection, branch, collation=collation)
        if plan.index is None and not plan.parts:
            return None
        if plan.index is not None and plan.index.text:
            return None
        parts.append(plan)
    return Plan(parts=tuple(parts)) if parts else None


def flat(plan: Plan) -> Iterator[Plan]:
    """The plan, or the plans it is made of."""
    if not plan.parts:
        yield plan
    for part in plan.parts:
        yield from flat(part)
