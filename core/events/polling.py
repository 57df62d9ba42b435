"""Changes of runs on a server without change streams: what is unfinished or new is looked at, by index, twice a second.

A run that changed several times between two looks is told of once, as it is by then.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import bson
from pymongo import DESCENDING
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from core.database.codec import CODEC
from core.events.watch import Event
from core.paging import Raw
from core.runs.lifecycle import TaskRunStatus

log = logging.getLogger("core.events")

_PAUSE = 0.5
_OVERLAP = timedelta(seconds=10)
"""Runs of this long ago are looked at again: inserts become visible later than their time says."""
_UNFINISHED = [status.value for status in TaskRunStatus if not status.is_final]


class RunPoll:
    """Calls ``publish`` with every change of the collection of runs between ``start`` and ``stop``."""

    def __init__(self, publish: Callable[[Event], Awaitable[None]]) -> None:
        self._publish = publish
        self._task: asyncio.Task[None] | None = None
        self._known: dict[Any, bytes] = {}
        self._unfinished: list[Any] = []
        self._since: datetime | None = None

    async def start(self, runs: AsyncCollection[Raw]) -> None:
        """Changes from now on. Starting again changes nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(runs), name="core.events.polling")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, runs: AsyncCollection[Raw]) -> None:
        first = True
        while True:
            try:
                changed = await self._look(runs)
            except PyMongoError as error:
                log.info("runs cannot be looked at, trying again: %s", error)
            else:
                for event in () if first else changed:
                    await self._publish(event)
                first = False
            await asyncio.sleep(_PAUSE)

    async def _look(self, runs: AsyncCollection[Raw]) -> list[Event]:
        if self._since is None:
            newest = await runs.find_one({}, {"created_at": 1}, sort=[("created_at", DESCENDING)])
            self._since = newest["created_at"] - _OVERLAP if newest else datetime.min
        wanted = [
            {"created_at": {"$gte": self._since}},
            {"status": {"$in": _UNFINISHED}},
            {"_id": {"$in": self._unfinished}},
        ]
        rows = await runs.find({"$or": wanted}).to_list()
        known = {row["_id"]: bson.encode(row, codec_options=CODEC) for row in rows}
        changed = [_event(row, self._known) for row in rows if self._known.get(row["_id"]) != known[row["_id"]]]
        self._known = known
        self._unfinished = [row["_id"] for row in rows if row.get("status") in _UNFINISHED]
        if rows:
            self._since = max(row["created_at"] for row in rows) - _OVERLAP
        return changed


def _event(row: Raw, known: dict[Any, bytes]) -> Event:
    return Event(kind="updated" if row["_id"] in known else "created", id=row["_id"], document=row)
