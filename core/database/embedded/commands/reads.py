"""``find``, ``count``, ``distinct``, ``getMore`` and ``killCursors``.

https://www.mongodb.com/docs/manual/reference/command/nav-crud/
"""

from collections.abc import Iterator
from typing import Any

from bson import Int64

from ..call import Call
from ..cursors import FIRST_BATCH, Cursor, Item
from ..engine import Engine
from ..options import LONG, clamped, is_long
from ..semantics.errors import CommandError, bad, unparsable
from ..semantics.expressions import command_variables
from ..semantics.keys import encode_key
from ..semantics.paths import path_values
from ..semantics.projection import compile_projection
from ..semantics.values import encode, is_number, type_name
from ..streams import Stream
from ..wire import MAX_DOCUMENT_BYTES
from .aggregation import search_for

Reply = dict[str, Any]


def find(engine: Engine, call: Call) -> Reply:
    variables = command_variables(call.mapping("let"))
    query = call.mapping("filter") or {}
    limit = call.number("limit")
    size: int | None = call.number("batchSize", FIRST_BATCH)
    single = call.flag("singleBatch")
    with engine.reading(call) as reading:
        collection = engine.catalog.find(reading.sqlite, call.db, call.collection)
        view = collection is not None and collection.view is not None
        if view:
            _check_of_view(call)
        search = search_for(engine, call, reading, "filter", variables)
        shape = compile_projection(
            call.mapping("projection"), query=query, collation=call.collation, variables=variables, score=search.score,
            view=view,
        )  # fmt: skip
        pick = reading, call.number("skip"), limit
        items: Iterator[Item]
        if call.mapping("projection"):
            items = map(shape, search.documents(*pick))
        else:
            items = (body or document or {} for _, body, document in search.rows(*pick))
        cursor = Cursor(f"{call.db}.{call.collection}", items, reading, limit=limit)
        cursor.forever = call.flag("noCursorTimeout")
        batch = cursor.batch(size if not single or size else None)
    return engine.cursors.first(call, cursor, batch, keep=not single and not cursor.finished)


def _check_of_view(call: Call) -> None:
    """Raise CommandError for what MongoDB does not ask of a view, which it reads with an aggregation."""
    for name in ("noCursorTimeout", "allowPartialResults"):
        if call.flag(name):
            raise _not_of_view(f"Option {name}")
    if call.flag("singleBatch") and call.number("limit") != 1:
        raise _not_of_view("Option singleBatch without a limit of 1")


def _not_of_view(what: str) -> CommandError:
    return CommandError("InvalidPipelineOperator", f"{what} not supported in aggregation, which a view is read with.")


def count(engine: Engine, call: Call) -> Reply:
    with engine.reading(call) as reading:
        search = search_for(engine, call, reading, "query")
        return {"n": search.count(reading, call.number("skip"), count_limit(call))}


def count_limit(call: Call) -> int:
    """Of a negative limit the sign says nothing."""
    limit = call.command.get("limit", 0)
    if not is_number(limit):
        raise bad("limit value is not a valid number")
    if not is_long(limit):
        raise unparsable(f"limit value must be a whole number of 64 bits: {limit}")
    if clamped(limit) == -(2**63):
        raise bad("limit value for count cannot be min long")
    return abs(clamped(limit))


def distinct(engine: Engine, call: Call) -> Reply:
    path = distinct_path(call)
    with engine.reading(call) as reading:
        search = search_for(engine, call, reading, "query")
        found: dict[bytes, Any] = {}
        for document in search.documents(reading):
            for value in path_values(document, path):
                found.setdefault(encode_key(value, call.collation), value)
    values = [found[key] for key in sorted(found)]
    if sum(map(len, found)) > MAX_DOCUMENT_BYTES // 2 and len(encode({"": values})) > MAX_DOCUMENT_BYTES:
        raise CommandError("Location17217", "distinct too big, 16mb cap")
    return {"values": values} | ({"ok": 1} if search.of_view else {})  # of a view MongoDB says so with an int


def distinct_path(call: Call) -> str:
    path = call.text("key")
    if "\0" in path:
        raise CommandError("Location31032", "Field path cannot contain a null byte")
    return path


def get_more(engine: Engine, call: Call) -> Reply:
    number = call.target
    cursor = engine.cursors.get(call, number, f"{call.db}.{call.text('collection')}")
    if call.command.get("maxTimeMS") is not None and not isinstance(cursor, Stream):
        raise bad("cannot set maxTimeMS on getMore command for a non-awaitData cursor")
    if not cursor.busy.acquire(blocking=False):
        raise CommandError("CursorInUse", f"cursor id {number} is already in use")
    try:
        size = call.number("batchSize") or None
        if isinstance(cursor, Stream):
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
    if type(call.target) is not str:
        raise CommandError("InvalidNamespace", f"collection name has invalid type {type_name(call.target)}")
    asked = call.command["cursors"]
    for place, number in enumerate(asked):
        LONG.check(f"killCursors.cursors.{place}", number)
    killed: list[Int64] = []
    unknown: list[Int64] = []
    for number in asked:
        if number is not None:
            (killed if engine.cursors.close(number) else unknown).append(number)
    return {"cursorsKilled": killed, "cursorsNotFound": unknown, "cursorsAlive": [], "cursorsUnknown": []}
