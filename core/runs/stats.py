"""How runs go, counted by the database in one pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.runs import store
from core.runs.lifecycle import TaskRunStatus

_HOUR = {"$dateTrunc": {"date": "$created_at", "unit": "hour"}}
MOST_HOURS = 24 * 31
"""Hours that are counted one by one: the newest with runs."""
_ENDED = ("success", "failed", "cancelled", "interrupted")


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """Runs of one operation, of one hour (by when they were recorded), or all of them.

    ``success_rate`` is the part of the ended runs that succeeded, from 0 to 1; it and the durations (milliseconds, of
    ended runs) are None where none ended.
    """

    operation_name: str | None = None
    hour: datetime | None = None
    count: int = 0
    by_status: Mapping[TaskRunStatus, int]
    success_rate: float | None = None
    median_ms: float | None = None
    p95_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunStats:
    """``operations`` by name, ``hours`` (the newest ``MOST_HOURS`` that have runs) from old to new."""

    total: RunSummary
    operations: list[RunSummary]
    hours: list[RunSummary]


async def summarise(query: Mapping[str, Any]) -> RunStats:
    """Statistics of the runs that match a Mongo query."""
    facets = {"total": [_grouped(None)]}
    facets |= {"operations": [_grouped("$operation_name"), {"$sort": {"_id": 1}}]}
    facets |= {"hours": [_grouped(_HOUR), {"$sort": {"_id": -1}}, {"$limit": MOST_HOURS}]}
    cursor = await store.records().aggregate([{"$match": dict(query)}, {"$facet": facets}])
    found = (await cursor.to_list())[0]
    return RunStats(
        total=_summary(found["total"][0] if found["total"] else {}),
        operations=[_summary(one, operation_name=one["_id"]) for one in found["operations"]],
        hours=[_summary(one, hour=one["_id"]) for one in reversed(found["hours"])],
    )


def _grouped(key: Any) -> dict[str, Any]:
    counts = {status.value: {"$sum": {"$cond": [{"$eq": ["$status", status.value]}, 1, 0]}} for status in TaskRunStatus}
    durations = {"$percentile": {"input": "$duration_ms", "p": [0.5, 0.95], "method": "approximate"}}
    return {"$group": {"_id": key, "count": {"$sum": 1}, "durations": durations, **counts}}


def _summary(found: Mapping[str, Any], **key: Any) -> RunSummary:
    ended = sum(found.get(status, 0) for status in _ENDED)
    median, p95 = found.get("durations") or (None, None)
    return RunSummary(
        count=found.get("count", 0),
        by_status={status: found.get(status.value, 0) for status in TaskRunStatus},
        success_rate=found["success"] / ended if ended else None,
        median_ms=median,
        p95_ms=p95,
        **key,
    )
