"""Every write to a run's record: one command each, at the database's clock, legal from where the run stands.

A claim is {_id, worker, fence}: whoever holds it may write, and once somebody else ended the run nothing matches.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pydantic import ValidationError
from pymongo import ASCENDING, ReturnDocument

from core.runs import clock
from core.runs.collections import Collection as Records
from core.runs.lifecycle import TaskRunStatus, may_follow
from core.runs.model import TaskRun

log = logging.getLogger("core.runs")

Fields = Mapping[str, Any]

_PENDING, _RUNNING = TaskRunStatus.PENDING, TaskRunStatus.RUNNING
_TIMES = {"created_at": 1, "started_at": 1, "available_at": 1, "lease_expires_at": 1}
_DURATION = {"$cond": [{"$eq": [{"$type": "$started_at"}, "date"]}, {"$subtract": [clock.NOW, "$started_at"]}, None]}
_HAS_ATTEMPTS = {"$and": [{"$lt": ["$attempt", "$max_attempts"]}, {"$ne": ["$cancel_requested", True]}]}
_MAY_RETRY = {"$cond": [_HAS_ATTEMPTS, True, "$$REMOVE"]}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to write to a running run."""

    run_id: ObjectId
    worker: str
    fence: int

    @classmethod
    def of(cls, run: TaskRun) -> "Claim":
        return cls(run_id=ObjectId(run.id), worker=run.worker or "", fence=run.fence)

    def query(self) -> dict[str, Any]:
        return {"_id": self.run_id, "worker": self.worker, "fence": self.fence, "status": "running"}


def records() -> Records:
    return TaskRun.get_pymongo_collection()


async def insert_running(run: TaskRun, *, lease: float) -> None:
    """Record a run that begins at once. Raises as ``insert_pending``."""
    await _insert(run, {"started_at": clock.NOW, "lease_expires_at": clock.later(lease)})


async def insert_pending(run: TaskRun, *, delay: float = 0) -> None:
    """Record a run for a runner to claim, not before ``delay`` seconds have passed.

    Saying it again is saying it once, so it can be repeated when the answer was lost.

    Raises:
        DuplicateKeyError: the operation's idempotency key is taken, or this very run has been claimed.
    """
    await _insert(run, {"available_at": clock.later(delay)})


async def _insert(run: TaskRun, times: Fields) -> None:
    """The times are the database's; the run takes them over."""
    times = {"created_at": clock.NOW, **times}
    stored = await records().find_one_and_update(
        {"_id": run.id, "status": run.status.value},
        [{"$set": {**clock.literally(_document(run)), **times}}],
        upsert=True,
        projection=_TIMES,
        return_document=ReturnDocument.AFTER,
    )
    assert stored is not None, "an upsert answers with the document"
    for name in times:
        setattr(run, name, stored[name])


async def is_anything_pending() -> bool:
    return await records().find_one({"status": "pending", **clock.is_past("available_at")}, {"_id": 1}) is not None


