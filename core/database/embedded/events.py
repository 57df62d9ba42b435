"""What an event tells of a change, in the order of MongoDB's fields.

https://www.mongodb.com/docs/manual/reference/change-events/
"""

from typing import Any

from bson.datetime_ms import DatetimeMS

from .changes import Change
from .clock import timestamp
from .resume_tokens import EVENT, INVALIDATE, resume_token

Event = dict[str, Any]
_WHOLE = ("insert", "replace")
"""Changes whose line in the log is the document."""


def event_of(change: Change) -> Event:
    event: Event = {"to": change.body["to"]} if change.kind == "rename" else {}
    if change.transaction is not None:
        event |= change.transaction["told"]
    event |= _when(change, EVENT, change.kind)
    if change.kind in _WHOLE:
        event["fullDocument"] = change.body
    event["ns"] = {"db": change.db, "coll": change.name} if change.name else {"db": change.db}
    if change.kind in _WHOLE:
        event["documentKey"] = {"_id": change.body["_id"]}
    elif change.kind != "rename":
        event |= change.body
    return event


def invalidate(change: Change) -> Event:
    """What follows a change that ends a stream."""
    return _when(change, INVALIDATE, "invalidate")


def _when(change: Change, kind: int, operation: str) -> Event:
    return {
        "_id": resume_token(kind, change.ticks), "operationType": operation, "clusterTime": timestamp(change.time),
        "wallTime": DatetimeMS(change.wall),
    }  # fmt: skip
