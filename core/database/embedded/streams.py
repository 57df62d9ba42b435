"""Change streams: the change log read as events, from anywhere the log still reaches.

https://www.mongodb.com/docs/manual/reference/change-events/
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bson import Timestamp
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument

from .call import Call
from .changes import Change, Scope
from .clock import ticks_of, timestamp
from .cursors import Cursor
from .engine import Engine
from .options import OBJECT, TEXT, Fields, Option, given
from .resume_tokens import EVENT, HIGH_WATER, INVALIDATE, parse_token, resume_token
from .scans import Reading
from .search import Search
from .semantics.errors import CommandError, bad, unsupported
from .semantics.values import decode, encode

Event = dict[str, Any]
Shape = Callable[[Event], Iterable[Event]]
"""What the stages after ``$changeStream`` make of an event: itself, another, or nothing."""
_SWITCH = given(Option(types=frozenset({bool}), expected="type 'bool'"))
_OPTIONS = Fields({
    "fullDocument": TEXT, "fullDocumentBeforeChange": TEXT, "resumeAfter": OBJECT, "startAfter": OBJECT,
    "startAtOperationTime": Option(types=frozenset({Timestamp}), expected="type 'timestamp'"),
    "allChangesForCluster": _SWITCH, "showExpandedEvents": _SWITCH,
})  # fmt: skip
_DOCUMENTS = {
    "fullDocument": ("default", "updateLookup", "whenAvailable"),
    "fullDocumentBeforeChange": ("off", "whenAvailable"),
}
"""What each of the options may be; the first stands for one that is not given, MongoDB knows also "required"."""
_DEFAULT_WAIT = 1.0
_SYSTEM = frozenset({"admin", "config", "local"})
_NEVER_AGAIN = "NonResumableChangeStreamError"


class Stream(Cursor):
    """A cursor that waits for what it has not got yet."""

    def __init__(
        self, namespace: str, scope: Scope, options: Mapping[str, Any], shape: Shape, engine: Engine, call: Call
    ) -> None:
        super().__init__(namespace, iter(()), Reading())
        self.forever = True
        self._scope, self._shape = scope, shape
        self._lookup = _chosen(options, "fullDocument")
        self._images = _chosen(options, "fullDocumentBeforeChange") != "off"
        self._lost = False
        """The event to go on after is not there: any other is one too many."""
        self._ending: Change | None = None
        """What has been told and ends the stream, until that is told too."""
        self._place = self._start(options, engine, call)
        self._token = resume_token(HIGH_WATER, self._place)

    def _start(self, options: Mapping[str, Any], engine: Engine, call: Call) -> int:
        token = _token_of(options)
        if token is None and options.get("startAtOperationTime") is None:
            return engine.log.committed
        kind, place = token or (HIGH_WATER, max(ticks_of(options["startAtOperationTime"]) - 1, 0))
        with engine.reading(call) as reading:
            _check_reach(engine, reading, place)
            if kind != HIGH_WATER:
                told = next(engine.log.read(reading.sqlite, self._scope, place - 1, place), None)
                self._lost = told is None
                if told is not None and kind == EVENT and self._ends_with(told):
                    self._ending = told
        return place

    def first_batch(self, engine: Engine, call: Call, size: int | None) -> tuple[list[RawBSONDocument], Event]:
        return self._take(engine, call, size), {"postBatchResumeToken": self._token}

    def next_batch(self, engine: Engine, call: Call, size: int | None) -> tuple[list[RawBSONDocument], Event]:
        """What has happened, or what happens within the command's ``maxTimeMS``."""
        wait = call.number("maxTimeMS") / 1000 or _DEFAULT_WAIT
        batch = self._take(engine, call, size)
        if not batch and not self.finished:
            engine.log.wait(self._scope, self._place, wait)
            batch = self._take(engine, call, size)
        return batch, {"postBatchResumeToken": self._token}

    def _take(self, engine: Engine, call: Call, size: int | None) -> list[RawBSONDocument]:
        until = engine.log.committed
        found: list[RawBSONDocument] = []
        room = 12 * 1024 * 1024
        with engine.reading(call, self.reading) as reading:
            _check_reach(engine, reading, self._place)
            for event in self._events(engine, reading, until):
                token = event["_id"]
                for shaped in self._shape(event):
                    if shaped.get("_id") != token:
                        raise CommandError(
                            "ChangeStreamFatalError",
                            "Encountered an event whose _id field, which contains the resume token, was modified by "
                            "the pipeline. Changing it makes it impossible to resume the stream.",
                            errorLabels=[_NEVER_AGAIN],
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
                self._token = resume_token(HIGH_WATER, self._place)
        return found

    def _events(self, engine: Engine, reading: Reading, until: int) -> Iterator[Event]:
        if self._ending is not None:
            yield _invalidate(self._ending)
        for change in engine.log.read(reading.sqlite, self._scope, self._place, until):
            if change.db in _SYSTEM and self._scope[0] is None:
                continue
            if self._lost:
                message = "cannot resume stream; the resume token was not found."
                raise CommandError("ChangeStreamFatalError", message, errorLabels=[_NEVER_AGAIN])
            self._place = change.ticks
            if self._ends_with(change):
                self._ending = change
            yield self._event(engine, reading, change)
            if self._ending is not None:
                yield _invalidate(change)

    def _ends_with(self, change: Change) -> bool:
        db, name = self._scope
        return (name is not None and change.kind in ("drop", "rename")) or (
            db is not None and change.kind == "dropDatabase"
        )

    def _event(self, engine: Engine, reading: Reading, change: Change) -> Event:
        event: Event = {
            "_id": resume_token(EVENT, change.ticks), "operationType": change.kind,
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
        if change.kind == "update" and self._lookup != "default":
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
            errorLabels=[_NEVER_AGAIN],
        )


def _invalidate(change: Change) -> Event:
    return {
        "_id": resume_token(INVALIDATE, change.ticks), "operationType": "invalidate",
        "clusterTime": timestamp(change.ticks), "wallTime": DatetimeMS(change.wall),
    }  # fmt: skip


def check_options(options: Any) -> None:
    """Raise CommandError for a malformed specification, in the order of its fields."""
    if type(options) is not dict:
        raise CommandError("Location6188500", "the $changeStream stage must be specified as an object")
    _OPTIONS.check("$changeStream", options)
    for name, known in _DOCUMENTS.items():
        found = options.get(name)
        if found is not None and found != "required" and found not in known:
            raise bad(f"Enumeration value '{found}' for field '$changeStream.{name}' is not a valid value.")
        if found == "required":
            raise unsupported(f"{name}: 'required' of $changeStream", "option")
    if options.get("showExpandedEvents"):
        raise unsupported("'showExpandedEvents' of $changeStream", "option")
    if options.get("resumeAfter") is not None and options.get("startAfter") is not None:
        raise CommandError("Location50865", "Do not specify both 'resumeAfter' and 'startAfter' in $changeStream")
    if options.get("startAtOperationTime") is not None and _token_of(options) is not None:
        raise CommandError("Location40674", "Only one type of resume option is allowed, but multiple were found")


def _chosen(options: Mapping[str, Any], name: str) -> str:
    found = options.get(name)
    return _DOCUMENTS[name][0] if found is None else found


def _token_of(options: Mapping[str, Any]) -> tuple[int, int] | None:
    """Kind and place of the token to go on after."""
    after, start = options.get("resumeAfter"), options.get("startAfter")
    if after is None:
        return None if start is None else parse_token(start)
    found = parse_token(after)
    if found[0] == INVALIDATE:
        message = "Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate event"
        raise CommandError("InvalidResumeToken", message, errorLabels=[_NEVER_AGAIN])
    return found
