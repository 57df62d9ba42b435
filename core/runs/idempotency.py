"""Calls with one key run once: the key's holder is the first run, the others answer with how that one ended.

A unique index on (operation, key) decides who is first, over all processes.
"""

import asyncio
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from core.errors import Conflict, OperationTimeout
from core.runs import clock, store, watching
from core.runs.lifecycle import FINAL
from core.runs.model import TaskRun
from core.runs.options import RunMode, RunOptions

LONGEST_KEY = 200
_PAUSE = 0.1


def is_key_taken(error: DuplicateKeyError) -> bool:
    """Whether that is about the idempotency key."""
    return "idempotency_key" in (error.details or {}).get("keyPattern", {})


async def release_expired(run: TaskRun, hours: float) -> bool:
    """Take the key from its holder where that is over and older than that; whether the key is free now."""
    query = {"operation_name": run.operation_name, "idempotency_key": run.idempotency_key}
    done = await store.records().update_one(
        {**query, "status": {"$in": FINAL}, **clock.is_older("created_at", hours * 3600)},
        {"$set": {"idempotency_key": None}},
    )
    return done.matched_count > 0


async def first_run(run: TaskRun, options: RunOptions) -> TaskRun:
    """The run that has the key of ``run``, at its newest attempt; for a caller who waits, when that is final.

    Raises:
        Conflict: the key stands for another input, or for somebody else's call.
        OperationTimeout: it was not final in the time the caller gives it; it goes on.
    """
    holder = await _one({"operation_name": run.operation_name, "idempotency_key": run.idempotency_key})
    if holder is None:
        raise Conflict(f"the idempotency key {run.idempotency_key!r} expired this moment; call again")
    if holder.principal != run.principal:
        raise Conflict(f"the idempotency key {run.idempotency_key!r} was used by somebody else; choose another")
    if holder.input_hash != run.input_hash:
        raise Conflict(f"the idempotency key {run.idempotency_key!r} was used with another input; choose another")
    if options.mode is RunMode.BACKGROUND:
        return await _newest_attempt(holder)
    clock = asyncio.timeout(options.timeout)
    try:
        async with clock:
            return await _ended(holder)
    except TimeoutError as error:
        if not clock.expired():
            raise
        message = f"the first call of {run.operation_name} with this key is not over after {options.timeout:g} s"
        raise OperationTimeout(message, task_run_id=str(holder.id)) from error


async def _ended(holder: TaskRun) -> TaskRun:
    while True:
        newest = await _newest_attempt(holder)
        ended = await watching.end(ObjectId(newest.id), partial(_reload, newest))
        if not await _goes_on(ended):
            return ended
        await asyncio.sleep(_PAUSE)


async def _goes_on(run: TaskRun) -> bool:
    """Whether another attempt follows. It is queued before its mark is taken away, so one of the two is seen."""
    later = {"logical_run_id": run.logical_run_id, "attempt": {"$gt": run.attempt}}
    return (
        run.attempt < run.max_attempts
        and (await _one({"_id": run.id, "retry_due": True}) or await _one(later)) is not None
    )


async def _newest_attempt(holder: TaskRun) -> TaskRun:
    if holder.max_attempts == 1:
        return await _reload(holder)
    later = {"logical_run_id": holder.logical_run_id, "attempt": {"$gt": 1}}
    return await _one(later, sort=[("attempt", DESCENDING)]) or await _reload(holder)


async def _reload(run: TaskRun) -> TaskRun:
    return await _one({"_id": run.id}) or run


async def _one(query: dict[str, Any], **options: Any) -> TaskRun | None:
    found = await store.records().find_one(query, **options)
    return None if found is None else TaskRun.model_validate(found)
