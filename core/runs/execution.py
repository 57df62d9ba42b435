"""Executing one running run in this process: hold its lease, do the work, close the record, tell everybody."""

import asyncio
import contextlib

from bson import ObjectId
from pydantic import BaseModel

from core.errors import OperationFailed
from core.registries import OperationMetadata
from core.runs import store
from core.runs.closing import Closing
from core.runs.context import RunContext
from core.runs.heartbeat import HeldRun, heartbeat
from core.runs.hooks import tell_failure
from core.runs.hub import hub
from core.runs.journal import Journal, capture_logging
from core.runs.lifecycle import TaskRunStatus
from core.runs.model import TaskRun
from core.runs.persistence import uninterrupted
from core.runs.store import Claim
from core.runs.stored import Redaction
from core.runs.touched import TouchLog, collecting
from core.runs.work import Outcome, Stop, Work
from core.settings import Settings

_at_work: dict[ObjectId, Work] = {}
"""What this process is doing, by run."""


async def perform(
    operation: OperationMetadata, data: BaseModel, run: TaskRun, settings: Settings, redact: Redaction
) -> BaseModel:
    """Execute the recorded run and give its output.

    Raises:
        BaseException: whatever the operation raised, with ``task_run_id`` on it; ``OperationTimeout``,
            ``RunCancelled`` and ``OperationFailed`` (interrupted) where we ended it.
        Unavailable: the operation ended, and the database could not be told.
    """
    capture_logging()
    run_id = ObjectId(run.id)
    journal = Journal(run, settings, redact, written=lambda: hub().journal_grew(run_id))
    work = Work(operation, data, RunContext(run, journal))
    held = HeldRun(
        claim=Claim.of(run),
        lease=settings.run_lease,
        database=store.records().database,
        cancel=lambda: work.stop_from_thread(Stop.CANCEL),
        lose=lambda: work.stop_from_thread(Stop.LOST),
    )
    _at_work[run_id] = work
    try:
        with heartbeat().hold(held):
            with collecting() as touched:
                outcome = await work.done(run.timeout)
            closing = Closing(run, outcome, settings, redact)
            _, cancelled = await uninterrupted(closing.write(journal, touched))
    finally:
        del _at_work[run_id]
        work.recorded.set()
    hub().publish(run)
    if closing.final and run.status in (TaskRunStatus.FAILED, TaskRunStatus.INTERRUPTED):
        await tell_failure(run)
    error = closing.outcome.error or cancelled
    if error is not None:
        raise _named(error, run) from closing.outcome.cause
    assert closing.outcome.output is not None
    return closing.outcome.output


async def reject(run: TaskRun, error: Exception, settings: Settings) -> None:
    """Close a claimed run that cannot even begin.

    Raises:
        OperationFailed: always.
    """
    message = f"the stored input does not fit {run.operation_name} any more: {error}"
    failure = OperationFailed(message, task_run_id=str(run.id))
    outcome = Outcome(status=TaskRunStatus.FAILED, code=OperationFailed.code, error=failure)
    closing = Closing(run, outcome, settings, Redaction())
    await closing.write(Journal(run, settings, Redaction(), written=lambda: None), TouchLog())
    hub().publish(run)
    if closing.final:
        await tell_failure(run)
    raise failure


async def stop_all(reason: Stop, patience: float) -> None:
    """Stop whatever is executed on this event loop, awaited runs too, and wait some seconds until it is recorded."""
    loop = asyncio.get_running_loop()
    works = [work for work in _at_work.values() if work.loop is loop]
    for work in works:
        work.stop(reason)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            for work in works:
                await work.recorded.wait()


def stop_at_work(run_id: ObjectId, reason: Stop) -> bool:
    """Whether this process executes the run; it is told to stop then."""
    work = _at_work.get(run_id)
    if work is not None:
        work.stop_from_thread(reason)
    return work is not None


def _named(error: BaseException, run: TaskRun) -> BaseException:
    """The error with the run's id on it, so that whoever catches it can look the run up."""
    try:
        error.task_run_id = str(run.id)  # type: ignore[attr-defined]
        error.add_note(f"task run {run.id}")
    except AttributeError:  # an exception that takes none, such as a frozen dataclass
        return OperationFailed(str(error), task_run_id=str(run.id))
    return error
