"""Count, sum, average, least and greatest, for groups of documents: one pipeline."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, get_args

from core.access import Principal
from core.coercion import refuse
from core.ordering import sortable_fields
from core.paging import Raw
from core.scalars import SCALARS
from core.specs import Catalog, FieldSpec, ModelSpec, ScalarType

DateBucket = Literal["HOUR", "DAY", "WEEK", "MONTH", "YEAR"]
Stage = dict[str, Any]

NUMERIC = frozenset({"Int", "BigInt", "Float", "Decimal", "Duration"})
_DATES = frozenset({"DateTime", "Date"})


@dataclass(frozen=True, kw_only=True)
class GroupBy:
    """One key of the groups: a sortable field (dotted wire path), dates optionally cut to the start of a UTC period.
    A week begins on Monday."""

    field: str
    bucket: DateBucket | None = None


@dataclass(frozen=True, kw_only=True)
class Aggregate:
    """One group. ``group`` holds its keys by wire name, ``values`` a value for each function and field, both as Python
    values; the least of nothing is None, the sum of nothing 0."""

    group: Mapping[str, Any]
    values: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class _Column:
    key: str
    function: str
    field: str
    load: Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The stages after ``$match``, and how to read what they give."""

    stages: list[Stage]
    groups: Mapping[str, Callable[[Any], Any]]
    columns: list[_Column] = field(default_factory=list[_Column])


def pipeline_of(
    catalog: Catalog,
    model: ModelSpec,
    principal: Principal,
    group_by: Sequence[GroupBy],
    functions: Mapping[str, Collection[str]],
) -> Plan:
    """The plan of an aggregate.

    Raises:
        InputError: a field that is unknown, hidden or does not take the function or bucket.
    """
    keys: dict[str, Any] = {}
    groups: dict[str, Callable[[Any], Any]] = {}
    for place, group in enumerate(group_by):
        along = sortable_fields(catalog, model, principal, group.field, ("groupBy", place, "field"))
        keys[f"g{place}"] = _key(along, group, place)
        groups[group.field] = _loader(along[-1])
    accumulators: dict[str, Any] = {}
    columns: list[_Column] = []
    for function, names in functions.items():
        for name in names:
            column, accumulator = _column(catalog, model, principal, function, name, len(columns))
            columns.append(column)
            accumulators[column.key] = accumulator
    stages: list[Stage] = [{"$group": {"_id": keys or None, **accumulators}}, {"$sort": {"_id": 1}}]
    return Plan(stages=stages, groups=groups, columns=columns)


def groups_of(plan: Plan, rows: Sequence[Raw]) -> list[Aggregate]:
    """The groups a pipeline gave. Without group keys there is always one, of no documents too."""
    if not rows and not plan.groups:
        rows = [{"_id": None}]
    return [_group(plan, row) for row in rows]


def _group(plan: Plan, row: Raw) -> Aggregate:
    found: Mapping[str, Any] = row["_id"] or {}
    group = {name: _loaded(load, found.get(f"g{place}")) for place, (name, load) in enumerate(plan.groups.items())}
    values: dict[str, dict[str, Any]] = {}
    for column in plan.columns:
        empty = 0 if column.function in ("count", "sum") else None
        values.setdefault(column.function, {})[column.field] = _loaded(column.load, row.get(column.key, empty))
    return Aggregate(group=group, values=values)


def _key(along: Sequence[FieldSpec], group: GroupBy, place: int) -> Any:
    path = "$" + ".".join(one.storage for one in along)
    if group.bucket is None:
        return {"$ifNull": [path, None]}  # null and absent are one group
    if along[-1].type not in [ScalarType(name=name) for name in _DATES] or group.bucket not in get_args(DateBucket):
        raise refuse(
            ("groupBy", place, "bucket"), "invalid_bucket", "only dates have buckets: HOUR, DAY, WEEK, MONTH, YEAR"
        )
    truncated: dict[str, Any] = {"date": path, "unit": group.bucket.lower(), "timezone": "UTC"}
    if group.bucket == "WEEK":
        truncated["startOfWeek"] = "monday"
    return {"$dateTrunc": truncated}


def _column(
    catalog: Catalog, model: ModelSpec, principal: Principal, function: str, name: str, place: int
) -> tuple[_Column, Any]:
    along = sortable_fields(catalog, model, principal, name, (function, name))
    path = "$" + ".".join(one.storage for one in along)
    numeric = isinstance(along[-1].type, ScalarType) and along[-1].type.name in NUMERIC
    if function not in _ACCUMULATORS or (function in ("sum", "avg") and not numeric):
        raise refuse((function, name), "invalid_aggregate", f"{name!r} has no {function}")
    load = int if function == "count" else _loader(along[-1], averaged=function == "avg")
    return _Column(key=f"a{place}", function=function, field=name, load=load), _ACCUMULATORS[function](path)


_ACCUMULATORS: Mapping[str, Callable[[str], Any]] = {
    "count": lambda path: {"$sum": {"$cond": [{"$gt": [path, None]}, 1, 0]}},
    "sum": lambda path: {"$sum": path},
    "avg": lambda path: {"$avg": path},
    "min": lambda path: {"$min": path},
    "max": lambda path: {"$max": path},
}


def _loader(found: FieldSpec, *, averaged: bool = False) -> Callable[[Any], Any]:
    if not isinstance(found.type, ScalarType):
        return lambda value: value
    if averaged and found.type.name in ("Int", "BigInt"):
        return float
    if found.type.name == "Duration":
        return lambda seconds: timedelta(seconds=float(seconds))
    return SCALARS[found.type.name].load


def _loaded(load: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else load(value)
