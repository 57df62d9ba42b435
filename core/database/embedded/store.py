"""Documents with their index entries and their lines in the change log: what a write does to the tables.

Every function works inside the writer's SQLite transaction; what it raises undoes the whole of it or its savepoint.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bson import ObjectId, Regex

from .catalog import Catalog, Collection
from .changes import ChangeLog
from .differences import describe_update
from .given import DEEPEST_STORED, is_deeper, too_deep
from .indexes import Document, Index
from .semantics.errors import CommandError
from .semantics.keys import encode_key
from .semantics.updates import Changed
from .semantics.values import decode, encode
from .sqlite import Blob
from .wire import MAX_DOCUMENT_BYTES
from .writer import Writing

_ADD = {
    False: "INSERT INTO entries (idx, key, seq) VALUES (?, ?, ?)",
    True: "INSERT INTO unique_entries (idx, key, seq) VALUES (?, ?, ?)",
}
_REMOVE = {
    False: "DELETE FROM entries WHERE idx = ? AND key = ? AND seq = ?",
    True: "DELETE FROM unique_entries WHERE idx = ? AND key = ? AND seq = ?",
}
_GROW = (
    "UPDATE collections SET documents = documents + ?1, last = last + ?1, version = version + 1 "
    "WHERE number = ?2 RETURNING last"
)
_CHANGE = "UPDATE collections SET documents = documents + ?, version = version + 1 WHERE number = ?"

New = tuple[bytes, Document]
_NO_IDS = (list, Regex)


class Store:
    """Writes documents; the catalog learns which indexes hold arrays, the log what changed."""

    def __init__(self, catalog: Catalog, log: ChangeLog) -> None:
        self.catalog = catalog
        self.log = log

    def insert(self, writing: Writing, collection: Collection, rows: Sequence[New]) -> None:
        """All of the rows, or a CommandError for the first that cannot be (then the caller's savepoint undoes them)."""
        sqlite = writing.sqlite
        last = sqlite.execute(_GROW, (len(rows), collection.number)).fetchone()[0]
        first = collection.low + last - len(rows)
        numbered = [(first + place, Blob(body)) for place, (body, _) in enumerate(rows)]
        sqlite.executemany("INSERT INTO documents (seq, body) VALUES (?, ?)", numbered)
        for index in collection.indexes:
            self._add_entries(writing, collection, index, [(first + place, row[1]) for place, row in enumerate(rows)])
        self.log.inserted(writing, collection, [body for body, _ in rows])

    def _add_entries(
        self, writing: Writing, collection: Collection, index: Index, rows: Sequence[tuple[int, Document]]
    ) -> None:
        entries: list[tuple[int, Blob, int]] = []
        arrays: set[str] = set()
        for seq, document in rows:
            keys, multikey = index.keys(document)
            arrays.update(multikey)
            entries += [(index.number, Blob(key), seq) for key in keys]
        try:
            writing.sqlite.executemany(_ADD[index.unique], entries)
        except sqlite3.IntegrityError as error:
            raise self._duplicate(writing.sqlite, collection, index, rows) from error
        if not index.multikey >= arrays:
            self.catalog.mark_multikey(writing.sqlite, index, arrays)

    def _duplicate(
        self, sqlite: sqlite3.Connection, collection: Collection, index: Index, rows: Iterable[tuple[int, Document]]
    ) -> CommandError:
        seen: dict[bytes, int] = {}
        for seq, document in rows:
            for key in index.keys(document)[0]:
                sql = "SELECT seq FROM unique_entries WHERE idx = ? AND key = ?"
                owner = sqlite.execute(sql, (index.number, key)).fetchone() or (seen.get(key, seq),)
                if owner[0] != seq:
                    return duplicate_key(collection, index, index.values(document, key))
                seen[key] = seq
        raise AssertionError("no duplicate key where SQLite found one")

    def replace(self, writing: Writing, collection: Collection, seq: int, old: Document, changed: Changed) -> None:
        """Put a changed document in the place of the old one."""
        new = changed.document
        if encode_key(old["_id"]) != encode_key(new.get("_id")):
            raise CommandError(
                "ImmutableField", "Performing an update on the path '_id' would modify the immutable field '_id'"
            )
        body = encode(new)
        check_storable(body, new, _TOO_LARGE_UPDATED)
        writing.sqlite.execute("UPDATE documents SET body = ? WHERE seq = ?", (body, seq))
        writing.sqlite.execute(_CHANGE, (0, collection.number))
        for index in collection.indexes[1:]:
            self._move_entries(writing, collection, index, seq, old, new)
        described = describe_update(old, changed)
        if described is None:
            self.log.add(writing, collection, "replace", body)
        else:
            told = {"documentKey": {"_id": new["_id"]}, "updateDescription": described}
            self.log.add(writing, collection, "update", encode(told))

    def _move_entries(
        self, writing: Writing, collection: Collection, index: Index, seq: int, old: Document, new: Document
    ) -> None:
        before, after = set(index.keys(old)[0]), index.keys(new)
        if before == set(after[0]):
            return
        sqlite = writing.sqlite
        sqlite.executemany(_REMOVE[index.unique], [(index.number, key, seq) for key in before.difference(after[0])])
        added = [(index.number, key, seq) for key in set(after[0]) - before]
        try:
            sqlite.executemany(_ADD[index.unique], added)
        except sqlite3.IntegrityError as error:
            raise self._duplicate(sqlite, collection, index, [(seq, new)]) from error
        if not index.multikey.issuperset(after[1]):
            self.catalog.mark_multikey(sqlite, index, after[1])

    def delete(self, writing: Writing, collection: Collection, seq: int, document: Document) -> None:
        sqlite = writing.sqlite
        sqlite.execute("DELETE FROM documents WHERE seq = ?", (seq,))
        sqlite.execute(_CHANGE, (-1, collection.number))
        for index in collection.indexes:
            keys = index.keys(document)[0]
            sqlite.executemany(_REMOVE[index.unique], [(index.number, key, seq) for key in keys])
        self.log.add(writing, collection, "delete", encode({"documentKey": {"_id": document["_id"]}}))

    def build(self, writing: Writing, collection: Collection, spec: Mapping[str, Any]) -> None:
        """A new index over the documents there are; a unique one is refused while two share a key."""
        index = self.catalog.add_index(writing.sqlite, collection, spec)
        sql = "SELECT seq, body FROM documents WHERE seq >= ? AND seq < ?"
        rows = writing.sqlite.execute(sql, (collection.low, collection.high))
        while chunk := rows.fetchmany(1000):
            self._add_entries(writing, collection, index, [(seq, decode(body)) for seq, body in chunk])


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


_TOO_LARGE = "BSONObjectTooLarge", "object to insert too large. size in bytes: {0}, max size: {1}"
_TOO_LARGE_UPDATED = "Location17419", "Resulting document after update is larger than {1}"
_TOO_LARGE_UPSERTED = "Location17420", "Document to upsert is larger than {1}"


def check_storable(body: bytes, document: Document, too_large: tuple[str, str]) -> None:
    if len(body) > MAX_DOCUMENT_BYTES:
        name, message = too_large
        raise CommandError(name, message.format(len(body), MAX_DOCUMENT_BYTES))
    if is_deeper(body, document, DEEPEST_STORED - 1):
        raise too_deep(DEEPEST_STORED)


def duplicate_key(collection: Collection, index: Index, values: Document) -> CommandError:
    shown = ", ".join(f"{path}: {_shown(value)}" for path, value in values.items())
    return CommandError(
        "DuplicateKey",
        f"E11000 duplicate key error collection: {collection.namespace} index: {index.name} dup key: {{ {shown} }}",
        keyPattern=index.key,
        keyValue=values,
    )


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, ObjectId):
        return f"ObjectId('{value}')"
    return "null" if value is None else str(value)
