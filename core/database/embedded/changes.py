"""The change log: one line a change, written with it, read by change streams, cut at its old end.

``total`` counts the bytes of all lines ever written, so that the log can be cut by size.
"""

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .catalog import Collection
from .clock import Clock
from .semantics.values import decode, encode
from .sqlite import Blob
from .writer import Writing

Scope = tuple[str | None, str | None]
"""What a stream watches: a collection (database and name), a database (name None), or everything (both None)."""
_LONGEST, _LARGEST = 200_000, 64_000_000
_RENAMED_TO = "renamed to"
"""A rename once more, for those who watch the collection that had the new name."""
_ADD = "INSERT INTO changes (ts, wall, db, name, kind, txn, total, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_READ = "SELECT ts, wall, db, name, kind, txn, body FROM changes WHERE ts > ? AND ts <= ?"
_READS = {
    (True, True): f"{_READ} AND db = ? AND name = ? ORDER BY ts",
    (True, False): f"{_READ} AND db = ? AND kind <> '{_RENAMED_TO}' ORDER BY ts",
    (False, False): f"{_READ} AND kind <> '{_RENAMED_TO}' ORDER BY ts",
}


@dataclass(frozen=True, kw_only=True)
class Change:
    ticks: int
    wall: int
    """Milliseconds since 1970."""
    db: str
    name: str
    kind: str
    transaction: dict[str, Any] | None
    body: dict[str, Any]


class ChangeLog:
    """``committed`` is the time up to which every change is on disk and can be read."""

    def __init__(self, sqlite: sqlite3.Connection, clock: Clock) -> None:
        self._clock = clock
        last = sqlite.execute("SELECT total FROM changes ORDER BY ts DESC LIMIT 1").fetchone()
        self._total: int = last[0] if last else 0
        self.committed = clock.tick()
        self._waiting: dict[Scope, set[threading.Event]] = {}
        self._lock = threading.Lock()

    # writing

    def inserted(self, writing: Writing, collection: Collection, bodies: Sequence[bytes]) -> None:
        self._add(writing, collection.db, collection.name, "insert", bodies)

    def add(self, writing: Writing, collection: Collection, kind: str, body: bytes) -> None:
        self._add(writing, collection.db, collection.name, kind, [body])

    def add_named(self, writing: Writing, db: str, name: str, kind: str, body: bytes) -> None:
        self._add(writing, db, name, kind, [body])

    def renamed(self, writing: Writing, source: tuple[str, str], target: tuple[str, str]) -> None:
        to = {"to": {"db": target[0], "coll": target[1]}}
        self._add(writing, *source, "rename", [encode(to)])
        self._add(writing, *target, _RENAMED_TO, [encode({"ns": {"db": source[0], "coll": source[1]}, **to})])

    def _add(self, writing: Writing, db: str, name: str, kind: str, bodies: Sequence[bytes]) -> None:
        first, wall, rows = self._clock.tick(len(bodies)), int(time.time() * 1000), []
        transaction = writing.transaction or ""  # NULL would be looked up among the adapters, as bytes are
        for place, body in enumerate(bodies):
            self._total += len(body)
            rows.append((first + place, wall, db, name, kind, transaction, self._total, Blob(body)))
        writing.sqlite.executemany(_ADD, rows)
        writing.touched.add((db, name))

    def old_end(self, sqlite: sqlite3.Connection) -> int | None:
        """Up to where the log is longer or larger than is kept. Takes a look at all of it: not for the writer."""
        return sqlite.execute(
            "SELECT max(ts) FROM (SELECT ts FROM changes WHERE total < ?1 "
            "UNION ALL SELECT ts FROM (SELECT ts FROM changes ORDER BY ts DESC LIMIT 1 OFFSET ?2))",
            (self._total - _LARGEST, _LONGEST),
        ).fetchone()[0]

    @staticmethod
    def trim(sqlite: sqlite3.Connection, until: int) -> None:
        """Cut the old end; a stream cannot be resumed from before it."""
        sqlite.execute("DELETE FROM changes WHERE ts <= ?", (until,))
        sqlite.execute("UPDATE meta SET value = ? WHERE name = 'trimmed'", (until,))

    # reading

    def read(self, sqlite: sqlite3.Connection, scope: Scope, after: int, until: int) -> Iterator[Change]:
        db, name = scope
        rows = sqlite.execute(_READS[db is not None, name is not None], (after, until, *filter(None, scope)))
        for ticks, wall, db, name, kind, txn, body in rows:
            yield Change(
                ticks=ticks, wall=wall, db=db, name=name, kind="rename" if kind == _RENAMED_TO else kind,
                body=decode(body),
                transaction=decode(txn) if txn else None,
            )  # fmt: skip

    @staticmethod
    def trimmed(sqlite: sqlite3.Connection) -> int:
        return sqlite.execute("SELECT value FROM meta WHERE name = 'trimmed'").fetchone()[0]

    # waiting

    def announce(self, touched: Iterable[tuple[str, str]]) -> None:
        """A commit is on disk: streams that watch what it touched wake."""
        touched = list(touched)
        if not touched:
            return
        self.committed = self._clock.last
        with self._lock:
            for db, name in touched:
                for scope in ((db, name), (db, None), (None, None)):
                    for event in self._waiting.get(scope, ()):
                        event.set()

    def wake_all(self) -> None:
        """The server stops: nobody waits any longer."""
        with self._lock:
            for events in self._waiting.values():
                for event in events:
                    event.set()

    def wait(self, scope: Scope, after: int, seconds: float) -> None:
        """Until something in the scope was committed after ``after``, or the time is over. Costs nothing meanwhile."""
        event = threading.Event()
        with self._lock:
            self._waiting.setdefault(scope, set()).add(event)
        try:
            if self.committed <= after:
                event.wait(seconds)
        finally:
            with self._lock:
                self._waiting[scope].discard(event)
                if not self._waiting[scope]:
                    del self._waiting[scope]


def encoded_transaction(session: dict[str, Any], number: int) -> bytes:
    """How a line of the log names the transaction it belongs to."""
    return encode({"lsid": session, "txnNumber": number})
