"""Change streams: the change log read as events, from anywhere the log still reaches.

https://www.mongodb.com/docs/manual/reference/change-events/
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import regex
from bson import Timestamp
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument

from .call import Call
from .changes import Change, Scope
from .clock import ticks_of, timestamp
from .cursors import Cursor
from .engine import Engine
from .scans import Reading
from .search import Search
from .semantics.errors import CommandError, bad, unsupported
from .semantics.values import decode, encode

Event = dict[str, Any]
Shape = Callable[[Event], Iterable[Event]]
"""What the stages after ``$changeStream`` make of an event: itself, another, or nothing."""
_OPTIONS = {
    "fullDocument",
    "resumeAfter",
    "startAfter",
    "startAtOperationTime",
    "fullDocumentBeforeChange",
    "allChangesForCluster",
}
_FULL_DOCUMENT = ("default", "updateLookup", "whenAvailable")
_DEFAULT_WAIT = 1.0
_EVENT, _HIGH_WATER, _INVALIDATE = "82", "80", "8F"
_token = regex.compile(r"(8[20F])([0-9A-F]{16})")
_SYSTEM = frozenset({"admin", "config", "local"})


class Stream(Cursor):
    """A cursor that waits for what it has not got yet."""

    def __init__(
        self, namespace: str, scope: Scope, options: Mapping[str, Any], shape: Shape, engine: Engine, call: Call
    ) -> None:
        super().__init__(namespace, iter(()), Reading())
        for name in options:
            if name not in _OPTIONS:
                raise unsupported(f"'{name}' of $changeStream", "option")
        self.forever = True
        self._scope, self._shape = scope, shape
        self._lookup = _full_document(options)
        self._images = "fullDocumentBeforeChange" in options and options["fullDocumentBeforeChange"] != "off"
        self._pending: list[tuple[int, Event]] = []
        self._place = self._start(options, engine, call)
        self._token = _HIGH_WATER + f"{self._place:016X}"

    def _start(self, options: Mapping[str, Any], engine: Engine, call: Call) -> int:
        given = [
            name for name in ("resumeAfter", "startAfter", "startAtOperationTime") if options.get(name) is not None
        ]
        if len(given) > 1:
            raise bad(f"Only one type of resume option is allowed, but multiple were found: {given}")
        if not given:
            return engine.log.committed
        if given[0] == "startAtOperationTime":
            if not isinstance(options[given[0]], Timestamp):
                raise bad("startAtOperationTime must be a timestamp")
            place = ticks_of(options[given[0]]) - 1
        else:
            place = _place_of(options[given[0]], after_invalidate=given[0] == "startAfter")
        with engine.reading(call) as reading:
            _check_reach(engine, reading, place)
        return place

    def first_batch(self, engine: Engine, call: Call, size: int | None) -> tuple[list[RawBSONDocument], Event]:
        return self._take(engine, call, size), {"postBatchResumeToken": {"_data": self._token}}

    def next_batch(self, engine: Engine, call: Call, size: int | None) -> tuple[list[RawBSONDocument], Event]:
        """What has happened, or what happens within the command's ``maxTimeMS``."""
        wait = call.number("maxTimeMS") / 1000 or _DEFAULT_WAIT
        batch = self._take(engine, call, size)
        if not batch and not self.finished:
            engine.log.wait(self._scope, self._place, wait)
            batch = self._take(engine, call, size)
        return batch, {"postBatchResumeToken": {"_data": self._token}}

    def _take(self, engine: Engine, call: Call, size: int | None) -> list[RawBSONDocument]:
        until = engine.log.committed
        found: list[RawBSONDocument] = []
        room = 12 * 1024 * 1024
        with engine.reading(call, self.reading) as reading:
            _check_reach(engine, reading, self._place)
            for event in self._events(engine, reading, until):
                token = event["_id"]["_data"]
                for shaped in self._shape(event):
                    if shaped.get("_id") != event["_id"]:
                        raise CommandError(
                            "ChangeStreamFatalError",
                            "Encountered an event whose _id field, which contains the resume token, was modified by "
                            "the pipeline. Changing it makes it impossible to resume the stream.",
                            errorLabels=["NonResumableChangeStreamError"],
                        )
                    body = encode(shaped)
                    room -= len(body)
                    found.append(RawBSONDocument(body))
                self._token = token
                if event["operationType"] == "invalidate":
                    self.finished = True
                    break
                if room < 0 or (size is not None and len(found) >= size):
                    break
            else:
                self._place = max(self._place, until)
                self._token = _HIGH_WATER + f"{self._place:016X}"
        return found

    def _events(self, engine: Engine, reading: Reading, until: int) -> Iterator[Event]:
        for change in engine.log.read(reading.sqlite, self._scope, self._place, until):
            if change.db in _SYSTEM and self._scope[0] is None:
                continue
            self._place = change.ticks
            yield self._event(engine, reading, change)
            if self._ends_with(change):
                yield {
                    "_id": {"_data": _INVALIDATE + f"{change.ticks:016X}"}, "operationType": "invalidate",
                    "clusterTime": timestamp(change.ticks), "wallTime": DatetimeMS(change.wall),
                }  # fmt: skip

    def _ends_with(self, change: Change) -> bool:
        db, name = self._scope
        return (name is not None and change.kind in ("drop", "rename")) or (
            db is not None and change.kind == "dropDatabase"
        )

    def _event(self, engine: Engine, reading: Reading, change: Change) -> Event:
        event: Event = {
            "_id": {"_data": _EVENT + f"{change.ticks:016X}"}, "operationType": change.kind,
            "clusterTime": timestamp(change.ticks), "wallTime": DatetimeMS(change.wall),
        }  # fmt: skip
        if change.transaction is not None:
            event |= change.transaction
        namespace = {"db": change.db, "coll": change.name} if change.name else {"db": change.db}
        if change.kind in ("insert", "replace"):
            if self._images and change.kind == "replace":
                event["fullDocumentBeforeChange"] = None
            return event | {"fullDocument": change.body, "ns": namespace, "documentKey": {"_id": change.body["_id"]}}
        event |= {"ns": namespace, **change.body}
        if self._images and change.kind in ("update", "delete"):
            event["fullDocumentBeforeChange"] = None  # no images are kept
        if change.kind == "update" and self._lookup is not None:
            event["fullDocument"] = self._look_up(engine, reading, change) if self._lookup == "updateLookup" else None
        return event

    def _look_up(self, engine: Engine, reading: Reading, change: Change) -> Event | None:
        """The document as it is now: https://www.mongodb.com/docs/manual/changeStreams/#lookup-full-document-for-update-operations"""
        collection = engine.catalog.find(reading.sqlite, change.db, change.name)
        search = Search(collection, {"_id": {"$eq": change.body["documentKey"]["_id"]}})
        row = next(search.rows(reading, 0, 1), None)
        return decode(row[1]) if row is not None else None


