"""Values on their way to the reader of stored documents."""

from collections.abc import Mapping
from typing import Any

from beanie.odm.utils.encoder import Encoder
from bson import DBRef

_encode = Encoder().encode


def stored(value: Any) -> Any:
    """A Python value in the form MongoDB keeps it: an operation's output is read like a document then."""
    return _encode(value)


def reference_id(value: Any) -> Any:
    """The key a link points to: a DBRef, a bare key, or a link as pydantic dumps it."""
    if isinstance(value, DBRef):
        return value.id
    if isinstance(value, Mapping):
        return next((value[key] for key in ("id", "$id", "_id") if key in value), None)
    return value
