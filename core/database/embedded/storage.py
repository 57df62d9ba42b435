"""BSON documents in SQLite: what an acknowledged write leaves on disk.

One file in the data directory, WAL, ``synchronous=FULL``: a commit returns after its fsync
(https://www.sqlite.org/pragma.html#pragma_synchronous). Names and documents are only ever parameters.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson

from core.database.embedded.wire import CODEC

_SCHEMA = """
CREATE TABLE IF NOT EXISTS collections (id INTEGER PRIMARY KEY, db TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (db, name));
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY, collection INTEGER NOT NULL, key BLOB NOT NULL, body BLOB NOT NULL, UNIQUE (collection, key));
CREATE TABLE IF NOT EXISTS indexes (
    collection INTEGER NOT NULL, name TEXT NOT NULL, spec BLOB NOT NULL, PRIMARY KEY (collection, name));
"""


class Storage:
    """``with storage:`` is one transaction, committed and synced at its end."""

    def __init__(self, path: Path) -> None:
        self._sqlite = sqlite3.connect(path, isolation_level=None)
        self._sqlite.execute("PRAGMA journal_mode=WAL")
        self._sqlite.execute("PRAGMA synchronous=FULL")
        self._sqlite.executescript(_SCHEMA)

    def __enter__(self) -> None:
        self._sqlite.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._sqlite.execute("ROLLBACK" if kind else "COMMIT")

    def collections(self) -> Iterator[tuple[int, str, str]]:
        yield from self._sqlite.execute("SELECT id, db, name FROM collections ORDER BY id")

    def documents(self, collection: int) -> Iterator[dict[str, Any]]:
        rows = self._sqlite.execute("SELECT body FROM documents WHERE collection = ? ORDER BY seq", (collection,))
        return (bson.decode(body, CODEC) for (body,) in rows)

    def indexes(self, collection: int) -> Iterator[dict[str, Any]]:
        rows = self._sqlite.execute("SELECT spec FROM indexes WHERE collection = ? ORDER BY rowid", (collection,))
        return (bson.decode(spec, CODEC) for (spec,) in rows)

    def add_collection(self, db: str, name: str) -> int:
        self._sqlite.execute("INSERT OR IGNORE INTO collections (db, name) VALUES (?, ?)", (db, name))
        (found,) = self._sqlite.execute("SELECT id FROM collections WHERE db = ? AND name = ?", (db, name)).fetchone()
        return found

    def drop_collection(self, collection: int) -> None:
        for table in ("documents", "indexes"):
            self._sqlite.execute(f"DELETE FROM {table} WHERE collection = ?", (collection,))
        self._sqlite.execute("DELETE FROM collections WHERE id = ?", (collection,))

    def put(self, collection: int, document: dict[str, Any]) -> None:
        self._sqlite.execute(
            "INSERT INTO documents (collection, key, body) VALUES (?, ?, ?) "
            "ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body",
            (collection, _key(document["_id"]), bson.encode(document, codec_options=CODEC)),
        )

    def remove(self, collection: int, document_id: Any) -> None:
        self._sqlite.execute("DELETE FROM documents WHERE collection = ? AND key = ?", (collection, _key(document_id)))

    def put_index(self, collection: int, spec: dict[str, Any]) -> None:
        self._sqlite.execute("REPLACE INTO indexes VALUES (?, ?, ?)", (collection, spec["name"], bson.encode(spec)))

    def remove_index(self, collection: int, name: str) -> None:
        self._sqlite.execute("DELETE FROM indexes WHERE collection = ? AND name = ?", (collection, name))


def _key(document_id: Any) -> bytes:
    return bson.encode({"": document_id}, codec_options=CODEC)
