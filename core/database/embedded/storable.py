"""What a document must be to be stored: its ``_id``, its size, its levels.

https://www.mongodb.com/docs/manual/reference/limits/#bson-documents
"""

from typing import Any

from bson import ObjectId, Regex

from .given import DEEPEST_STORED, is_deeper, too_deep
from .semantics.errors import CommandError
from .semantics.values import encode
from .wire import MAX_DOCUMENT_BYTES

Document = dict[str, Any]
New = tuple[bytes, Document]
_NO_IDS = (list, Regex)
_TOO_LARGE = "BSONObjectTooLarge", "object to insert too large. size in bytes: {0}, max size: {1}"
TOO_LARGE_UPDATED = "Location17419", "Resulting document after update is larger than {1}"
_TOO_LARGE_UPSERTED = "Location17420", "Document to upsert is larger than {1}"


def prepare(document: Document, body: bytes | None = None, *, upserted: bool = False) -> New:
    """A document ready for ``insert``: ``_id`` first, made if missing; ``body`` is how the client encoded it.

    Raises:
        CommandError: an ``_id`` that MongoDB refuses, more than 16 MiB, or too many levels.
    """
    if body is None or next(iter(document), None) != "_id":
        document = {"_id": document.get("_id", None) if "_id" in document else ObjectId(), **document}
        body = encode(document)
    check_id(document["_id"])
    check_storable(body, document, _TOO_LARGE_UPSERTED if upserted else _TOO_LARGE)
    return body, document


def check_id(value: Any) -> None:
    if isinstance(value, _NO_IDS):
        kind = "array" if isinstance(value, list) else "regex"
        raise CommandError("InvalidIdField", f"The '_id' value cannot be of type {kind}")
    if isinstance(value, dict):
        _check_names_in_id(value)


def _check_names_in_id(value: Any) -> None:
    """No name in an ``_id`` begins with a dollar, however deep, but those of a DBRef."""
    for name in value if isinstance(value, dict) else ():
        if name.startswith("$") and not _is_reference(value):
            message = f"_id fields may not contain '$'-prefixed fields: {name} is not valid for storage."
            raise CommandError("DollarPrefixedFieldName", message)
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            _check_names_in_id(inner)


def _is_reference(value: Document) -> bool:
    names = [name for name in value if name.startswith("$")]
    return (
        names in (["$ref", "$id"], ["$ref", "$id", "$db"])
        and list(value)[: len(names)] == names
        and all(type(value[name]) is str for name in names if name != "$id")
    )


def check_storable(body: bytes, document: Document, too_large: tuple[str, str]) -> None:
    if len(body) > MAX_DOCUMENT_BYTES:
        name, message = too_large
        raise CommandError(name, message.format(len(body), MAX_DOCUMENT_BYTES))
    if is_deeper(body, document, DEEPEST_STORED - 1):
        raise too_deep(DEEPEST_STORED)
