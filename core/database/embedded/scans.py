"""Run a plan: the documents it reaches, tested, in its order.

Nothing is held open between two commands of a cursor: a scan remembers its place and goes on from there, on the
snapshot of the command that continues it.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

from .catalog import Collection
from .pace import Pace
from .planner import Plan, Range
from .semantics.errors import CommandError
from .semantics.matching import Match
from .semantics.values import decode_all

Row = tuple[int, bytes]
Found = tuple[int, bytes, dict[str, Any]]
_HANDFUL, _HANDFUL_BYTES = 64, 1_000_000

_FORWARDS = "SELECT seq, body FROM documents WHERE seq > ? AND seq < ? ORDER BY seq"
_BACKWARDS = "SELECT seq, body FROM documents WHERE seq < ? AND seq > ? ORDER BY seq DESC"
_COLLECTION = "SELECT 1 FROM collections WHERE number = ? AND db = ? AND name = ?"
_INDEX = {
    (unique, backwards): (
        f"SELECT e.key, e.seq, d.body FROM {table} e CROSS JOIN documents d ON d.seq = e.seq "  # noqa: S608 (constants)
        f"WHERE e.idx = ? AND {ends} ORDER BY e.key {order}, e.seq {order}"
    )
    for unique, table in ((False, "entries"), (True, "unique_entries"))
    for backwards, ends, order in (
        (False, "(e.key, e.seq) > (?, ?) AND e.key < ?", "ASC"),
        (True, "(e.key, e.seq) < (?, ?) AND e.key >= ?", "DESC"),
    )
}
_COUNT = {
    (unique, distinct): f"SELECT {what} FROM {table} WHERE idx = ? AND key >= ? AND key < ?"  # noqa: S608 (constants)
    for unique, table in ((False, "entries"), (True, "unique_entries"))
    for distinct, what in ((False, "count(*)"), (True, "DISTINCT seq"))
}


class Reading:
    """What reads on behalf of one command or cursor: the connection and the pace of the command at hand."""

    def __init__(self) -> None:
        self._sqlite: sqlite3.Connection | None = None
        self._pace: Pace | None = None
        self._open: list[sqlite3.Cursor] = []
        self.turn = 0

    def attach(self, connection: sqlite3.Connection, pace: Pace) -> None:
        self._sqlite, self._pace = connection, pace

    def detach(self) -> None:
        """The command ends: statements close, so that its snapshot can go."""
        self.turn += 1
        for cursor in self._open:
            cursor.close()
        self._open.clear()
        self._sqlite = self._pace = None

    @property
    def sqlite(self) -> sqlite3.Connection:
        assert self._sqlite is not None, "read outside a command"
        return self._sqlite

    def step(self) -> None:
        if self._pace is not None:
            self._pace.step()

    def statement(self, sql: str, parameters: tuple[Any, ...]) -> sqlite3.Cursor:
        cursor = self.sqlite.execute(sql, parameters)
        self._open.append(cursor)
        return cursor

    def done(self, cursor: sqlite3.Cursor) -> None:
        cursor.close()
        self._open.remove(cursor)


class CountingReading(Reading):
    """Tells how many keys of indexes and how many documents were read."""

    def __init__(self) -> None:
        super().__init__()
        self._counted = 0
        self._of_indexes: list[_Rows] = []
        self._of_collections: list[_Rows] = []

    def statement(self, sql: str, parameters: tuple[Any, ...]) -> sqlite3.Cursor:
        if sql in _COUNT.values():
            every = _COUNT[sql in (_COUNT[True, False], _COUNT[True, True]), False]
            self._counted += self.sqlite.execute(every, parameters).fetchone()[0]
            return super().statement(sql, parameters)
        cursor = self.sqlite.cursor(_Rows)
        (self._of_collections if sql in (_FORWARDS, _BACKWARDS) else self._of_indexes).append(cursor)
        self._open.append(cursor)
        return cursor.execute(sql, parameters)

    @property
    def keys(self) -> int:
        return self._counted + sum(rows.count for rows in self._of_indexes)

    @property
    def documents(self) -> int:
        """An index is read together with the documents its keys lead to."""
        return sum(rows.count for rows in (*self._of_indexes, *self._of_collections))


class _Rows(sqlite3.Cursor):
    count = 0

    def __next__(self) -> Any:
        row = super().__next__()
        self.count += 1
        return row


def scan(reading: Reading, collection: Collection, plan: Plan) -> Iterator[Row]:
    """What the plan reaches, each document once."""
    if plan.parts:
        rows = (row for part in plan.parts for row in scan(reading, collection, part))
    elif plan.index is None:
        return _whole(reading, collection, plan)
    else:
        rows = (row for stretch in plan.ranges for row in _stretch(reading, collection, plan, stretch))
    return _once(rows) if plan.repeats or len(plan.ranges) > 1 else rows


def _once(rows: Iterator[Row]) -> Iterator[Row]:
    seen: set[int] = set()
    for row in rows:
        if row[0] not in seen:
            seen.add(row[0])
            yield row


def _whole(reading: Reading, collection: Collection, plan: Plan) -> Iterator[Row]:
    sql = _BACKWARDS if plan.backwards else _FORWARDS
    place, end = (collection.high, collection.low - 1) if plan.backwards else (collection.low - 1, collection.high)
    while True:
        turn, cursor = reading.turn, reading.statement(sql, (place, end))
        for row in cursor:
            place = row[0]
            yield row
            if reading.turn != turn:
                _check_alive(reading, collection, plan)
                break
        else:
            reading.done(cursor)
            return


def _stretch(reading: Reading, collection: Collection, plan: Plan, stretch: Range) -> Iterator[Row]:
    assert plan.index is not None
    sql = _INDEX[plan.index.unique, plan.backwards]
    low, high = stretch
    key, seq, end = (high, -1, low) if plan.backwards else (low, -1, high)
    while True:
        turn, cursor = reading.turn, reading.statement(sql, (plan.index.number, key, seq, end))
        for key, seq, body in cursor:  # noqa: B007 (the place to go on from)
            yield seq, body
            if reading.turn != turn:
                _check_alive(reading, collection, plan)
                break
        else:
            reading.done(cursor)
            return


def _check_alive(reading: Reading, collection: Collection, plan: Plan) -> None:
    """A cursor ends with its collection, and with the index it reads."""
    place = collection.number, collection.db, collection.name
    alive = reading.sqlite.execute(_COLLECTION, place).fetchone()
    if alive is not None and plan.index is not None:
        alive = reading.sqlite.execute("SELECT 1 FROM indexes WHERE number = ?", (plan.index.number,)).fetchone()
    if alive is None:
        raise CommandError("QueryPlanKilled", f"{collection.namespace} or its index has gone since the cursor began")


def matching(reading: Reading, rows: Iterator[Row], match: Match | None) -> Iterator[Found]:
    """Rows whose document matches, with the document; None takes every one."""
    for handful in _handfuls(rows):
        reading.step()
        documents = decode_all([body for _, body in handful])
        for (seq, body), document in zip(handful, documents, strict=True):
            if match is None or match(document):
                yield seq, body, document


def _handfuls(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows to decode together: one, then ever more, so that a search that soon ends decodes little for nothing."""
    handful: list[Row] = []
    most, size = 1, 0
    for row in rows:
        handful.append(row)
        size += len(row[1])
        if len(handful) >= most or size >= _HANDFUL_BYTES:
            yield handful
            handful, size, most = [], 0, min(2 * most, _HANDFUL)
    if handful:
        yield handful


def count_exact(reading: Reading, collection: Collection, plan: Plan) -> int:
    """How many documents an exact plan reaches, from keys alone."""
    if plan.index is None:
        row = reading.sqlite.execute(
            "SELECT documents FROM collections WHERE number = ?", (collection.number,)
        ).fetchone()
        return row[0] if row else 0
    sql = _COUNT[plan.index.unique, plan.repeats]
    number = plan.index.number
    found = [reading.statement(sql, (number, *stretch)) for stretch in plan.ranges]
    if plan.repeats:
        return len({seq for cursor in found for (seq,) in cursor})
    return sum(cursor.fetchone()[0] for cursor in found)


def pick(rows: Iterator[Any], skip: int, limit: int) -> Iterator[Any]:
    """``skip`` rows left out, then ``limit`` of them (0: all)."""
    for _ in range(skip):
        if next(rows, None) is None:
            return
    if not limit:
        yield from rows
        return
    for row in rows:
        yield row
        limit -= 1
        if not limit:
            return
