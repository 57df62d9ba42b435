"""Change the documents a filter finds: one statement of ``update`` or ``delete``, or a ``findAndModify``.

The writer is never held for a search that may be long. Such a statement is searched, and its change computed, on a
snapshot; the writer then only checks that nothing has come between. A statement held to one key is done at once.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bson import ObjectId, Regex

from .call import Call
from .catalog import Collection
from .engine import Engine
from .scans import Reading
from .search import Search
from .semantics.clauses import clauses
from .semantics.collation import Collation
from .semantics.errors import CommandError
from .semantics.updates import Changed, Update, upsert_base
from .semantics.values import decode, encode
from .storable import prepare
from .timestamps import fill_timestamps
from .writer import Writing

Document = dict[str, Any]
_ATTEMPTS = 3
_CHUNK_ROWS, _CHUNK_BYTES = 500, 4_000_000


@dataclass(kw_only=True)
class Statement:
    """``update`` None deletes. ``many`` changes every match, otherwise the first in the order of ``sort``."""

    query: Mapping[str, Any]
    update: Update | None
    many: bool = False
    upsert: bool = False
    sort: Mapping[str, Any] = field(default_factory=dict[str, Any])
    collation: Collation | None = None
    hint: Any = None
    variables: Mapping[str, Any] | None = None
    long: bool = False
    """The change itself may take long: an update pipeline."""

    def __post_init__(self) -> None:
        if self.upsert and any(name == "$expr" for name, _ in clauses(self.query)):
            message = "$expr is not allowed in the query predicate for an upsert"
            raise CommandError("QueryFeatureNotAllowed", message)

    def search(self, collection: Collection | None) -> Search:
        return Search(
            collection, self.query, sort=self.sort, collation=self.collation, hint=self.hint, variables=self.variables
        )

    def change(self, document: Document) -> Changed | None:
        """The document after the update, None of a deletion."""
        return self.update.change(document) if self.update is not None else None

    def modifies(self, changed: Changed, body: bytes) -> bool:
        """Whether it counts as a change of the document whose bytes are ``body``."""
        if changed.log is not None:
            return bool(changed.log)
        return changed.moved or encode(changed.document) != body


@dataclass(kw_only=True)
class Outcome:
    """``before`` and ``after`` are the document of a statement that changes one."""

    matched: int = 0
    modified: int = 0
    upserted: bool = False
    before: Document | None = None
    after: Document | None = None
    score: float | None = None
    """The text score of the one document, as it was found."""


class NotQuick(Exception):
    """The statement needs a search that must not hold the writer."""


class _Stale(Exception):
    """Something was written between the search and the change."""


def edit_at_once(engine: Engine, call: Call, writing: Writing, statement: Statement, *, force: bool = False) -> Outcome:
    """Search and change while holding the writer.

    Raises:
        NotQuick: unless ``force``, for a search not held to one key.
    """
    collection = engine.collection(writing.sqlite, call)
    search = statement.search(collection)
    quick = collection is None or (search.plan.single and not statement.long and not _may_be_long(statement.query))
    if not quick and not force:
        raise NotQuick
    reading = Reading()
    reading.attach(writing.sqlite, call.pace.alone())
    try:
        rows = [(seq, body) for seq, body, _ in search.rows(reading, 0, 0 if statement.many else 1)]
    finally:
        reading.detach()
    outcome = Outcome()
    for seq, body in rows:
        document = decode(body)
        _apply(engine, writing, search, statement, (seq, body, document, statement.change(document)), outcome)
    if not rows and statement.upsert:
        _upsert(engine, call, writing, statement, outcome)
    return outcome


def _may_be_long(query: Any) -> bool:
    """Whether testing one document may take long: patterns and expressions."""
    if isinstance(query, Mapping):
        return any(name in ("$regex", "$expr", "$text") or _may_be_long(value) for name, value in query.items())
    if isinstance(query, list):
        return any(_may_be_long(item) for item in query)
    return isinstance(query, Regex)


Planned = tuple[int, bytes, Document, Changed | None]
"""Number, bytes and document as found, and what it shall become (None: nothing)."""


def _apply(
    engine: Engine, writing: Writing, search: Search, statement: Statement, planned: Planned, outcome: Outcome
) -> None:
    seq, body, document, changed = planned
    collection = search.collection
    assert collection is not None
    outcome.matched += 1
    if changed is not None and changed.replacement:
        changed = replace(changed, document=fill_timestamps(changed.document, engine.clock))
    if not statement.many:
        outcome.before, outcome.after = document, changed.document if changed is not None else None
        outcome.score = search.score(document) if search.score is not None else None
    if changed is None:
        engine.store.delete(writing, collection, seq, document)
    elif statement.modifies(changed, body):
        outcome.modified += 1
        engine.store.replace(writing, collection, seq, document, changed)


def _upsert(engine: Engine, call: Call, writing: Writing, statement: Statement, outcome: Outcome) -> None:
    assert statement.update is not None
    base = upsert_base(statement.query, replacement=statement.update.replacement)
    document = statement.update.apply(base, inserting=True)
    if statement.update.replacement:
        document = fill_timestamps(document, engine.clock)
    if "_id" not in document:
        document = {"_id": base.get("_id", ObjectId()), **document}
    body, document = prepare(document, upserted=True)
    collection = engine.collection(writing.sqlite, call) or engine.catalog.add(writing.sqlite, call.db, call.collection)
    engine.store.insert(writing, collection, [(body, document)])
    outcome.upserted, outcome.after = True, document


Noted = Callable[[Writing, Outcome], None]
"""Called in the commit that holds the outcome."""


def edit(engine: Engine, call: Call, statement: Statement, note: Noted) -> Outcome:
    """One statement outside a transaction that may need a long search."""
    for _ in range(_ATTEMPTS):
        try:
            if statement.many:
                return _edit_many(engine, call, statement, note)
            return _edit_one(engine, call, statement, note)
        except _Stale:
            continue

    def work(writing: Writing) -> Outcome:
        outcome = edit_at_once(engine, call, writing, statement, force=True)
        note(writing, outcome)
        return outcome

    return engine.write(call, work)


def _edit_one(engine: Engine, call: Call, statement: Statement, note: Noted) -> Outcome:
    with engine.reading(call) as reading:
        collection = engine.collection(reading.sqlite, call)
        search = statement.search(collection)
        version = _version(reading.sqlite, collection)
        planned = next(_planned(search, statement, reading, 1), None)

    def work(writing: Writing) -> Outcome:
        if engine.collection(writing.sqlite, call) is not collection:  # indexes may have come or gone
            raise _Stale
        unchanged = _version(writing.sqlite, collection) == version
        if not unchanged and (planned is None or _body(writing.sqlite, planned[0]) != planned[1]):
            raise _Stale
        outcome = Outcome()
        if planned is not None:
            _apply(engine, writing, search, statement, planned, outcome)
        elif statement.upsert:
            _upsert(engine, call, writing, statement, outcome)
        note(writing, outcome)
        return outcome

    return engine.write(call, work)


def _planned(search: Search, statement: Statement, reading: Reading, limit: int) -> Iterator[Planned]:
    for seq, body, document in search.rows(reading, 0, limit):
        document = document if document is not None else decode(body)
        yield seq, body, document, statement.change(document)


def _edit_many(engine: Engine, call: Call, statement: Statement, note: Noted) -> Outcome:
    """Chunk by chunk, as MongoDB yields between documents: others write in between."""
    total = Outcome()
    with engine.reading(call) as reading:
        collection = engine.collection(reading.sqlite, call)
        search = statement.search(collection)
        version = _version(reading.sqlite, collection)
        for chunk in _chunks(_planned(search, statement, reading, 0)):
            done, error = engine.write(
                call, lambda writing, chunk=chunk: _edit_chunk(engine, call, writing, search, statement, chunk)
            )
            total.matched += done.matched
            total.modified += done.modified
            if error is not None:
                raise error
    if total.matched or not statement.upsert:
        return total

    def work(writing: Writing) -> Outcome:
        if engine.collection(writing.sqlite, call) is not collection or _version(writing.sqlite, collection) != version:
            raise _Stale
        _upsert(engine, call, writing, statement, total)
        note(writing, total)
        return total

    return engine.write(call, work)


def _chunks(rows: Iterator[Planned]) -> Iterator[list[Planned]]:
    """A document that is refused is told once those before it are changed, as in MongoDB."""
    chunk: list[Planned] = []
    size = 0
    refused: CommandError | None = None
    try:
        for row in rows:
            chunk.append(row)
            size += len(row[1])
            if len(chunk) >= _CHUNK_ROWS or size > _CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
    except CommandError as error:
        refused = error
    if chunk:
        yield chunk
    if refused is not None:
        raise refused


def _edit_chunk(
    engine: Engine, call: Call, writing: Writing, search: Search, statement: Statement, chunk: list[Planned]
) -> tuple[Outcome, CommandError | None]:
    """The chunk's documents as far as they still match, up to the first that is refused."""
    outcome = Outcome()
    current = engine.collection(writing.sqlite, call)
    if current is None or search.collection is None or current.number != search.collection.number:
        return outcome, None  # dropped meanwhile
    if current is not search.collection:
        search = statement.search(current)
    for planned in chunk:
        now = _as_it_is_now(writing.sqlite, search, statement, planned)
        if now is None:
            continue
        try:
            with savepoint(writing.sqlite):
                _apply(engine, writing, search, statement, now, outcome)
        except CommandError as error:
            return outcome, error
    return outcome, None


def _as_it_is_now(sqlite: sqlite3.Connection, search: Search, statement: Statement, planned: Planned) -> Planned | None:
    body = _body(sqlite, planned[0])
    if body == planned[1]:
        return planned
    document = decode(body) if body is not None else None
    if body is None or document is None or not search.match(document):
        return None
    return planned[0], body, document, statement.change(document)


@contextmanager
def savepoint(sqlite: sqlite3.Connection) -> Iterator[None]:
    """What the block writes is undone if it raises."""
    sqlite.execute("SAVEPOINT one")
    try:
        yield
    except BaseException:
        if sqlite.in_transaction:
            sqlite.execute("ROLLBACK TO one")
            sqlite.execute("RELEASE one")
        raise
    sqlite.execute("RELEASE one")


def _version(sqlite: sqlite3.Connection, collection: Collection | None) -> int | None:
    if collection is None:
        return None
    row = sqlite.execute("SELECT version FROM collections WHERE number = ?", (collection.number,)).fetchone()
    return row[0] if row else None


def _body(sqlite: sqlite3.Connection, seq: int) -> bytes | None:
    row = sqlite.execute("SELECT body FROM documents WHERE seq = ?", (seq,)).fetchone()
    return row[0] if row else None
