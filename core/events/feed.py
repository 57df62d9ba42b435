"""The feed: takes every change of the database once and hands it to those who may see it and want to."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import bson
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from core.access import TASK_RUN, Principal, check
from core.actions.driver import collection_for, driver_errors, translated
from core.actions.reads import Reads
from core.actions.rows import guard
from core.database.changes import LOST, Changes, Listener, changes_of_loop
from core.database.codec import CODEC
from core.database.connection import database_of, ensure_database
from core.errors import CoreError, LimitExceeded, Unavailable
from core.events.polling import RunPoll
from core.events.subscription import KINDS, Kind, Subscription
from core.events.watch import Event, KnownIds, Watch, event_of
from core.paging import Raw
from core.queries import all_of, compile_filter
from core.runs.collections import RUNS
from core.settings import Settings
from core.specs import Catalog, ModelSpec

_TOO_MANY = (
    "too many documents match to follow their deletion: narrow the filter, or let the collection keep pre-images "
    "(changeStreamPreAndPostImages):"
)


class ChangeFeed:
    """Changes of every model of the catalog, for any number of subscribers."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._reads = Reads(catalog, settings)
        self._watches: dict[Any, Watch] = {}
        self._keys: dict[Subscription, Any] = {}
        self._listener = Listener(event=self._publish, lost=self._lost)
        self._changes: Changes | None = None
        self._poll = RunPoll(self._publish_run)
        self._learning = asyncio.Lock()
        self._pre_images: dict[str, bool] = {}

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
            LimitExceeded: deletions among too many documents are to be followed.
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
        await self._listen(watch)
        if watch.query and "deleted" in subscription.kinds:
            await self._learn_ids(watch)

    async def _watch(
        self, model: ModelSpec, principal: Principal, filter: Mapping[str, Any] | None, fields: Collection[str] | None
    ) -> tuple[Any, Watch]:
        """The watch of these wishes, and the key under which equal wishes share one."""
        shown = self._reads.shown(model, principal, fields)
        compiled = compile_filter(self._catalog, model, principal, filter, ("filter",))
        await self._reads.resolve(compiled, principal)
        query = all_of(compiled.query, guard(model, principal))
        if compiled.related:
            return object(), Watch(model, query, shown, lambda: self._reads.resolve(compiled, principal))
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
        if not self._watches and self._changes is not None:
            self._changes.leave(self._listener)
        if not any(one.model.name == TASK_RUN for one in self._watches.values()):
            self._poll.stop()

    async def _learn_ids(self, watch: Watch) -> None:
        """Which documents match at the beginning, where pre-images will not say what a deleted one was.

        Raises:
            LimitExceeded: more than all subscriptions together may remember.
        """
        async with self._learning:
            if watch.known is not None or await self._keeps_pre_images(watch.model):
                return
            free = self._settings.feed_known_ids - sum(
                len(one.known.ids) for one in self._watches.values() if one.known
            )
            watch.known = KnownIds(most=max(free, 0))
            try:
                rows = await self._reads.fetch(watch.model, watch.query, {"_id": 1}, watch.known.most)
                watch.known.load([row["_id"] for row in rows])
            except LimitExceeded as error:
                watch.known = None
                if not watch.model.soft_delete:  # there a deletion is an update, which says what it was
                    raise LimitExceeded(f"{_TOO_MANY} {watch.model.name}") from error
            except BaseException:
                watch.known = None
                raise

    async def _keeps_pre_images(self, model: ModelSpec) -> bool:
        if model.name not in self._pre_images:
            with driver_errors(self._settings, model):
                options = await (await collection_for(model)).options()
            self._pre_images[model.name] = bool(options.get("changeStreamPreAndPostImages", {}).get("enabled"))
        return self._pre_images[model.name]

    # the stream

    async def _listen(self, watch: Watch) -> None:
        self._changes = changes_of_loop(self._settings.mongodb_database)
        try:
            await self._changes.join(self._listener)
        except PyMongoError as error:
            if watch.model.name == TASK_RUN and _has_no_streams(error):
                await self._poll.start(await collection_for(watch.model))
            else:
                raise self._reason(error) from error

    def _lost(self, error: Exception) -> None:
        reason = self._reason(error) if isinstance(error, PyMongoError) else error
        for watch in list(self._watches.values()):
            watch.end(reason)

    async def _publish(self, event: Raw) -> None:
        collection = event["ns"]["coll"]
        if any(one.collection == collection for one in self._watches.values()):
            await self._hand_out(collection, event_of(event))

    async def _publish_run(self, event: Event) -> None:
        await self._hand_out(RUNS, event)

    async def _hand_out(self, collection: str, event: Event) -> None:
        for watch in list(self._watches.values()):
            if watch.collection == collection:
                await watch.publish(event)

    def _reason(self, error: PyMongoError) -> CoreError:
        if getattr(error, "code", None) in LOST:
            return Unavailable("the database no longer knows the changes since it was last read; subscribe again")
        if _has_no_streams(error):
            return Unavailable(
                f"{database_of(self._settings)} has no change streams, so models cannot be followed live; run MongoDB "
                "as a replica set (one member is enough), or leave MONGODB_URI out for the embedded database"
            )
        model = next(iter(self._catalog.models.values()))
        return translated(error, self._settings, model)


def _has_no_streams(error: PyMongoError) -> bool:
    return isinstance(error, OperationFailure) and not isinstance(error, ConnectionFailure)
