"""Timestamps that a client leaves to the server: those of zero at the top level of a new document.

https://www.mongodb.com/docs/manual/reference/bson-types/#timestamps
"""

from typing import Any

from bson import Timestamp

from .clock import Clock

_EMPTY = Timestamp(0, 0)
_ZEROS = bytes(8)


def may_leave_timestamps(body: bytes) -> bool:
    """Whether an empty timestamp may stand in the bytes of a document; found sooner than by looking at its values."""
    return _ZEROS in body


def fill_timestamps(document: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """The document, or a copy with times in the place of its empty timestamps; ``_id`` stays as it is."""
    empty = [name for name, value in document.items() if value == _EMPTY and name != "_id"]
    return {**document, **{name: clock.timestamp() for name in empty}} if empty else document
