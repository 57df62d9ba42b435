"""The feed: opens the change stream when somebody subscribes, closes it when nobody does.

https://www.mongodb.com/docs/manual/changeStreams/
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import bson
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from core.access import Principal, check
from core.actions.driver import translated
from core.actions.reads import Reads
from core.actions.rows import Shown, guard
from core.database.connection import client_of_loop, ensure_database, server_of
from core.errors import CoreError, LimitExceeded, Unavailable
from core.events.subscription import KINDS, Kind, Subscription
from core.events.watch import Event, KnownIds, Watch
from core.paging import Raw
from core.queries import all_of, compile_filter
from core.settings import Settings
from core.specs import Catalog, ModelSpec
from core.stored import CODEC

log = logging.getLogger("core.events")

_KINDS: Mapping[str, Kind] = {"insert": "created", "update": "updated", "replace": "updated", "delete": "deleted"}
_LOST = frozenset({280, 286})  # ChangeStreamFatalError, ChangeStreamHistoryLost
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0

Stream = AsyncChangeStream[Raw]


class ChangeFeed:
    """Changes of every model of the catalog, for any number of subscribers."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._reads = Reads(catalog, settings)
        self._watches: dict[Any, Watch] = {}
        self._keys: dict[Subscription, Any] = {}
        self._pump: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._pre_images = True

    @property
    def subscribers(self) -> int:
        """How many there are at the moment."""
        return len(self._keys)

    async def start(self) -> None:
        """Nothing is opened before somebody subscribes."""

    async def stop(self) -> None:
        """End every subscription and close the stream."""
        for subscription in list(self._keys):
            subscription.end()
        pump = self._close_stream()
        if pump is not None:
            await asyncio.gather(pump, return_exceptions=True)

    def subscribe(
        self,
        model: ModelSpec,
        principal: Principal,
        *,
        filter: Mapping[str, Any] | None = None,
        kinds: Iterable[Kind] = KINDS,
        fields: Collection[str] | None = None,
    ) -> Subscription:
        """Changes of the model's documents that the principal may see and the filter matches, to be used as
        ``async with feed.subscribe(…) as changes: async for change in changes``.

        A document that no longer matches after a change is not told of; a deletion is, to those who could have seen the
        document. ``fields`` are the wire names that ``Change.document`` holds at least; None is every readable one.

        Raises (on entering):
            Forbidden: the principal may not read the model.
            InputError: the filter or a field is wrong.
            Unavailable: the server has no change streams, or does not answer.
        """

        async def enter(subscription: Subscription) -> None:
            await self._enter(subscription, model, principal, filter, fields)

        return Subscription(principal, frozenset(kinds), self._settings.feed_queue, enter, self._leave)

    # subscribers

    async def _enter(
        self,
        subscription: Subscription,
        model: ModelSpec,
        principal: Principal,
        filter: Mapping[str, Any] | None,
        fields: Collection[str] | None,
    ) -> None:
        check(model.access, "read", principal, model.name)
        await ensure_database()
        key, watch = await self._watch(model, principal, filter, fields)
        watch = self._watches.setdefault(key, watch)
        watch.subscribers[subscription] = None
        self._keys[subscription] = key
        await self._stream_is_open()
        if watch.query and "deleted" in subscription.kinds:
            await self._learn_ids(watch)

    async def _watch(
        self, model: ModelSpec, principal: Principal, filter: Mapping[str, Any] | None, fields: Collection[str] | None
    ) -> tuple[Any, Watch]:
        """The watch of these wishes, and the key under which equal wishes share one."""
        shown = Shown(self._catalog, model, principal, fields)
        compiled = compile_filter(self._catalog, model, principal, filter, ("filter",))
        await self._reads.resolve(compiled, principal)
        query = all_of(compiled.query, guard(model, principal))
        if compiled.related:
            watch = Watch(model, query, shown, lambda: self._reads.resolve(compiled, principal))
            return object(), watch
        key = (model.name, bson.encode(query, codec_options=CODEC), shown.keys)
        return key, self._watches.get(key) or Watch(model, query, shown, None)

    def _leave(self, subscription: Subscription) -> None:
        key = self._keys.pop(subscription, None)
        watch = self._watches.get(key)
        if watch is None:
            return
        watch.subscribers.pop(subscription, None)
        if not watch.subscribers:
            del self._watches[key]
        if not self._watches:
            self._close_stream()

    async def _learn_ids(self, watch: Watch) -> None:
        """Which documents match at the beginning. Too many: deletions are then told where pre-images say of what."""
        async with watch.known_lock:
            if watch.known is not None or not self._settings.feed_known_ids:
                return
            watch.known = KnownIds()
            try:
                rows = await self._reads.fetch(watch.model, watch.query, {"_id": 1}, self._settings.feed_known_ids)
            except LimitExceeded:
                rows = []
            except BaseException:
                watch.known = None
                raise
            watch.known.load([row["_id"] for row in rows])

    # the stream

    async def _stream_is_open(self) -> None:
        if self._pump is None or self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._ready.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._pump = asyncio.create_task(self._run(self._ready), name="core.events")
        await asyncio.shield(self._ready)

    def _close_stream(self) -> asyncio.Task[None] | None:
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()
        return pump

    async def _run(self, ready: asyncio.Future[None]) -> None:
        """Read the stream for as long as somebody subscribes; after a failure go on where it broke off."""
        token: Mapping[str, Any] | None = None
        delay = _FIRST_DELAY
        try:
            while True:
                try:
                    async with await self._open(token) as stream:
                        if not ready.done():
                            ready.set_result(None)
                        async for event in stream:
                            await self._publish(event)
                            token, delay = stream.resume_token, _FIRST_DELAY
                            await asyncio.sleep(0)  # a batch in hand would leave its readers no time to read
                    token = None  # the database was dropped, and its stream with it
                except PyMongoError as error:
                    if not ready.done() or getattr(error, "code", None) in _LOST:
                        raise
                    log.warning("the change stream broke off (%s); trying again in %.1f s", error, delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LONGEST_DELAY)
        except PyMongoError as error:
            self._fail(ready, self._reason(error))
        finally:
            if not ready.done():
                ready.cancel()

    def _fail(self, ready: asyncio.Future[None], reason: CoreError) -> None:
        self._pump = None
        if not ready.done():
            ready.set_exception(reason)
        for watch in list(self._watches.values()):
            watch.end(reason)

    async def _open(self, token: Mapping[str, Any] | None) -> Stream:
        database = client_of_loop()[self._settings.mongodb_database]
        collections = sorted({model.document.get_collection_name() for model in self._catalog.models.values()})  # pyright: ignore
        wanted = {"$match": {"ns.coll": {"$in": collections}, "operationType": {"$in": list(_KINDS)}}}
        try:
            return await database.watch(  # pyright: ignore[reportReturnType]
                [wanted],
                full_document="updateLookup",
                full_document_before_change="whenAvailable" if self._pre_images else None,
                resume_after=token,
            )
        except OperationFailure:
            if not self._pre_images:
                raise
            self._pre_images = False  # a server before MongoDB 6 does not know the option
            return await self._open(token)

    async def _publish(self, event: Raw) -> None:
        collection = event["ns"]["coll"]
        description: Mapping[str, Any] = event.get("updateDescription") or {}
        names = [*description.get("updatedFields", ()), *description.get("removedFields", ())]
        found = Event(
            kind=_KINDS[event["operationType"]],
            id=event["documentKey"]["_id"],
            document=event.get("fullDocument"),
            before=event.get("fullDocumentBeforeChange"),
            changed={name.split(".")[0] for name in names},
        )
        for watch in list(self._watches.values()):
            if watch.model.document.get_collection_name() == collection:  # pyright: ignore
                await watch.publish(found)

    def _reason(self, error: PyMongoError) -> CoreError:
        if getattr(error, "code", None) in _LOST:
            return Unavailable("the database no longer knows the changes since it was last read; subscribe again")
        if isinstance(error, OperationFailure) and not isinstance(error, ConnectionFailure):
            return Unavailable(
                f"{server_of(self._settings)} has no change streams, so models cannot be followed live; run MongoDB as "
                "a replica set (one member is enough), or leave MONGODB_URI out for the embedded database"
            )
        model = next(iter(self._catalog.models.values()))
        return translated(error, self._settings, model)
