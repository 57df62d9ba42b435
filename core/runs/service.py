"""``Runs``: everything a surface does with runs. Each method takes the principal and answers only what it may see."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

from bson import ObjectId

from core.access import TASK_RUN, Principal, check
from core.actions.driver import driver_errors
from core.actions.reads import Reads
from core.errors import InputError, NotFound, OperationFailed, RunCancelled, UserError
from core.queries import compile_filter
from core.registries import OperationMetadata
from core.runs import journal, lineage, stats, store, watching
from core.runs.dispatch import Dispatcher, InDatabase
from core.runs.execution import stop_at_work
from core.runs.hub import hub
from core.runs.journal import LogLine
from core.runs.launch import launch
from core.runs.model import TaskRun
from core.runs.options import Execution, RunOptions
from core.runs.replay import RunDiff, diff_of
from core.runs.returned import Load, load_for, output_for, output_of
from core.runs.runner import Runner
from core.runs.stats import RunStats
from core.runs.stored import loadable
from core.runs.visibility import VisibleRuns
from core.runs.work import Stop
from core.settings import Settings
from core.specs import Catalog, OperationSpec

_LONGEST_CHAIN = 1000


class Runs:
    """Start, cancel, replay and look at runs of the catalog's operations."""

    def __init__(self, catalog: Catalog, settings: Settings, dispatcher: Dispatcher | None = None) -> None:
        self._catalog = catalog
        self._settings = settings
        self._reads = Reads(catalog, settings)
        self._dispatcher = dispatcher or InDatabase()
        self._runner = Runner([_metadata(spec) for spec in catalog.operations.values()], settings)

    # starting and stopping

    async def start(
        self,
        operation: OperationSpec | str,
        data: Any,
        *,
        principal: Principal,
        trigger: str,
        options: RunOptions = RunOptions(),  # noqa: B008  (frozen)
    ) -> Execution:
        """Run it and answer with its output, or (``background``) with the pending run. ``data`` is JSON-like in
        declared names, or an instance of the input model.

        Raises:
            NotFound: there is no such operation.
            Forbidden, Unauthenticated: the principal may not run it.
            InputError: ``data`` does not validate, or the operation has no background mode; there is no run then.
            LimitExceeded: the input is too large; there is no run then.
            Conflict: the idempotency key stands for another input, or for somebody else's call.
            OperationFailed, OperationTimeout, RunCancelled: it ended without success; ``task_run_id`` names the run.
            Unavailable: the database does not answer.
        """
        return await self._start(self._runnable(operation, principal), data, principal, trigger, options, None)

    async def cancel(self, run_id: object, principal: Principal) -> TaskRun:
        """Ask a run to stop: a pending one at once, a running one at its next ``await`` or ``raise_if_cancelled``;
        one that is done stays as it is.

        Raises:
            NotFound: there is none of that id, or the principal may not see it.
            Forbidden, Unauthenticated: the principal may not run the operation.
        """
        run = await self._controlled(run_id, principal)
        key = ObjectId(run.id)
        with self._database():
            if not run.status.is_final and not await store.cancel_pending(key):
                await store.request_cancel(key)
                stop_at_work(key, Stop.CANCEL)
        run = await self.get(key, principal)
        hub().publish(run)
        return run

    async def replay(
        self,
        run_id: object,
        principal: Principal,
        *,
        input: Any = None,
        trigger: str = "python",
        options: RunOptions = RunOptions(),  # noqa: B008  (frozen)
    ) -> Execution:
        """Run the stored input, or ``input``, again as a new run whose ``replay_of`` names this one.

        Raises:
            NotFound: there is no such run for the principal, or its operation is gone.
            InputError: the input holds a secret, which is not stored: give ``input``. Else as ``start``.
        """
        run = await self._controlled(run_id, principal)
        spec = self._runnable(run.operation_name, principal)
        data = loadable(run.input_dump) if input is None else input
        return await self._start(spec, data, principal, trigger, options, run)

    async def start_runner(self) -> None:
        """Execute background runs in this process from now on, and look after runs whose process went silent."""
        self._runner.start()

    async def stop_runner(self) -> None:
        """Claim no more, let what runs here end for ``run_drain`` seconds, then interrupt it."""
        await self._runner.stop()

    # looking

    async def get(self, run_id: object, principal: Principal) -> TaskRun:
        """One run.

        Raises:
            NotFound: there is none of that id, or the principal may not see it.
        """
        with self._database():
            return await self._visible(principal).get(run_id)

    async def outcome(self, run_id: object, principal: Principal) -> Execution:
        """One run with its output as the operation's output model, its documents as the principal may see them now.

        Raises:
            NotFound: there is none of that id, or the principal may not see it.
        """
        run = await self.get(run_id, principal)
        spec = self._catalog.operations.get(run.operation_name)
        output = None if spec is None else await output_of(_metadata(spec), run, self._load(principal))
        return Execution(run=run, output=output)

    async def replays(self, run_ids: Collection[object], principal: Principal) -> dict[str, list[TaskRun]]:
        """The runs that repeat each of these, oldest first, by id: one query for all."""
        with self._database():
            return await self._visible(principal).by("replay_of", run_ids)

    async def children(self, run_ids: Collection[object], principal: Principal) -> dict[str, list[TaskRun]]:
        """The runs that each of these called, oldest first, by id: one query for all."""
        with self._database():
            return await self._visible(principal).by("parent", run_ids)

    async def attempts(self, run_id: object, principal: Principal) -> list[TaskRun]:
        """All attempts of the same call, the first one first.

        Raises:
            NotFound: there is no such run for the principal.
        """
        run = await self.get(run_id, principal)
        with self._database():
            later = {"logical_run_id": run.logical_run_id, "attempt": {"$gt": 1}}
            query = {"$or": [{"_id": run.logical_run_id}, later]}
            found = [one async for one in self._visible(principal).find(query)]
        return sorted(found, key=lambda one: one.attempt)

    async def chain(self, run_id: object, principal: Principal) -> list[TaskRun]:
        """The run that all of this one's chain repeat, then its replays and theirs, as far as they are visible.

        Raises:
            NotFound: there is no such run for the principal.
        """
        first = await self.get(run_id, principal)
        visible = self._visible(principal)
        with self._database():
            while first.replay_of is not None:
                earlier = [one async for one in visible.find({"_id": first.replay_of})]
                if not earlier:
                    break
                first = earlier[0]
            found, layer = [first], [first]
            while layer and len(found) < _LONGEST_CHAIN:
                by_run = await visible.by("replay_of", [one.id for one in layer])
                layer = [replay for one in layer for replay in by_run[str(one.id)]]
                found += layer
        return found

    async def diff(self, run_id: object, principal: Principal) -> RunDiff:
        """What a replay changed: its input and output against those of the run it repeats.

        Raises:
            NotFound: there is no such run, or the one it repeats is gone or hidden.
            InputError: the run is no replay.
        """
        replay = await self.get(run_id, principal)
        if replay.replay_of is None:
            raise InputError(f"run {run_id} repeats no other run")
        return diff_of(await self.get(replay.replay_of, principal), replay)

    async def stats(self, principal: Principal, filter: Mapping[str, Any] | None = None) -> RunStats:
        """Counts, success rate and durations of the visible runs that a filter (wire names) matches: in all, by
        operation and by hour.

        Raises:
            InputError: the filter is wrong.
            Forbidden, Unauthenticated: the principal may not read runs.
        """
        model = self._catalog.models[TASK_RUN]
        check(model.access, "read", principal, model.name)
        compiled = compile_filter(self._catalog, model, principal, filter)
        with self._database():
            return await stats.summarise(self._visible(principal).query(compiled.query))

    async def touched_by(self, model: str, id: object, principal: Principal, limit: int = 20) -> list[TaskRun]:
        """The newest runs that inserted, updated or deleted a document, newest first, those the principal may see."""
        return (await self.touched_by_many(model, [id], principal, limit))[str(id)]

    async def touched_by_many(
        self, model: str, ids: Collection[object], principal: Principal, limit: int = 20
    ) -> dict[str, list[TaskRun]]:
        """The same for several documents, by document id: a few queries for all."""
        with self._database():
            keys = await lineage.runs_that_touched(model, ids, limit, self._visible(principal).among)
            wanted = list({key for found in keys.values() for key in found})
            runs = {ObjectId(run.id): run async for run in self._visible(principal).find({"_id": {"$in": wanted}})}
        return {one: [runs[key] for key in found if key in runs] for one, found in keys.items()}

    # following

    async def logs(
        self, run_id: object, principal: Principal, after: str | None = None, limit: int = 100
    ) -> list[LogLine]:
        """Up to ``limit`` lines of its journal, those after the line of the ``seq`` given in ``after``.

        Raises:
            NotFound: there is no such run for the principal.
            InputError: ``after`` is no seq.
        """
        run = await self.get(run_id, principal)
        with self._database():
            return await journal.read(ObjectId(run.id), after, limit)

    async def watch_logs(
        self, run_id: object, principal: Principal, after: str | None = None
    ) -> AsyncGenerator[LogLine]:
        """The lines of its journal, those of the past at once and the others as they come, until the run is final.

        Raises:
            NotFound: there is no such run for the principal.
            InputError: ``after`` is no seq.
        """
        run = await self.get(run_id, principal)
        async for line in watching.lines(ObjectId(run.id), lambda: self.get(run_id, principal), after):
            yield line

    async def watch(self, run_id: object, principal: Principal) -> AsyncGenerator[TaskRun]:
        """The run as it is, then after every change, until it is final.

        Raises:
            NotFound: there is none of that id, or the principal may not see it.
        """
        run = await self.get(run_id, principal)
        async for state in watching.states(ObjectId(run.id), lambda: self.get(run_id, principal)):
            yield self._visible(principal).shown(state)

    async def _start(
        self,
        spec: OperationSpec,
        data: Any,
        principal: Principal,
        trigger: str,
        options: RunOptions,
        replay_of: TaskRun | None,
    ) -> Execution:
        try:
            done = await launch(
                _metadata(spec), data, principal=principal.id, trigger=trigger, settings=self._settings,
                options=options, dispatcher=self._dispatcher, replay_of=replay_of,
            )  # fmt: skip
        except OperationFailed:
            raise
        except BaseException as error:
            raise _as_failure(spec, error) from error
        output = done.output
        if output is not None and (principal.scopes or not principal.is_owner):
            output = await output_for(_metadata(spec), output, self._load(principal))
        return Execution(run=self._visible(principal).shown(done.run), output=output)

    async def _controlled(self, run_id: object, principal: Principal) -> TaskRun:
        """A run the principal sees and may start and stop."""
        run = await self.get(run_id, principal)
        self._runnable(run.operation_name, principal)
        return run

    def _runnable(self, operation: OperationSpec | str, principal: Principal) -> OperationSpec:
        spec = operation if isinstance(operation, OperationSpec) else self._catalog.operations.get(operation)
        if spec is None:
            raise NotFound(f"there is no operation {operation!r}")
        check(spec.access, "run", principal, spec.name)
        return spec

    def _load(self, principal: Principal) -> Load:
        return load_for(self._reads, principal)

    def _database(self) -> AbstractContextManager[None]:
        """PyMongo's errors inside the block become ours: ``Unavailable`` where the database does not answer."""
        return driver_errors(self._settings, self._catalog.models[TASK_RUN])

    def _visible(self, principal: Principal) -> VisibleRuns:
        return VisibleRuns(self._catalog, principal)


def _as_failure(spec: OperationSpec, error: BaseException) -> BaseException:
    """What a surface gets for what the operation raised: only ``UserError`` speaks to whoever called."""
    run_id = getattr(error, "task_run_id", None)
    task = asyncio.current_task()
    if run_id is None or (isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling()):
        return error
    if isinstance(error, asyncio.CancelledError):
        return RunCancelled(f"{spec.name} cancelled itself", task_run_id=run_id)
    message = str(error) if isinstance(error, UserError) else f"{spec.name} failed; its run says why"
    return OperationFailed(message, task_run_id=run_id)


def _metadata(spec: OperationSpec) -> OperationMetadata:
    return spec.function.operation  # pyright: ignore[reportFunctionMemberAccess]
