"""The next attempt of a background run that ended in vain: another document, queued with a growing delay.

The write that ends a run also marks it ``retry_due`` where attempts are left. So a process that dies before it queued
the attempt loses nothing: the recovery of any process finds the mark.
"""

import contextlib
import hashlib

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from core.runs import store
from core.runs.model import TaskRun
from core.settings import Settings

_SAME_IN_EVERY_ATTEMPT = (
    "operation_name", "input_dump", "input_hash", "trigger", "principal", "operation_version", "mode", "max_attempts",
    "logical_run_id", "replay_of", "parent", "timeout", "orchestrated", "prefect_flow_run_id", "prefect_task_run_id",
)  # fmt: skip


async def queue_next_attempt(run: TaskRun, settings: Settings) -> TaskRun:
    """Queue it; it is there once, whoever does this and however often."""
    attempt = run.attempt + 1
    same = {name: getattr(run, name) for name in _SAME_IN_EVERY_ATTEMPT}
    following = TaskRun(id=attempt_id(run, attempt), attempt=attempt, **same)  # pyright: ignore[reportArgumentType]
    delay = seconds_before(attempt, settings)
    with contextlib.suppress(DuplicateKeyError):  # a runner has claimed it already
        await store.insert_pending(following, delay=delay)
    await store.attempt_queued(ObjectId(run.id))
    return following


def seconds_before(attempt: int, settings: Settings) -> float:
    """How long after the one before it that attempt waits, the second attempt being the first that does."""
    doublings = min(attempt - 2, 60)  # a float ends somewhere beyond 2 ** 1000
    return min(settings.run_retry_delay * 2**doublings, settings.run_retry_longest)


def attempt_id(run: TaskRun, attempt: int) -> ObjectId:
    """The same for everybody, so that two processes cannot queue one attempt twice. It begins with the time of the
    first attempt, so that ids keep sorting by time."""
    first = ObjectId(run.logical_run_id or run.id).binary
    digest = hashlib.sha256(first + attempt.to_bytes(4, "big")).digest()
    return ObjectId(first[:4] + digest[:8])
