"""What a group of subscribers wants to see of one model: compiled once, evaluated once an event for all of them."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from core.actions.rows import Shown
from core.database.embedded.semantics.errors import CommandError
from core.errors import LimitExceeded
from core.events.subscription import Change, Kind, Subscription
from core.paging import Raw
from core.queries import MongoQuery
from core.specs import ModelSpec
from core.stored import compile_match, plain


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of the change stream. ``document`` is the row after it, ``before`` the one before where the collection
    keeps pre-images; ``changed`` names the top-level keys an update wrote."""

    kind: Kind
    id: Any
    document: Raw | None
    before: Raw | None = None
    changed: Collection[str] = ()

    @cached_property
    def plain(self) -> dict[str, Any] | None:
        return None if self.document is None else plain(self.document)

    @cached_property
    def plain_before(self) -> dict[str, Any] | None:
        return None if self.before is None else plain(self.before)


def event_of(found: Raw) -> Event:
    """From what the server sends: https://www.mongodb.com/docs/manual/reference/change-events/"""
    description: Mapping[str, Any] = found.get("updateDescription") or {}
    names = [*description.get("updatedFields", ()), *description.get("removedFields", ())]
    return Event(
        kind=_KINDS[found["operationType"]],
        id=found["documentKey"]["_id"],
        document=found.get("fullDocument"),
        before=found.get("fullDocumentBeforeChange"),
        changed={name.split(".")[0] for name in names},
    )


_KINDS: Mapping[str, Kind] = {"insert": "created", "update": "updated", "replace": "updated", "delete": "deleted"}


@dataclass(kw_only=True)
class KnownIds:
    """Documents that match, by id, ``most`` of them: who is told that one of them is gone may have known of it.

    ``load`` takes what the database said once; events that arrived meanwhile count more.
    """

    most: int
    ids: set[Any] = field(default_factory=set[Any])
    gone: set[Any] = field(default_factory=set[Any])
    loading: bool = True

    def add(self, id: Any) -> None:
        """Raises LimitExceeded for one too many."""
        if len(self.ids) >= self.most and id not in self.ids:
            raise LimitExceeded(
                "too many documents match by now to follow their deletion; subscribe with a narrower filter"
            )
        self.ids.add(id)
        self.gone.discard(id)

    def discard(self, id: Any) -> None:
        self.ids.discard(id)
        if self.loading:
            self.gone.add(id)

    def load(self, found: Collection[Any]) -> None:
        self.ids |= set(found) - self.gone
        self.gone.clear()
        self.loading = False


class Watch:
    """One query on one model, and those who subscribed to it."""

    def __init__(
        self, model: ModelSpec, query: MongoQuery, shown: Shown, refresh: Callable[[], Awaitable[object]] | None
    ) -> None:
        self.model = model
        document: Any = model.document
        self.collection: str = document.get_collection_name()
        self.query = query
        self.subscribers: dict[Subscription, None] = {}
        self.known: KnownIds | None = None
        self._shown = shown
        self._refresh = refresh
        self._match = compile_match(query)

    async def publish(self, event: Event) -> None:
        """Hand the event to every subscriber that may see it and wants it."""
        try:
            if self._refresh is not None:  # the filter follows links: ask anew which documents they lead to
                await self._refresh()
                self._match = compile_match(self.query)
            change = self._seen(event)
        except CommandError as error:
            self.end(LimitExceeded(f"the filter cannot be evaluated: {error}"))
        except Exception as error:
            self.end(error)
        else:
            if change is not None:
                for subscriber in list(self.subscribers):
                    if change.kind in subscriber.kinds:
                        subscriber.deliver(change)

    def end(self, reason: Exception) -> None:
        for subscriber in list(self.subscribers):
            subscriber.end(reason)

    def _seen(self, event: Event) -> Change | None:
        if event.kind == "deleted":
            return self._gone(event.id) if self._knew(event) else None
        row, found = event.document, event.plain
        if row is None or found is None:  # deleted since: that event follows
            return None
        if self._match(found):
            if self.known is not None:
                self.known.add(event.id)
            return Change(kind=event.kind, id=event.id, document=self._shown.pick(row))
        marked = self.model.soft_delete and "deleted_at" in event.changed and self._match({**found, "deleted_at": None})
        if self.known is not None:
            self.known.discard(event.id)
        return self._gone(event.id) if marked else None

    def _gone(self, id: Any) -> Change:
        if self.known is not None:
            self.known.discard(id)
        return Change(kind="deleted", id=id, document=None)

    def _knew(self, event: Event) -> bool:
        """Whether the subscribers may know that there was such a document; without a trace of it, no."""
        if not self.query:
            return True
        if event.plain_before is not None:
            return self._match(event.plain_before)
        return self.known is not None and event.id in self.known.ids
