"""A runner claims pending runs and executes them, so many at once; every server has one, every worker is one.

It also does the recovery for everybody: whichever runner is connected looks after runs whose process went silent.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping

from pydantic import ValidationError
from pymongo.errors import PyMongoError

from core.registries import OperationMetadata
from core.runs.claims import Claims
from core.runs.execution import perform, reject, stop_all
from core.runs.hub import hub
from core.runs.model import TaskRun
from core.runs.persistence import reason
from core.runs.recovery import Recovery
from core.runs.stored import Redaction, loadable
from core.runs.work import GRACE, Stop
from core.settings import Settings

log = logging.getLogger("core.runs")

_BETWEEN_ERRORS = 1.0
_TO_CLAIM = 1.0
_TO_CLOSE = 1.0
"""Seconds an interrupted run gets to be recorded at a shutdown, beside the grace its function gets."""


class Runner:
    """``start`` and ``stop`` it on the loop that has the database. ``operations`` are those it may claim."""

    def __init__(self, operations: Iterable[OperationMetadata], settings: Settings) -> None:
        self._operations: Mapping[str, OperationMetadata] = {one.name: one for one in operations if one.async_enabled}
        self._settings = settings
        self._claims = Claims(self._operations.values(), settings)
        self._recovery = Recovery(settings)
        self._executing: set[asyncio.Task[None]] = set()
        self._claiming: asyncio.Task[None] | None = None
        self._recovering: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._stopping = False

    def start(self) -> None:
        self._stopping = False
        self._claiming = asyncio.create_task(self._claim_on())
        self._recovering = asyncio.create_task(self._recovery.run())

    async def stop(self) -> None:
        """Claim no more, let what runs end for ``run_drain`` seconds, then interrupt it. What is interrupted is
        recorded so, and retried where its operation declares that."""
        self._stopping = True
        self._wake.set()
        if self._claiming is not None and self._recovering is not None:
            # Not cancelled: what is being claimed this moment would be ours without our knowing.
            await asyncio.wait({self._claiming}, timeout=_TO_CLAIM)
            self._claiming.cancel()
            self._recovering.cancel()
            await asyncio.gather(self._claiming, self._recovering, return_exceptions=True)
        if self._executing:
            await asyncio.wait(self._executing, timeout=self._settings.run_drain)
        await stop_all(Stop.SHUTDOWN, GRACE + _TO_CLOSE)

    async def _claim_on(self) -> None:
        with hub().telling_of_pending(self._pending):
            while not self._stopping:
                self._wake.clear()
                try:
                    await self._claim_all()
                except PyMongoError as error:
                    log.warning("cannot claim runs, trying again: %s", reason(error))
                    await asyncio.sleep(_BETWEEN_ERRORS)
                except Exception:  # a record that somebody broke must not end the runner
                    log.exception("cannot claim a run, trying others")
                    await asyncio.sleep(_BETWEEN_ERRORS)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.run_poll):  # wait_for may lose a cancellation in 3.11
                        await self._wake.wait()

    async def _claim_all(self) -> None:
        """Claim until there is nothing to claim, or nobody free to execute it."""
        while not self._stopping and (free := self._settings.run_concurrency - len(self._executing)) > 0:
            runs = await self._claims.take(free)
            for run in runs:
                self._begin(run)
            if not runs:
                return

    def _pending(self, operation_name: str) -> None:
        self._claims.wake(operation_name)
        self._wake.set()

    def _begin(self, run: TaskRun) -> None:
        hub().publish(run)
        task = asyncio.create_task(self._execute(run))
        self._executing.add(task)
        task.add_done_callback(lambda task: self._ended(task, run.operation_name))

    def _ended(self, task: "asyncio.Task[None]", operation_name: str) -> None:
        self._executing.discard(task)
        self._pending(operation_name)

    async def _execute(self, run: TaskRun) -> None:
        operation = self._operations[run.operation_name]
        try:
            try:
                data = operation.input_schema.model_validate(loadable(run.input_dump))
            except ValidationError as error:
                await reject(run, error, self._settings)
            else:
                await perform(operation, data, run, self._settings, Redaction())
        except BaseException as error:
            if getattr(error, "task_run_id", None) != str(run.id):
                log.exception("run %s could not be recorded; it will count as interrupted", run.id)
                raise
            log.info("run %s of %s ended without success: %r", run.id, run.operation_name, error)
