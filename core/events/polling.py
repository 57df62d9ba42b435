"""Changes of runs on a server without change streams: what is new, at work or next in turn is looked at twice a second,
by index.

A run that changed several times between two looks is told of once, as it is by then. Behind the thousand that wait
longest, a waiting run is told of when it is new and again when it is seen at work.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from core.events.subscription import Kind
from core.events.watch import Event
from core.paging import Raw
from core.runs.lifecycle import TaskRunStatus

log = logging.getLogger("core.events")

_PAUSE = 0.5
_PENDING, _RUNNING = TaskRunStatus.PENDING.value, TaskRunStatus.RUNNING.value
_OVERLAP = timedelta(seconds=10)
"""Runs of this long ago are looked at again: inserts become visible later than their time says."""
_MOST_WAITING = 1000
_STATE = {"created_at": 1, "status": 1, "progress": 1, "cancel_requested": 1, "worker": 1, "fence": 1}
"""What tells that a run changed; runs are read whole only then."""


class RunPoll:
    """Calls ``publish`` with every change of the collection of runs between ``start`` and ``stop``."""

    def __init__(self, publish: Callable[[Event], Awaitable[None]]) -> None:
        self._publish = publish
        self._task: asyncio.Task[None] | None = None

    async def start(self, runs: AsyncCollection[Raw]) -> None:
        """Changes from now on. Starting again changes nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(_Looks(runs)), name="core.events.polling")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, looks: "_Looks") -> None:
        while True:
            try:
                changed = await looks.changed()
            except PyMongoError as error:
                log.info("runs cannot be looked at, trying again: %s", error)
            else:
                for event in changed:
                    await self._publish(event)
            await asyncio.sleep(_PAUSE)


class _Looks:
    """One look after the other; each says what changed since the one before, the first one nothing."""

    def __init__(self, runs: AsyncCollection[Raw]) -> None:
        self._runs = runs
        self._known: dict[Any, Raw] | None = None
        self._unfinished: list[Any] = []
        self._since: datetime | None = None

    async def changed(self) -> list[Event]:
        if self._since is None:
            self._since = await self._newest()
        new = await self._states({"created_at": {"$gte": self._since}})
        at_work = {"$or": [{"status": _RUNNING}, {"_id": {"$in": self._unfinished}}]}
        old = await self._states(at_work) | await self._states({"status": _PENDING}, _MOST_WAITING)
        found = {**old, **new}
        events = await self._events({key: self._kind(row, key in new) for key, row in found.items()})
        self._known = found
        self._unfinished = [key for key, row in old.items() if row.get("status") in (_PENDING, _RUNNING)]
        if new:
            self._since = max(row["created_at"] for row in new.values()) - _OVERLAP
        return events

    def _kind(self, row: Raw, is_new: bool) -> Kind | None:
        """What happened to the run, if anything."""
        if self._known is None:
            return None
        known = self._known.get(row["_id"])
        if known is None and is_new:
            return "created"
        # One that is unknown and waits has moved up in the queue, which is no change.
        changed = row.get("status") != _PENDING if known is None else row != known
        return "updated" if changed else None

    async def _newest(self) -> datetime:
        newest = await self._runs.find_one({}, {"created_at": 1}, sort=[("created_at", DESCENDING)])
        return newest["created_at"] - _OVERLAP if newest else datetime.min

    async def _states(self, query: Raw, most: int = 0) -> dict[Any, Raw]:
        found = self._runs.find(query, _STATE)
        if most:
            found = found.sort("created_at", ASCENDING).limit(most)
        return {row["_id"]: row async for row in found}

    async def _events(self, kinds: Mapping[Any, Kind | None]) -> list[Event]:
        changed: dict[Any, Kind] = {key: kind for key, kind in kinds.items() if kind}
        if not changed:
            return []
        rows = {row["_id"]: row async for row in self._runs.find({"_id": {"$in": list(changed)}})}
        return [Event(kind=kind, id=key, document=rows[key]) for key, kind in changed.items() if key in rows]
