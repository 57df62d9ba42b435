"""Who waits for what in this event loop: watchers of runs and journals, runners for pending runs.

What this process does to a run is published at once. What others do comes by one change stream of the process, and
where the server has none by one indexed query a moment for all watched runs together.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from bson import ObjectId
from pymongo.errors import ConnectionFailure, PyMongoError

from core.database.changes import Event, Listener, changes_of_loop
from core.runs import store
from core.runs.collections import RUNS
from core.runs.lifecycle import TaskRunStatus
from core.runs.model import TaskRun

log = logging.getLogger("core.runs")

_POLL = 0.25
"""Seconds between two looks at the watched runs without a change stream."""
_POLL_BESIDE_STREAM = 5.0
_AGAIN = 1.0
_KEPT_STATES = 16
"""A reader slower than the run misses states in between; the newest, and so the final one, always comes."""
_RANKS = {TaskRunStatus.PENDING: 0, TaskRunStatus.RUNNING: 1}
_FINAL_RANK = 2


@dataclass(eq=False)
class Watcher:
    """One reader's unread states of one run; ``wake`` is set when there are some, or when its journal grew."""

    states: deque[TaskRun] = field(default_factory=lambda: deque[TaskRun](maxlen=_KEPT_STATES))
    wake: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class _Topic:
    watchers: set[Watcher] = field(default_factory=set[Watcher])
    last: TaskRun | None = None


class Hub:
    """Use the running loop's own, ``hub()``."""

    def __init__(self) -> None:
        self._topics: dict[ObjectId, _Topic] = {}
        self._runners: list[Callable[[str], None]] = []
        self._watching: asyncio.Task[None] | None = None
        self._changed: set[ObjectId] = set()
        self._look = asyncio.Event()
        self._pause = _POLL

    @property
    def is_idle(self) -> bool:
        """Nobody watches anything."""
        return not self._topics

    # what this process does

    def publish(self, run: TaskRun) -> None:
        """The run is now as it stands here."""
        topic = self._topics.get(ObjectId(run.id))
        if topic is not None:
            _push(topic, run.model_copy(deep=True))

    def journal_grew(self, run_id: ObjectId) -> None:
        topic = self._topics.get(run_id)
        for watcher in topic.watchers if topic else ():
            watcher.wake.set()

    def pending_added(self, operation_name: str) -> None:
        for tell in self._runners:
            tell(operation_name)

    # who waits

    @contextlib.contextmanager
    def telling_of_pending(self, tell: Callable[[str], None]) -> Generator[None]:
        """Inside the block ``tell`` gets the operation's name whenever this loop adds a pending run."""
        self._runners.append(tell)
        try:
            yield
        finally:
            self._runners.remove(tell)

    @contextlib.contextmanager
    def watching(self, run_id: ObjectId) -> Generator[Watcher]:
        """A watcher of the run's states inside the block."""
        watcher = Watcher()
        topic = self._topics.setdefault(run_id, _Topic())
        topic.watchers.add(watcher)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        try:
            yield watcher
        finally:
            topic.watchers.discard(watcher)
            if not topic.watchers:
                self._topics.pop(run_id, None)
            if not self._topics:
                self._watching.cancel()
                self._watching = None  # it ends a moment later, when somebody new may watch already

    # what others do

    async def _watch(self) -> None:
        stream = asyncio.create_task(self._follow_stream())
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause):
                        await self._look.wait()
                self._look.clear()
                changed, self._changed = self._changed or set(self._topics), set()
                with contextlib.suppress(PyMongoError):  # watchers wait until the database is back
                    await self._read(changed)
        finally:
            stream.cancel()

    async def _follow_stream(self) -> None:
        changes = changes_of_loop(store.records().database.name)
        while True:
            lost = asyncio.Event()
            listener = Listener(event=self._note, lost=lambda error, lost=lost: lost.set())
            try:
                await changes.join(listener)
                self._pause = _POLL_BESIDE_STREAM
                self._look.set()
                await lost.wait()
                log.info("the change stream of runs ended, opening it again")
            except ConnectionFailure as error:
                log.info("the change stream of runs cannot be opened yet: %s", error)
            except PyMongoError as error:
                log.info("this server has no change streams, watched runs are looked at every %s s: %s", _POLL, error)
                return
            finally:
                changes.leave(listener)
                self._pause = _POLL
            await asyncio.sleep(_AGAIN)

    async def _note(self, event: Event) -> None:
        if event["ns"]["coll"] == RUNS and event["documentKey"]["_id"] in self._topics:
            self._changed.add(event["documentKey"]["_id"])
            self._look.set()

    async def _read(self, run_ids: Collection[ObjectId]) -> None:
        async for found in store.records().find({"_id": {"$in": list(run_ids)}}):
            topic = self._topics.get(found["_id"])
            if topic is not None:
                _push(topic, TaskRun.model_validate(found))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def is_news(run: TaskRun, last: TaskRun | None) -> bool:
    """Whether the run is something else than it was: a state read before ``last`` may arrive after it."""
    return last is None or (_rank(run) >= _rank(last) and _state(run) != _state(last))


def _push(topic: _Topic, run: TaskRun) -> None:
    if is_news(run, topic.last):
        topic.last = run
        for watcher in topic.watchers:
            watcher.states.append(run)
            watcher.wake.set()


def _rank(run: TaskRun) -> int:
    return _RANKS.get(run.status, _FINAL_RANK)


def _state(run: TaskRun) -> Any:
    return run.status, run.progress, run.cancel_requested, run.worker
