"""The SQLite file: its tables, and how connections to it are opened.

WAL with ``synchronous=FULL``: a commit returns after its fsync (https://www.sqlite.org/pragma.html#pragma_synchronous).
Every statement of this package is a constant; names, documents and keys are only ever parameters.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Blob = bytearray
"""What a binary parameter is given as where many are: of ``bytes`` the sqlite3 module first looks for an adapter
(https://peps.python.org/pep-0246/), which takes longer than this copy."""
FORMAT = 3
"""Of the tables below and of index keys. A file of another format is refused, never misread."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS collections (
    number INTEGER PRIMARY KEY AUTOINCREMENT, db TEXT NOT NULL, name TEXT NOT NULL, uuid BLOB NOT NULL,
    view BLOB, documents INTEGER NOT NULL DEFAULT 0, last INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0, UNIQUE (db, name));
CREATE TABLE IF NOT EXISTS indexes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, name TEXT NOT NULL, spec BLOB NOT NULL,
    multikey TEXT NOT NULL DEFAULT '', UNIQUE (collection, name));
CREATE TABLE IF NOT EXISTS documents (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    idx INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (idx, key, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unique_entries (
    idx INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (idx, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
    ts INTEGER PRIMARY KEY, wall INTEGER NOT NULL, db TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    txn BLOB, total INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS moves ON changes (ts) WHERE kind IN ('drop', 'rename');
CREATE TABLE IF NOT EXISTS retries (
    session BLOB PRIMARY KEY, number INTEGER NOT NULL, outcome BLOB NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('format', 3), ('catalog', 0), ('trimmed', 0);
"""
_READ_CACHE_KIB, _WRITE_CACHE_KIB = 2_000, 16_000
_IDLE_READERS = 8


def open_file(path: Path) -> sqlite3.Connection:
    """The connection that writes; makes the tables of a new file.

    Raises:
        ValueError: the file was written by a version with another format.
    """
    connection = _connect(path, _WRITE_CACHE_KIB)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA journal_size_limit=67108864")
    connection.execute("PRAGMA wal_autocheckpoint=4000")  # pages; bulk writes move them to the file less often
    connection.executescript(_SCHEMA)
    (found,) = connection.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
    if found != FORMAT:
        raise ValueError(
            f"{path} has format {found}, this version of Core reads format {FORMAT}; export its data with the version "
            "that wrote it (jobhunter db export), and import them into a new folder"
        )
    return connection


def _connect(path: Path, cache_kib: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5, cached_statements=256)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{cache_kib:d}")
    return connection


class Pool:
    """Connections for readers and transactions, kept for the next one; any number may be out at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def take(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _connect(self._path, _READ_CACHE_KIB)

    def give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            if len(self._idle) < _IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the file, whatever is committed meanwhile."""
        connection = self.take()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            self.give_back(connection)

    def close(self) -> None:
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