async def claim(operation_name: str, *, worker: str, lease: float, slot: int | None = None) -> TaskRun | None:
    """Take the operation's pending run that waits longest.

    Raises:
        DuplicateKeyError: another run of the operation has this slot of its concurrency.
    """
    taken: dict[str, Any] = {
        "status": _RUNNING.value,
        "worker": {"$literal": worker},
        "fence": {"$add": ["$fence", 1]},
        "started_at": clock.NOW,
        "lease_expires_at": clock.later(lease),
        **({} if slot is None else {"slot": slot}),
    }
    found = await records().find_one_and_update(
        {**_step(_PENDING, _RUNNING), "operation_name": operation_name, **clock.is_past("available_at")},
        [{"$set": taken}],
        sort=[("available_at", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )
    return None if found is None else TaskRun.model_validate(found)


async def slots_in_use(operation_name: str) -> set[int]:
    """Of an operation with a limit of its own."""
    query = {"operation_name": operation_name, "slot": {"$gte": 0}}
    return {one["slot"] async for one in records().find(query, {"slot": 1})}


async def finish(claim: Claim, status: TaskRunStatus, fields: Fields, *, retry: bool) -> Fields | None:
    """End a running run: its ``finished_at``, ``duration_ms`` and ``retry_due``, or None where the claim is lost."""
    ended = {**_ended(status), **clock.literally(fields), **({"retry_due": _MAY_RETRY} if retry else {})}
    return await records().find_one_and_update(
        {**claim.query(), **_step(_RUNNING, status)},
        [{"$set": ended}, {"$unset": ["slot"]}],
        projection={"finished_at": 1, "duration_ms": 1, "retry_due": 1},
        return_document=ReturnDocument.AFTER,
    )


async def stands(claim: Claim) -> Fields | None:
    """What the claimed run is now: after a write whose answer was lost."""
    return await records().find_one(
        {"_id": claim.run_id, "worker": claim.worker, "fence": claim.fence},
        {"status": 1, "finished_at": 1, "duration_ms": 1, "retry_due": 1},
    )


async def report_progress(claim: Claim, progress: Fields) -> None:
    await records().update_one(claim.query(), {"$set": {"progress": dict(progress)}})


async def cancel_pending(run_id: ObjectId) -> bool:
    """Whether the run was pending; it is cancelled then."""
    fields = {"error_code": "CANCELLED", "error_message": "cancelled before it started", "cancel_requested": True}
    done = await records().update_one(
        {"_id": run_id, **_step(_PENDING, TaskRunStatus.CANCELLED)},
        [{"$set": {**_ended(TaskRunStatus.CANCELLED), **clock.literally(fields)}}],
    )
    return done.matched_count > 0


async def request_cancel(run_id: ObjectId) -> None:
    """Its process sees this with the next heartbeat."""
    await records().update_one({"_id": run_id, "status": "running"}, {"$set": {"cancel_requested": True}})


async def attempts_due() -> list[TaskRun]:
    """Runs that ended in vain and whose next attempt is not queued yet. A record that somebody broke is told of once,
    and has no next attempt."""
    runs: list[TaskRun] = []
    async for found in records().find({"retry_due": True}).limit(100):
        try:
            runs.append(TaskRun.model_validate(found))
        except ValidationError as error:
            log.error("run %s is not tried again, its record is broken: %s", found["_id"], error)
            await attempt_queued(found["_id"])
    return runs


async def attempt_queued(run_id: ObjectId) -> None:
    await records().update_one({"_id": run_id}, {"$unset": {"retry_due": ""}})


async def interrupt_expired() -> TaskRun | None:
    """End one running run whose lease ran out, and give it as it is then; None where there is none."""
    found = await records().find_one_and_update(
        {**_step(_RUNNING, TaskRunStatus.INTERRUPTED), **clock.is_past("lease_expires_at")},
        interruption("its process went silent; how far it came is not known"),
        return_document=ReturnDocument.AFTER,
    )
    return None if found is None else TaskRun.model_validate(found)


def interruption(reason: str) -> list[dict[str, Any]]:
    """The update that ends a run nobody works on any more."""
    fields = {"error_code": "INTERRUPTED", "error_message": reason}
    ended = {**_ended(TaskRunStatus.INTERRUPTED), **clock.literally(fields), "retry_due": _MAY_RETRY}
    return [{"$set": ended}, {"$unset": ["slot"]}]


def _step(before: TaskRunStatus, after: TaskRunStatus) -> dict[str, Any]:
    """A query for runs that stand so, to be written by an update that makes them ``after``."""
    assert may_follow(before, after), f"nothing makes a {before} run {after}"
    return {"status": before.value}


def _ended(status: TaskRunStatus) -> dict[str, Any]:
    return {"status": status.value, "finished_at": clock.NOW, "duration_ms": _DURATION, "lease_expires_at": None}


def _document(run: TaskRun) -> dict[str, Any]:
    document = run.model_dump(exclude={"id", "revision_id"})
    document["status"] = run.status.value
    return document
