"""A runner claims pending runs and executes them, so many at once; every server has one, every worker is one.

It also does the recovery for everybody: whichever runner is connected looks after runs whose process went silent.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from itertools import chain

from pydantic import ValidationError
from pymongo.errors import DuplicateKeyError, PyMongoError

from core.registries import OperationMetadata
from core.runs import store
from core.runs.execution import at_work, perform, reject, stop_at_work
from core.runs.heartbeat import heartbeat
from core.runs.hub import hub
from core.runs.model import TaskRun
from core.runs.recovery import Recovery
from core.runs.stored import Redaction, loadable
from core.runs.work import GRACE, Stop
from core.settings import Settings

log = logging.getLogger("core.runs")

_BETWEEN_ERRORS = 1.0
_TO_CLOSE = 1.0
"""Seconds an interrupted run gets to be recorded at a shutdown, beside the grace its function gets."""


class Runner:
    """``start`` and ``stop`` it on the loop that has the database. ``operations`` are those it may claim."""

    def __init__(self, operations: Iterable[OperationMetadata], settings: Settings) -> None:
        self._operations: Mapping[str, OperationMetadata] = {one.name: one for one in operations if one.async_enabled}
        self._settings = settings
        self._recovery = Recovery(settings)
        self._executing: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._turn = 0

    @property
    def is_running(self) -> bool:
        return bool(self._loops)

    def start(self) -> None:
        self._loops = [asyncio.create_task(self._claim_on()), asyncio.create_task(self._recovery.run())]

    async def stop(self) -> None:
        """Claim no more, let what runs end for ``run_drain`` seconds, then interrupt it. What is interrupted is
        recorded so, and retried where its operation declares that."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops = []
        if self._executing:
            await asyncio.wait(self._executing, timeout=self._settings.run_drain)
        for run_id in at_work():
            stop_at_work(run_id, Stop.SHUTDOWN)
        if self._executing:
            await asyncio.wait(self._executing, timeout=GRACE + _TO_CLOSE)

    async def _claim_on(self) -> None:
        with hub().waking_at_pending(self._wake):
            while True:
                self._wake.clear()
                try:
                    while len(self._executing) < self._settings.run_concurrency and (run := await self._claim()):
                        self._begin(run)
                except PyMongoError as error:
                    log.warning("cannot claim runs, trying again: %s", error)
                    await asyncio.sleep(_BETWEEN_ERRORS)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.run_poll):  # wait_for may lose a cancellation in 3.11
                        await self._wake.wait()

    async def _claim(self) -> TaskRun | None:
        """One pending run. Operations with a limit of their own have turns, so that none keeps the others waiting."""
        limited = [one for one in self._operations.values() if one.concurrency is not None]
        self._turn += 1
        start = self._turn % (len(limited) + 1)
        for one in chain(limited[start:], [None], limited[:start]):
            run = await (self._claim_unlimited() if one is None else self._claim_limited(one))
            if run is not None:
                return run
        return None

    async def _claim_unlimited(self) -> TaskRun | None:
        names = [one.name for one in self._operations.values() if one.concurrency is None]
        if not names:
            return None
        return await store.claim(names, worker=heartbeat().worker, lease=self._settings.run_lease)

    async def _claim_limited(self, operation: OperationMetadata) -> TaskRun | None:
        """A run and one of its operation's slots; a unique index keeps a slot from being taken twice."""
        used = await store.slots_in_use(operation.name)
        for slot in range(operation.concurrency or 0):
            if slot not in used:
                with contextlib.suppress(DuplicateKeyError):  # another runner took this slot meanwhile
                    return await store.claim(
                        [operation.name], worker=heartbeat().worker, lease=self._settings.run_lease, slot=slot
                    )
        return None

    def _begin(self, run: TaskRun) -> None:
        hub().publish(run)
        task = asyncio.create_task(self._execute(run))
        self._executing.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._executing.discard(task)
        self._wake.set()

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
