"""Which pending runs a runner takes next.

Operations have turns, so that a long queue of one does not keep the others waiting. An operation that had nothing, or
whose own limit was reached, is not asked again before the next look at the database or a wake-up.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable

from pymongo.errors import DuplicateKeyError

from core.registries import OperationMetadata
from core.runs import store
from core.runs.heartbeat import heartbeat
from core.runs.model import TaskRun
from core.settings import Settings

log = logging.getLogger("core.runs")

_AT_ONCE = 8


class Claims:
    """The claims of one runner, for operations that run in the background."""

    def __init__(self, operations: Iterable[OperationMetadata], settings: Settings) -> None:
        self._operations = [one for one in operations if one.async_enabled]
        self._settings = settings
        self._rests_until: dict[str, float] = {}
        self._turn = 0
        self._at_once = 1
        self._idle = True

    def wake(self, operation_name: str) -> None:
        """There may be something to claim of that operation now."""
        self._rests_until.pop(operation_name, None)
        self._idle = False

    async def take(self, most: int) -> list[TaskRun]:
        """Up to ``most`` runs, which are ours now; none where there is nothing to claim.

        Raises:
            PyMongoError: the database refused, and nothing was claimed.
        """
        asked = self._next(min(most, self._at_once))
        if self._idle and asked and not await store.is_anything_pending():
            asked = []
        found = await asyncio.gather(*(self._claim(one) for one in asked), return_exceptions=True)
        runs = [one for one in found if isinstance(one, TaskRun)]
        errors = [one for one in found if isinstance(one, BaseException)]
        for operation, run in zip(asked, found, strict=True):
            if run is None:
                self._rests_until[operation.name] = asyncio.get_running_loop().time() + self._settings.run_poll
        self._idle = not asked
        self._at_once = min(self._at_once * 2, _AT_ONCE) if runs else 1
        if errors and not runs:
            raise errors[0]
        for error in errors:
            log.warning("a claim failed: %s", error)
        if asked and not runs:
            return await self.take(most)  # these had nothing, others may have
        return runs

    def _next(self, most: int) -> list[OperationMetadata]:
        """Whom to ask: each in its turn, those without a limit of their own several times."""
        now = asyncio.get_running_loop().time()
        ready = [one for one in self._operations if self._rests_until.get(one.name, 0) <= now]
        if not ready:
            return []
        self._turn = (self._turn + 1) % len(ready)
        ready = ready[self._turn :] + ready[: self._turn]
        unlimited = [one for one in ready if one.concurrency is None]
        times = -(-most // len(unlimited)) if unlimited else 0
        return [*ready, *unlimited * times][:most]

    async def _claim(self, operation: OperationMetadata) -> TaskRun | None:
        worker, lease = heartbeat().worker, self._settings.run_lease
        if operation.concurrency is None:
            return await store.claim(operation.name, worker=worker, lease=lease)
        used = await store.slots_in_use(operation.name)
        for slot in range(operation.concurrency):
            if slot not in used:
                with contextlib.suppress(DuplicateKeyError):  # another runner took this slot meanwhile
                    return await store.claim(operation.name, worker=worker, lease=lease, slot=slot)
        return None
