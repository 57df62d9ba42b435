"""Change streams: the change log read as events, from anywhere the log still reaches.

https://www.mongodb.com/docs/manual/changeStreams/
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from bson.raw_bson import RawBSONDocument

from .call import Call
from .changes import Change, Scope, concerns
from .clock import ticks_of
from .cursors import Cursor, encoded
from .engine import Engine
from .events import Event, event_of, invalidate
from .resume_tokens import HIGH_WATER, INVALIDATE, fatal, resume_token
from .scans import Reading
from .search import Search
from .semantics.errors import REMEDY, CommandError
from .semantics.values import decode
from .stream_options import StreamOptions
from .wire import MAX_DOCUMENT_BYTES

Shape = Callable[[Event], Iterable[Event]]
"""What the stages after ``$changeStream`` make of an event: itself, another, or nothing."""
_DEFAULT_WAIT = 1.0
_AROUND = 16
"""Bytes around a document in a batch."""
_IMAGES = {
    "pre": "a pre-image for all update, delete and replace events, but the pre-image was not found",
    "post": "a post-image for all update events, but the post-image was not found",
}


class Stream(Cursor):
    """A cursor that waits for what it has not got yet."""

    def __init__(
        self, namespace: str, scope: Scope, options: StreamOptions, shape: Shape, engine: Engine, call: Call
    ) -> None:
        super().__init__(namespace, iter(()), Reading())
        self.forever = True
        self._scope, self._options, self._shape = scope, options, shape
        self._killed = False
        self._alarm = threading.Event()
        self._lost = False
        """The event to go on after is not among those that are told."""
        self._ending: Change | None = None
        """What has been told and ends the stream, until that is told too."""
        kind, self._place = options.token or (HIGH_WATER, engine.log.committed)
        if options.token is not None or options.moment is not None:
            with engine.reading(call) as reading:
                if options.moment is not None:
                    self._place = max(engine.log.before(reading.sqlite, ticks_of(options.moment)), 0)
                _check_reach(engine, reading, self._place)
                if kind != HIGH_WATER:
                    self._find(engine, reading, kind)
        self._token = resume_token(kind, self._place)

    def _find(self, engine: Engine, reading: Reading, kind: int) -> None:
        """Look for the event to go on after. That it is not there is told with the next event, as MongoDB does it."""
        change = engine.log.at(reading.sqlite, self._place)
        if change is not None and change.kind == "dropDatabase" and self._scope[1] is not None:
            raise fatal("InvalidResumeToken", "the resume token is of a database, the stream of a single collection")
        if change is None or not concerns(self._scope, change):
            self._lost = True
        elif kind == INVALIDATE:
            self._lost = not self._ends_with(change)
        else:
            self._lost = not list(self._shape(self._event(engine, reading, change)))
            self._ending = change if self._ends_with(change) else None

    def kill(self) -> None:
        self._killed = True
        self._alarm.set()

    def first_batch(self, engine: Engine, call: Call, size: int | None) -> tuple[list[RawBSONDocument], Event]:
        return self._take(engine, call, size), {"postBatchResumeToken": self._token}

    def next_batch(self, engine: Engine, call: Call, size: int | None) -> tuple[list[RawBSONDocument], Event]:
        """What has happened, or what happens within the command's ``maxTimeMS``.

        Raises:
            CommandError: CursorKilled, if that is done meanwhile.
        """
        until = time.monotonic() + (call.number("maxTimeMS") / 1000 or _DEFAULT_WAIT)
        batch = self._take(engine, call, size)
        while not batch and not self.finished and not engine.log.stopped and (left := until - time.monotonic()) > 0:
            call.pace.end()
            engine.log.wait(self._scope, self._place, self._alarm, left)
            if self._killed:
                raise CommandError("CursorKilled", "the cursor was killed while it waited")
            batch = self._take(engine, call, size)
        return batch, {"postBatchResumeToken": self._token}

    def _take(self, engine: Engine, call: Call, size: int | None) -> list[RawBSONDocument]:
        """The events there are: ``size`` of them (None: any number), and never more than fit a reply."""
        found: list[RawBSONDocument] = []
        if size == 0:
            return found
        until, room = engine.log.committed, MAX_DOCUMENT_BYTES
        with engine.reading(call, self.reading) as reading:
            _check_reach(engine, reading, self._place)
            for change, event in self._events(engine, reading, until):
                body = self._body(event)
                room -= len(body) + _AROUND if body is not None else 0
                if room < 0 and found:
                    return found
                if body is not None:
                    found.append(RawBSONDocument(body))
                self._place, self._token = change.ticks, event["_id"]
                if event["operationType"] == "invalidate":
                    self.finished = True
                    return found
                self._ending = change if self._ends_with(change) else None
                if len(found) == size:
                    return found
        self._place = max(self._place, until)
        self._token = resume_token(HIGH_WATER, self._place)
        return found

    def _events(self, engine: Engine, reading: Reading, until: int) -> Iterator[tuple[Change, Event]]:
        if self._ending is not None:
            yield self._ending, invalidate(self._ending)
        for change in engine.log.read(reading.sqlite, self._scope, self._place, until):
            reading.step()
            yield change, self._event(engine, reading, change)
            if self._ends_with(change):
                yield change, invalidate(change)

    def _ends_with(self, change: Change) -> bool:
        db, name = self._scope
        return (name is not None and change.kind in ("drop", "rename")) or (
            db is not None and change.kind == "dropDatabase"
        )

    def _event(self, engine: Engine, reading: Reading, change: Change) -> Event:
        event = event_of(change)
        before, after = self._options.before, self._options.after
        if before != "off" and change.kind in ("update", "replace", "delete"):
            event["fullDocumentBeforeChange"] = _no_image(event, "pre", before)
        if after == "updateLookup" and change.kind == "update":
            event["fullDocument"] = _look_up(engine, reading, change)
        elif after != "default" and change.kind == "update":
            event["fullDocument"] = _no_image(event, "post", after)
        return event

    def _body(self, event: Event) -> bytes | None:
        """What is told of an event; None for nothing."""
        for shaped in self._shape(event):
            if self._lost:
                message = f"cannot resume stream; the resume token was not found. {event['_id']}"
                raise fatal("ChangeStreamFatalError", message)
            if shaped.get("_id") != event["_id"]:
                message = "Encountered an event whose _id field, which contains the resume token, was modified by the "
                message += "pipeline. Changing it makes it impossible to resume the stream."
                raise fatal("ChangeStreamFatalError", message)
            return encoded(shaped)
        return None


def _check_reach(engine: Engine, reading: Reading, place: int) -> None:
    """Raises CommandError where the log has been cut after that place: what happened there is not known any more."""
    if place < engine.log.trimmed(reading.sqlite):
        message = "Resume of change stream was not possible, as the resume point may no longer be in the oplog."
        raise fatal("ChangeStreamHistoryLost", message)


def _no_image(event: Event, kind: str, wanted: str) -> None:
    """None are kept. Raises CommandError where one is required."""
    if wanted == "required":
        message = f"Change stream was configured to require {_IMAGES[kind]} for event: {event['_id']}"
        raise CommandError("NoMatchingDocument", f"{message}; the embedded database keeps no images; {REMEDY}")


def _look_up(engine: Engine, reading: Reading, change: Change) -> Event | None:
    """The document as it is now, wherever its collection has been renamed to:
    https://www.mongodb.com/docs/manual/changeStreams/#lookup-full-document-for-update-operations"""
    name = engine.log.name_since(reading.sqlite, change)
    collection = engine.catalog.find(reading.sqlite, change.db, name) if name is not None else None
    search = Search(collection, {"_id": {"$eq": change.body["documentKey"]["_id"]}})
    row = next(search.rows(reading, 0, 1), None)
    return decode(row[1]) if row is not None else None