def _check_reach(engine: Engine, reading: Reading, place: int) -> None:
    """Raises CommandError where the log has been cut after that place: what happened there is not known any more."""
    if place < engine.log.trimmed(reading.sqlite):
        raise CommandError(
            "ChangeStreamHistoryLost",
            "Resume of change stream was not possible, as the resume point may no longer be in the oplog.",
            errorLabels=["NonResumableChangeStreamError"],
        )


def _full_document(options: Mapping[str, Any]) -> str | None:
    found = options.get("fullDocument", "default")
    if found not in _FULL_DOCUMENT:
        raise unsupported(f"fullDocument: {found!r} of $changeStream", "option")
    if options.get("fullDocumentBeforeChange", "off") not in ("off", "whenAvailable"):
        raise unsupported(
            f"fullDocumentBeforeChange: {options['fullDocumentBeforeChange']!r} of $changeStream", "option"
        )
    return None if found == "default" else found


def _place_of(token: Any, *, after_invalidate: bool) -> int:
    data = token.get("_data") if type(token) is dict else None
    found = _token.fullmatch(data) if type(data) is str else None
    if found is None:
        raise CommandError(
            "InvalidResumeToken", f"Bad resume token: {token!r}", errorLabels=["NonResumableChangeStreamError"]
        )
    if found[1] == _INVALIDATE and not after_invalidate:
        raise CommandError(
            "InvalidResumeToken",
            "Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate notification.",
        )
    return int(found[2], 16)
