"""Which collections and indexes there are, as one snapshot of the file sees them.

Every change of the catalog gives it a number that is never used again, so what was read for a number stays true and
connections share it, an uncommitted change included.
"""

import itertools
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .indexes import ID_SPEC, Index
from .semantics.errors import REMEDY, CommandError
from .semantics.text_fields import TextIndex
from .semantics.values import decode, encode

_SEQ_BITS = 40
_KEPT_VERSIONS = 8
LONGEST_NAMESPACE = 255
"""In bytes."""
_SYSTEM = frozenset({"js", "profile", "roles", "users", "version", "views"})
"""Collections ``system.…`` that MongoDB has."""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A collection; its documents have the ``seq`` numbers from ``low`` to ``high``."""

    number: int
    db: str
    name: str
    uuid: bytes
    indexes: tuple[Index, ...]
    view: Mapping[str, Any] | None = None
    """``viewOn`` and ``pipeline`` of a view, which holds no documents."""

    @property
    def namespace(self) -> str:
        return f"{self.db}.{self.name}"

    @property
    def low(self) -> int:
        return self.number << _SEQ_BITS

    @property
    def high(self) -> int:
        return (self.number + 1) << _SEQ_BITS

    @property
    def id_index(self) -> Index:
        return self.indexes[0]

    @property
    def text(self) -> TextIndex | None:
        return next((index.text for index in self.indexes if index.text), None)


class Catalog:
    """Reads the catalog through any connection, remembers it by version, and changes it through a writing one."""

    def __init__(self, sqlite: sqlite3.Connection) -> None:
        self._known: dict[int, dict[tuple[str, str], Collection | None]] = {}
        self._lock = threading.Lock()
        self._versions = itertools.count(_version(sqlite) + 1)

    def find(self, sqlite: sqlite3.Connection, db: str, name: str) -> Collection | None:
        known = self._of_version(_version(sqlite))
        if (db, name) not in known:
            known[db, name] = _read(sqlite, db, name)
        return known[db, name]

    def _of_version(self, version: int) -> dict[tuple[str, str], Collection | None]:
        found = self._known.get(version)
        if found is None:
            with self._lock:
                found = self._known.setdefault(version, {})
                for old in list(self._known)[:-_KEPT_VERSIONS]:
                    del self._known[old]
        return found

    def names(self, sqlite: sqlite3.Connection, db: str) -> list[str]:
        return [name for (name,) in sqlite.execute("SELECT name FROM collections WHERE db = ? ORDER BY name", (db,))]

    def databases(self, sqlite: sqlite3.Connection) -> list[str]:
        return [db for (db,) in sqlite.execute("SELECT DISTINCT db FROM collections ORDER BY db")]

    def add(self, sqlite: sqlite3.Connection, db: str, name: str) -> Collection:
        """Make a collection with its index on ``_id``."""
        _check_new(sqlite, db, name)
        number = sqlite.execute(
            "INSERT INTO collections (db, name, uuid, last) VALUES (?, ?, ?, 0)", (db, name, uuid.uuid4().bytes)
        ).lastrowid
        sqlite.execute(
            "INSERT INTO indexes (collection, name, spec) VALUES (?, ?, ?)", (number, "_id_", encode(dict(ID_SPEC)))
        )
        return self._changed(sqlite, db, name)

    def add_view(self, sqlite: sqlite3.Connection, db: str, name: str, view: Mapping[str, Any]) -> None:
        _check_new(sqlite, db, name)
        sqlite.execute(
            "INSERT INTO collections (db, name, uuid, view) VALUES (?, ?, ?, ?)",
            (db, name, uuid.uuid4().bytes, encode(dict(view))),
        )
        self._bump(sqlite)

    def drop(self, sqlite: sqlite3.Connection, collection: Collection) -> None:
        for index in collection.indexes:
            _drop_entries(sqlite, index)
        sqlite.execute("DELETE FROM documents WHERE seq >= ? AND seq < ?", (collection.low, collection.high))
        sqlite.execute("DELETE FROM indexes WHERE collection = ?", (collection.number,))
        sqlite.execute("DELETE FROM collections WHERE number = ?", (collection.number,))
        self._bump(sqlite)

    def rename(self, sqlite: sqlite3.Connection, collection: Collection, db: str, name: str) -> None:
        _check_new(sqlite, db, name)
        sqlite.execute("UPDATE collections SET db = ?, name = ? WHERE number = ?", (db, name, collection.number))
        self._bump(sqlite)

    def add_index(self, sqlite: sqlite3.Connection, collection: Collection, spec: Mapping[str, Any]) -> Index:
        number = sqlite.execute(
            "INSERT INTO indexes (collection, name, spec) VALUES (?, ?, ?)",
            (collection.number, spec["name"], encode(dict(spec))),
        ).lastrowid
        self._bump(sqlite)
        return Index(number=number or 0, spec=spec)

    def drop_index(self, sqlite: sqlite3.Connection, index: Index) -> None:
        _drop_entries(sqlite, index)
        sqlite.execute("DELETE FROM indexes WHERE number = ?", (index.number,))
        self._bump(sqlite)

    def mark_multikey(self, sqlite: sqlite3.Connection, index: Index, paths: Iterable[str]) -> None:
        (known,) = sqlite.execute("SELECT multikey FROM indexes WHERE number = ?", (index.number,)).fetchone()
        found = sorted({*known.split("\0"), *paths} - {""})
        sqlite.execute("UPDATE indexes SET multikey = ? WHERE number = ?", ("\0".join(found), index.number))
        self._bump(sqlite)

    def _changed(self, sqlite: sqlite3.Connection, db: str, name: str) -> Collection:
        self._bump(sqlite)
        found = self.find(sqlite, db, name)
        if found is None:
            raise CommandError("NamespaceNotFound", f"ns does not exist: {db}.{name}")
        return found

    def _bump(self, sqlite: sqlite3.Connection) -> None:
        sqlite.execute("UPDATE meta SET value = ? WHERE name = 'catalog'", (next(self._versions),))


def check_namespace(db: str, name: str) -> None:
    """Refuse names that MongoDB refuses: https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions"""
    check_database(db)
    malformed = not name or "$" in name or "\0" in name or name[0] == "."
    if malformed or len(f"{db}.{name}".encode()) > LONGEST_NAMESPACE:
        raise CommandError("InvalidNamespace", f"Invalid namespace specified '{db}.{name}'")


def _check_new(sqlite: sqlite3.Connection, db: str, name: str) -> None:
    """Refuse a name that no collection may get."""
    check_namespace(db, name)
    if name.startswith("system.buckets."):
        raise CommandError("IllegalOperation", f"{db}.{name} is for a time series, which does not exist")
    if name.startswith("system."):
        remedy = f"; {REMEDY}" if name.removeprefix("system.") in _SYSTEM else ""
        raise CommandError("InvalidNamespace", f"Invalid system namespace: {db}.{name}{remedy}")
    sql = "SELECT db FROM collections WHERE lower(db) = lower(?) AND db <> ? LIMIT 1"
    other = sqlite.execute(sql, (db, db)).fetchone()
    if other is not None:
        message = f"db already exists with different case already have: [{other[0]}] trying to create [{db}]"
        raise CommandError("DatabaseDifferCase", message)


def check_database(db: str) -> None:
    if not db or len(db.encode()) > 63 or any(character in db for character in '/\\. "$\0'):
        raise CommandError("InvalidNamespace", f"Invalid database name: '{db}'")


def _version(sqlite: sqlite3.Connection) -> int:
    return sqlite.execute("SELECT value FROM meta WHERE name = 'catalog'").fetchone()[0]


def _read(sqlite: sqlite3.Connection, db: str, name: str) -> Collection | None:
    row = sqlite.execute("SELECT number, uuid, view FROM collections WHERE db = ? AND name = ?", (db, name)).fetchone()
    if row is None:
        _check_definitions(sqlite, db, name)
        return None
    rows = sqlite.execute("SELECT number, spec, multikey FROM indexes WHERE collection = ? ORDER BY number", (row[0],))
    indexes = tuple(
        Index(number=number, spec=decode(spec), multikey=frozenset(filter(None, multikey.split("\0"))))
        for number, spec, multikey in rows
    )
    view = decode(row[2]) if row[2] is not None else None
    return Collection(number=row[0], db=db, name=name, uuid=row[1], indexes=indexes, view=view)


def _check_definitions(sqlite: sqlite3.Connection, db: str, name: str) -> None:
    """Refuse the collections in which MongoDB keeps definitions of views, where it would have some, and its log."""
    if (db, name) == ("local", "oplog.rs"):
        raise CommandError("InvalidNamespace", f"the embedded database does not offer local.oplog.rs; {REMEDY}")
    sql = "SELECT 1 FROM collections WHERE db = ? AND view IS NOT NULL"
    if name == "system.views" and sqlite.execute(sql, (db,)).fetchone() is not None:
        message = f"the embedded database does not offer {db}.system.views, but listCollections; {REMEDY}"
        raise CommandError("InvalidNamespace", message)


def _drop_entries(sqlite: sqlite3.Connection, index: Index) -> None:
    sqlite.execute("DELETE FROM entries WHERE idx = ?", (index.number,))
    sqlite.execute("DELETE FROM unique_entries WHERE idx = ?", (index.number,))
