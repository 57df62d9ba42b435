"""Recording how a run ended: journal, references, then the record itself, under the run's claim."""

import traceback
from typing import Any

from pymongo.errors import PyMongoError

from core.errors import OperationFailed, UserError
from core.runs import lineage, store
from core.runs.hub import hub
from core.runs.journal import Journal
from core.runs.lifecycle import TaskRunStatus
from core.runs.model import TaskRun
from core.runs.persistence import insistently, reason
from core.runs.retries import queue_next_attempt
from core.runs.returned import models_by_class
from core.runs.store import Claim, Fields
from core.runs.stored import Redaction, Stored, stored
from core.runs.touched import TouchLog
from core.runs.work import Outcome
from core.settings import Settings

_LONGEST_TRACEBACK = 20_000
_LONGEST_MESSAGE = 2_000
_VAIN = (TaskRunStatus.FAILED, TaskRunStatus.INTERRUPTED)


class Closing:
    """How one run's end is written. ``outcome`` is what became of it, ``final`` whether no attempt follows."""

    def __init__(self, run: TaskRun, outcome: Outcome, settings: Settings, redact: Redaction) -> None:
        self.outcome = outcome
        self.final = True
        self._run = run
        self._settings = settings
        self._redact = redact

    async def write(self, journal: Journal, touched: TouchLog) -> None:
        """Put the end on the run and into the database. Where another process ended the run meanwhile, ``outcome``
        becomes that.

        Raises:
            Unavailable: the database did not answer for the length of a lease.
        """
        run, patience = self._run, self._settings.run_lease
        fields = self._fields()
        await self._close(journal)
        await insistently(lambda: lineage.keep(run, touched.all()), patience)
        fields |= {"result_refs": run.result_refs, "result_refs_total": run.result_refs_total}
        fields |= {"progress": run.progress.model_dump() if run.progress else None}
        ended = await insistently(lambda: self._finish(fields), patience)
        if ended is None:
            self._lost()
            return
        for name in TaskRun.model_fields.keys() & ({**fields, **ended}.keys() - {"progress"}):
            setattr(run, name, {**fields, **ended}[name])
        run.status, run.lease_expires_at = self.outcome.status, None
        if ended.get("retry_due"):
            self.final = False
            await insistently(lambda: queue_next_attempt(run, self._settings), patience)
            hub().pending_added(run.operation_name)

    async def _close(self, journal: Journal) -> None:
        try:
            await insistently(journal.close, self._settings.run_lease)
        except PyMongoError as error:  # lines that are refused must not keep the run from ending
            await journal.lose(reason(error))

    async def _finish(self, fields: Fields) -> Fields | None:
        claim, status = Claim.of(self._run), self.outcome.status
        may_retry = status in _VAIN and not isinstance(self.outcome.cause, UserError)
        ended = await store.finish(claim, status, fields, retry=may_retry)
        if ended is not None:
            return ended
        # A try before this one may have been written, and its answer lost.
        standing = await store.stands(claim)
        return standing if standing is not None and standing["status"] == status else None

    def _lost(self) -> None:
        run = self._run
        run.status = TaskRunStatus.INTERRUPTED
        message = f"{run.operation_name} was interrupted: its lease ran out, and another process ended the run"
        error = OperationFailed(message, task_run_id=str(run.id))
        self.outcome = Outcome(status=run.status, error=error, cause=self.outcome.error)

    def _fields(self) -> dict[str, Any]:
        """What the record gets to hold; an output that cannot be stored is a failure."""
        if self.outcome.output is not None:
            try:
                return self._output_fields(stored(self.outcome.output, models_by_class()))
            except ValueError as error:
                failure = TypeError(f"the output of {self._run.operation_name} cannot be stored: {error}")
                self.outcome = Outcome(
                    status=TaskRunStatus.FAILED, code=OperationFailed.code, error=failure, cause=failure
                )
        return self._error_fields()

    def _output_fields(self, found: Stored) -> dict[str, Any]:
        if len(found.text.encode()) > self._settings.max_output_bytes:
            return {"output": None, "output_truncated": True}
        return {"output": self._redact.inside(found.value), "output_truncated": False}

    def _error_fields(self) -> dict[str, Any]:
        error = self.outcome.error
        assert error is not None, "what gave no output gave an error"
        cause = self.outcome.cause or error
        return {
            "error_code": self.outcome.code,
            "error_message": self._redact(_message(error))[:_LONGEST_MESSAGE],
            "error_traceback": self._redact("".join(traceback.format_exception(cause)))[-_LONGEST_TRACEBACK:],
        }


def _message(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}".rstrip(": ")
    except Exception:  # an exception whose own text cannot be made
        return type(error).__name__
