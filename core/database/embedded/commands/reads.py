"""``find``, ``count``, ``distinct``, ``getMore`` and ``killCursors``.

https://www.mongodb.com/docs/manual/reference/command/nav-crud/
"""

from collections.abc import Iterator
from typing import Any

from bson import Int64

from ..call import Call
from ..cursors import FIRST_BATCH, Cursor, Item
from ..engine import Engine
from ..semantics.errors import CommandError, mismatch
from ..semantics.expressions import command_variables
from ..semantics.keys import encode_key
from ..semantics.paths import index_values
from ..semantics.projection import compile_projection
from ..semantics.values import MISSING, UNDEFINED
from .aggregates import search_for

Reply = dict[str, Any]


def find(engine: Engine, call: Call) -> Reply:
    variables = command_variables(call.mapping("let"))
    query = call.mapping("filter") or {}
    if "filter" in call.command and call.command["filter"] is None:
        raise mismatch("BSON field 'find.filter' is the wrong type 'null', expected type 'object'")
    limit = call.number("limit")
    size: int | None = call.number("batchSize", FIRST_BATCH)
    single = call.flag("singleBatch")
    with engine.reading(call) as reading:
        search = search_for(engine, call, reading, "filter", variables)
        collection = engine.catalog.find(reading.sqlite, call.db, call.collection)
        shape = compile_projection(
            call.mapping("projection"), query=query, collation=call.collation, variables=variables, score=search.score,
            view=collection is not None and collection.view is not None,
        )  # fmt: skip
        pick = reading, call.number("skip"), limit
        items: Iterator[Item]
        if call.mapping("projection"):
            items = map(shape, search.documents(*pick))
        else:
            items = (body or document or {} for _, body, document in search.rows(*pick))
        cursor = Cursor(f"{call.db}.{call.collection}", items, reading, limit=limit)
        cursor.transaction, cursor.peer = call.transaction, call.peer
        cursor.forever = call.flag("noCursorTimeout")
        batch = cursor.batch(size if not single or size else None)
    return engine.cursors.first(cursor, batch, keep=not single and not cursor.finished)


def count(engine: Engine, call: Call) -> Reply:
    with engine.reading(call) as reading:
        search = search_for(engine, call, reading, "query")
        limit = abs(call.number("limit", least=-(2**31)))
        return {"n": search.count(reading, call.number("skip"), limit)}


def distinct(engine: Engine, call: Call) -> Reply:
    path = call.text("key")
    with engine.reading(call) as reading:
        search = search_for(engine, call, reading, "query")
        found: dict[bytes, Any] = {}
        for document in search.documents(reading):
            for value in index_values(document, path):
                if value is not MISSING and value is not UNDEFINED:
                    found.setdefault(encode_key(value, call.collation), value)
    return {"values": [found[key] for key in sorted(found)]}


def get_more(engine: Engine, call: Call) -> Reply:
    number = call.target
    if type(number) is not int and not isinstance(number, int):
        raise mismatch("Field 'getMore' must be of type long")
    cursor = engine.cursors.get(number, f"{call.db}.{call.text('collection')}")
    if cursor.transaction is not call.transaction:
        raise CommandError("Location50738", f"Cannot run getMore on cursor {number} outside of its own transaction")
    if not cursor.busy.acquire(blocking=False):
        raise CommandError("CursorInUse", f"cursor id {number} is already in use")
    try:
        size = call.number("batchSize") or None
        if hasattr(cursor, "next_batch"):
            batch, more = cursor.next_batch(engine, call, size)
        else:
            with engine.reading(call, cursor.reading):
                batch, more = cursor.batch(size), {}
    except BaseException:
        engine.cursors.close(number)
        raise
    finally:
        cursor.busy.release()
    if cursor.finished:
        engine.cursors.close(number)
    identifier = Int64(0 if cursor.finished else number)
    return {"cursor": {"nextBatch": batch, "id": identifier, "ns": cursor.namespace, **more}}


def kill_cursors(engine: Engine, call: Call) -> Reply:
    asked = call.command.get("cursors")
    if type(asked) is not list:
        raise mismatch("BSON field 'killCursors.cursors' is missing or no array")
    killed = [number for number in asked if engine.cursors.close(number)]
    unknown = [number for number in asked if number not in killed]
    return {"cursorsKilled": killed, "cursorsNotFound": unknown, "cursorsAlive": [], "cursorsUnknown": []}
