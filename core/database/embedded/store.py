"""Documents with their index entries and their lines in the change log: what a write does to the tables.

Every function works inside the writer's SQLite transaction; what it raises undoes the whole of it or its savepoint.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bson import ObjectId

from .catalog import Catalog, Collection
from .changes import ChangeLog
from .differences import describe_update
from .indexes import Document, Index
from .semantics.errors import CommandError
from .semantics.keys import encode_key
from .semantics.updates import Changed
from .semantics.values import decode, encode
from .sqlite import Blob
from .storable import TOO_LARGE_UPDATED, New, check_storable
from .writer import Writing, go_on

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
        check_storable(body, new, TOO_LARGE_UPDATED)
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

    def build(
        self, writing: Writing, collection: Collection, spec: Mapping[str, Any], check: Callable[[], None] = go_on
    ) -> None:
        """A new index over the documents there are; a unique one is refused while two share a key.

        ``check`` is asked every thousand documents, and raises what ends the work.
        """
        index = self.catalog.add_index(writing.sqlite, collection, spec)
        sql = "SELECT seq, body FROM documents WHERE seq >= ? AND seq < ?"
        rows = writing.sqlite.execute(sql, (collection.low, collection.high))
        while chunk := rows.fetchmany(1000):
            check()
            self._add_entries(writing, collection, index, [(seq, decode(body)) for seq, body in chunk])


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
