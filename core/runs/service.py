"""``Runs``: everything a surface does with runs. Each method takes the principal and answers only what it may see."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

from bson import ObjectId

from core.access import Principal, check
from core.errors import InputError, NotFound
from core.registries import OperationMetadata
from core.runs import journal
from core.runs.call import execute
from core.runs.journal import LogLine
from core.runs.model import TaskRun
from core.runs.options import Execution, RunMode, RunOptions
from core.runs.visibility import visible_run, visible_runs_by
from core.settings import Settings
from core.specs import Catalog, OperationSpec


class Runs:
    """Start, cancel, replay and look at runs of the catalog's operations."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings

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
            OperationFailed, OperationTimeout, RunCancelled: it ended without success; ``task_run_id`` names the run.
        """
        spec = self._operation(operation)
        check(spec.access, "run", principal, spec.name)
        if options.mode is RunMode.BACKGROUND and not spec.async_enabled:
            raise InputError(f"{spec.name} does not run in the background; declare it with async_enabled=True")
        return await execute(_metadata(spec), data, trigger=trigger, principal=principal)

    async def get(self, run_id: object, principal: Principal) -> TaskRun:
        """One run.

        Raises:
            NotFound: there is none of that id, or the principal may not see it.
        """
        return await visible_run(self._catalog, run_id, principal)

    async def outcome(self, run_id: object, principal: Principal) -> Execution:
        """One run with its output as the operation's output model.

        Raises:
            NotFound: there is none of that id, or the principal may not see it.
        """
        run = await self.get(run_id, principal)
        spec = self._catalog.operations.get(run.operation_name)
        if spec is None or run.output is None:
            return Execution(run=run, output=None)
        return Execution(run=run, output=_metadata(spec).output_schema.model_validate(run.output))

    async def cancel(self, run_id: object, principal: Principal) -> TaskRun:
        """Ask a run to stop: a pending one at once, a running one at its next ``await`` or ``raise_if_cancelled``;
        one that is done stays as it is.

        Raises:
            NotFound: there is none of that id, or the principal may not see it.
            Forbidden: the principal may not run the operation.
        """
        run = await self._controlled(run_id, principal)
        if not run.status.is_final:
            await TaskRun.get_pymongo_collection().update_one({"_id": run.id}, {"$set": {"cancel_requested": True}})
        return await self.get(run_id, principal)

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
        """
        run = await self._controlled(run_id, principal)
        data = run.input_dump if input is None else input
        return await self.start(run.operation_name, data, principal=principal, trigger=trigger, options=options)

    async def replays(self, run_ids: Collection[object], principal: Principal) -> dict[str, list[TaskRun]]:
        """The runs that repeat each of these, oldest first, by id: one query for all."""
        return await visible_runs_by(self._catalog, "replay_of", run_ids, principal)

    async def children(self, run_ids: Collection[object], principal: Principal) -> dict[str, list[TaskRun]]:
        """The runs that each of these called, oldest first, by id: one query for all."""
        return await visible_runs_by(self._catalog, "parent", run_ids, principal)

    async def watch(self, run_id: object, principal: Principal) -> AsyncIterator[TaskRun]:
        """The run as it is, then after every change, until it is final.

        Raises:
            NotFound: there is none of that id, or the principal may not see it.
        """
        shown: dict[str, Any] | None = None
        while True:
            run = await self.get(run_id, principal)
            if (state := run.model_dump()) != shown:
                shown = state
                yield run
            if run.status.is_final:
                return
            await asyncio.sleep(0.2)

    async def logs(
        self, run_id: object, principal: Principal, after: str | None = None, limit: int = 100
    ) -> list[LogLine]:
        """Up to ``limit`` lines of its journal, those after the line of the ``seq`` given in ``after``.

        Raises:
            NotFound: there is no such run for the principal.
            InputError: ``after`` is no seq.
        """
        run = await self.get(run_id, principal)
        return await journal.read(ObjectId(run.id), after, limit)

    async def watch_logs(
        self, run_id: object, principal: Principal, after: str | None = None
    ) -> AsyncIterator[LogLine]:
        """The lines of its journal, those of the past at once and the others as they come, until the run is final.

        Raises:
            NotFound: there is no such run for the principal.
            InputError: ``after`` is no seq.
        """
        while True:
            run = await self.get(run_id, principal)
            for line in await journal.read(ObjectId(run.id), after, 1000):
                after = str(line.seq)
                yield line
            if run.status.is_final:
                return
            await asyncio.sleep(0.2)

    async def _controlled(self, run_id: object, principal: Principal) -> TaskRun:
        """A run the principal sees and may start and stop."""
        run = await self.get(run_id, principal)
        spec = self._operation(run.operation_name)
        check(spec.access, "run", principal, spec.name)
        return run

    def _operation(self, operation: OperationSpec | str) -> OperationSpec:
        if isinstance(operation, OperationSpec):
            return operation
        found = self._catalog.operations.get(operation)
        if found is None:
            raise NotFound(f"there is no operation {operation!r}")
        return found


def _metadata(spec: OperationSpec) -> OperationMetadata:
    return spec.function.operation  # pyright: ignore[reportFunctionMemberAccess, reportUnknownVariableType, reportUnknownMemberType]
