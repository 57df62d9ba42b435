"""One change stream for all who follow a database in an event loop: open while somebody listens, resumed where it
broke off. https://www.mongodb.com/docs/manual/changeStreams/
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.errors import OperationFailure, PyMongoError

from core.database.codec import CODEC
from core.database.connection import client_of_loop
from core.runs.collections import LOGS, REFS

log = logging.getLogger("core.database")

Event = dict[str, Any]
Stream = AsyncChangeStream[Event]

LOST = frozenset({280, 286})
"""ChangeStreamFatalError, ChangeStreamHistoryLost: what happened meanwhile can no longer be known."""

_OPERATIONS = ("insert", "update", "replace", "delete")
_UNFOLLOWED = (LOGS, REFS)
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Listener:
    """``event`` gets every change in its order, with the document after it (``fullDocument``); ``lost`` the error that
    ended the stream, after which the listener has left."""

    event: Callable[[Event], Awaitable[None]]
    lost: Callable[[Exception], None]


class Changes:
    """Use ``changes_of_loop``."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._listeners: dict[Listener, None] = {}
        self._pump: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._pre_images = True

    async def join(self, listener: Listener) -> None:
        """Listen to every change from now on, until ``leave``. Joining again only waits for the stream to be open.

        Raises:
            PyMongoError: the server has no change streams, or does not answer.
        """
        self._listeners[listener] = None
        if self._pump is None or self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._ready.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._pump = asyncio.create_task(self._run(self._ready), name="core.database.changes")
        await asyncio.shield(self._ready)

    def leave(self, listener: Listener) -> None:
        """The stream is closed with its last listener."""
        self._listeners.pop(listener, None)
        if not self._listeners and self._pump is not None:
            self._pump.cancel()
            self._pump = None

    async def _run(self, ready: asyncio.Future[None]) -> None:
        try:
            await self._follow(ready)
        except Exception as error:
            self._pump = None
            listeners, self._listeners = self._listeners, {}
            if not ready.done():
                ready.set_exception(error)  # those who are joining meet it there
                return
            for listener in listeners:
                listener.lost(error)
        finally:
            if not ready.done():
                ready.cancel()

    async def _follow(self, ready: asyncio.Future[None]) -> None:
        token: Mapping[str, Any] | None = None
        delay = _FIRST_DELAY
        while True:
            stream: Stream | None = None
            try:
                async with await self._open(token) as stream:
                    if not ready.done():
                        ready.set_result(None)
                    async for event in stream:
                        await self._publish(event)
                        delay = _FIRST_DELAY
                token = None  # the database was dropped, and its stream with it
            except PyMongoError as error:
                if not ready.done() or getattr(error, "code", None) in LOST:
                    raise
                token = (stream and stream.resume_token) or token
                log.warning("the change stream broke off (%s); trying again in %.1f s", error, delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)

    async def _publish(self, event: Event) -> None:
        for listener in list(self._listeners):
            await listener.event(event)
        await asyncio.sleep(0)  # a batch in hand would leave those who wait for its events no time to read

    async def _open(self, token: Mapping[str, Any] | None) -> Stream:
        wanted = {"$match": {"operationType": {"$in": list(_OPERATIONS)}, "ns.coll": {"$nin": list(_UNFOLLOWED)}}}
        try:
            return (
                await client_of_loop()
                .get_database(self._database, CODEC)
                .watch(  # pyright: ignore[reportReturnType]
                    [wanted],
                    full_document="updateLookup",
                    full_document_before_change="whenAvailable" if self._pre_images else None,
                    resume_after=token,
                )
            )
        except OperationFailure:
            if not self._pre_images:
                raise
            self._pre_images = False  # a server before MongoDB 6 does not know the option
            return await self._open(token)


_changes: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Changes]] = WeakKeyDictionary()


def changes_of_loop(database: str) -> Changes:
    """The running loop's stream of the database of that name."""
    return _changes.setdefault(asyncio.get_running_loop(), {}).setdefault(database, Changes(database))
