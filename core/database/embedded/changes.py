"""The change log: one line a change, written with it, read by change streams, cut at its old end.

``total`` counts the bytes of all lines ever written, so that the log can be cut by size.
"""

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bson import Int64

from .catalog import Collection
from .clock import Clock
from .semantics.values import decode, encode
from .sqlite import Blob
from .writer import Writing

Document = dict[str, Any]

Scope = tuple[str | None, str | None]
"""What a stream watches: a collection (database and name), a database (name None), or everything (both None)."""
_LONGEST, _LARGEST = 200_000, 64_000_000
_ADD = "INSERT INTO changes (ts, wall, db, name, kind, txn, total, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_LAST = 2**63 - 1
"""No time is later, in SQLite."""
_FIELDS = "SELECT ts, wall, db, name, kind, txn, body FROM changes"
_READ = f"{_FIELDS} WHERE ts > ? AND ts <= ?"
_READS = {
    (True, True): f"{_READ} AND db = ? AND (name = ? OR kind = 'rename') ORDER BY ts",
    (True, False): f"{_READ} AND db = ? ORDER BY ts",
    (False, False): f"{_READ} ORDER BY ts",
}
_MOVES = f"{_FIELDS} INDEXED BY moves WHERE ts > ? AND db = ? AND kind IN ('drop', 'rename') ORDER BY ts"
INTERNAL = frozenset({"admin", "config", "local"})
"""Databases that nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Change:
    ticks: int
    """Its place in the log."""
    wall: int
    """Milliseconds since 1970."""
    db: str
    name: str
    kind: str
    transaction: Document | None
    """Of a transaction's change: the places of its ``first`` and ``last``, and how events name it."""
    body: Document

    @property
    def time(self) -> int:
        """All that a transaction did has the time of its commit."""
        return self.ticks if self.transaction is None else self.transaction["last"]

    @property
    def target(self) -> tuple[str, str] | None:
        """What a collection was renamed to."""
        return (self.body["to"]["db"], self.body["to"]["coll"]) if self.kind == "rename" else None


def concerns(scope: Scope, change: Change) -> bool:
    """Whether those who watch the scope are told of the change."""
    db, name = scope
    if name is not None:
        return scope in ((change.db, change.name), change.target)
    if db is None and change.db in INTERNAL:
        return False
    return db in (None, change.db)


class ChangeLog:
    """``committed`` is the time up to which every change is on disk and can be read."""

    def __init__(self, sqlite: sqlite3.Connection, clock: Clock) -> None:
        self._clock = clock
        last = sqlite.execute("SELECT total FROM changes ORDER BY ts DESC LIMIT 1").fetchone()
        self._total: int = last[0] if last else 0
        self.committed = clock.tick()
        self._waiting: dict[Scope, set[threading.Event]] = {}
        self._lock = threading.Lock()
        self.stopped = False

    # writing

    def inserted(self, writing: Writing, collection: Collection, bodies: Sequence[bytes]) -> None:
        self._add(writing, collection.db, collection.name, "insert", bodies)

    def add(self, writing: Writing, collection: Collection, kind: str, body: bytes) -> None:
        self._add(writing, collection.db, collection.name, kind, [body])

    def add_named(self, writing: Writing, db: str, name: str, kind: str, body: bytes) -> None:
        self._add(writing, db, name, kind, [body])

    def renamed(self, writing: Writing, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Told also to those who watch the target."""
        self._add(writing, *source, "rename", [encode({"to": {"db": target[0], "coll": target[1]}})])
        writing.touched.add(target)

    def _add(self, writing: Writing, db: str, name: str, kind: str, bodies: Sequence[bytes]) -> None:
        first, wall, rows = self._clock.tick(len(bodies)), _now(), []
        if writing.first is None:
            writing.first = first
        for place, body in enumerate(bodies):
            self._total += len(body)
            # in place of NULL, which would be looked up among the adapters, as bytes are
            rows.append((first + place, wall, db, name, kind, "", self._total, Blob(body)))
        writing.sqlite.executemany(_ADD, rows)
        writing.touched.add((db, name))

    def date(self, writing: Writing) -> None:
        """A transaction is about to be committed: what it did moves to the end of the log and gets the time of now."""
        sql = "SELECT ts FROM changes WHERE ts >= ? ORDER BY ts"
        places = writing.sqlite.execute(sql, (writing.first,)).fetchall() if writing.first is not None else ()
        if not places:
            return
        first, wall = self._clock.tick(len(places)), _now()
        told = {"first": Int64(first), "last": Int64(first + len(places) - 1), "told": writing.transaction}
        transaction = Blob(encode(told))
        rows = [(first + step, wall, transaction, place) for step, (place,) in enumerate(places)]
        writing.sqlite.executemany("UPDATE changes SET ts = ?, wall = ?, txn = ? WHERE ts = ?", rows)

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
        return (change for change in map(_change, rows) if concerns(scope, change))

    @staticmethod
    def at(sqlite: sqlite3.Connection, ticks: int) -> Change | None:
        row = sqlite.execute(f"{_FIELDS} WHERE ts = ?", (ticks,)).fetchone()
        return _change(row) if row is not None else None

    @staticmethod
    def before(sqlite: sqlite3.Connection, ticks: int) -> int:
        """The place before all that happened at this time or later: of a transaction all or nothing."""
        ticks = min(ticks, _LAST)
        row = sqlite.execute(f"{_FIELDS} WHERE ts >= ? ORDER BY ts LIMIT 1", (ticks,)).fetchone()
        found = _change(row).transaction if row is not None else None
        return min(ticks, found["first"] if found is not None else ticks) - 1

    @staticmethod
    def name_since(sqlite: sqlite3.Connection, change: Change) -> str | None:
        """What the changed collection is called now; None if it is no more, whatever has its name."""
        name = change.name
        for row in sqlite.execute(_MOVES, (change.ticks, change.db)):
            moved = _change(row)
            if moved.name == name:
                if moved.target is None:
                    return None
                name = moved.target[1]
            elif moved.target == (change.db, name):
                return None
        return name

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

    def stop(self) -> None:
        """The server stops: nobody waits any longer."""
        with self._lock:
            self.stopped = True
            for events in self._waiting.values():
                for event in events:
                    event.set()

    def wait(self, scope: Scope, after: int, alarm: threading.Event, seconds: float) -> None:
        """Until something in the scope was committed after ``after``, the alarm is set, or the time is over. Costs
        nothing meanwhile."""
        with self._lock:
            self._waiting.setdefault(scope, set()).add(alarm)
        try:
            if self.committed <= after and not self.stopped:
                alarm.wait(seconds)
        finally:
            alarm.clear()
            with self._lock:
                self._waiting[scope].discard(alarm)
                if not self._waiting[scope]:
                    del self._waiting[scope]


def _now() -> int:
    return int(time.time() * 1000)


def _change(row: Sequence[Any]) -> Change:
    ticks, wall, db, name, kind, transaction, body = row
    return Change(
        ticks=ticks, wall=wall, db=db, name=name, kind=kind, body=decode(body),
        transaction=decode(transaction) if transaction else None,
    )  # fmt: skip
