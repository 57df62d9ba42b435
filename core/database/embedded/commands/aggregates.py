"""``aggregate``: https://www.mongodb.com/docs/manual/reference/command/aggregate/"""

import uuid
from collections.abc import Sequence
from itertools import islice
from typing import Any

from bson import Int64

from ..call import Call
from ..cursors import FIRST_BATCH, Cursor
from ..edits import savepoint
from ..engine import Engine
from ..options import clamped
from ..semantics.errors import CommandError, unparsable
from ..semantics.stages.out import out_target
from ..storable import prepare
from ..transaction_options import not_held
from ..writer import Writing
from .aggregation import Aggregation, check_database_stages, check_target
from .explain import explained_aggregate
from .views import each_stage
from .watching import is_stream, open_stream

Reply = dict[str, Any]
Document = dict[str, Any]
_NOT_IN_TRANSACTIONS = frozenset({"$changeStream", "$collStats", "$out", "$unionWith"})
_OUT_ROWS = 1000


def aggregate(engine: Engine, call: Call) -> Reply:
    stages = call.command["pipeline"]
    check_target(call, stages)
    if call.transaction is not None:
        _check_in_transaction(stages)
    if call.boolean("explain"):
        if call.command.get("writeConcern") is not None:
            raise unparsable("Aggregation explain does not support the 'writeConcern' option")
        return explained_aggregate(engine, call)
    size = _batch_size(call)
    if is_stream(stages):
        return open_stream(engine, call, stages, size)
    if type(call.target) is not str:
        check_database_stages(stages)
    with engine.reading(call) as reading:
        found = Aggregation(engine, call, reading, stages)
        if found.pipeline.out is not None:
            return _write_out(engine, call, found)
        cursor = Cursor(f"{call.db}.{found.name}", found.documents(), reading)
        batch = cursor.batch(size)
    return engine.cursors.first(call, cursor, batch, keep=not cursor.finished)


def _check_in_transaction(stages: Sequence[Any]) -> None:
    for name, _ in each_stage(stages):
        if name in _NOT_IN_TRANSACTIONS:
            raise not_held(f"{name} cannot be used in a transaction")


def _batch_size(call: Call) -> int:
    cursor = call.mapping("cursor")
    if cursor is None:
        raise unparsable("The 'cursor' option is required, except for aggregate with the explain argument")
    return FIRST_BATCH if cursor.get("batchSize") is None else clamped(cursor["batchSize"])


# $out


def _write_out(engine: Engine, call: Call, found: Aggregation) -> Reply:
    """A collection beside the target gets the result, and takes its place in the same commit; the indexes stay."""
    if (call.mapping("readConcern") or {}).get("level") == "linearizable":
        raise CommandError("InvalidOptions", "$out cannot be used with a 'linearizable' read concern level")
    db, name = out_target(found.pipeline.out, call.db)
    rows = [prepare(document) for document in found.documents()]

    def work(writing: Writing) -> None:
        target = engine.catalog.find(writing.sqlite, db, name)
        if target is not None and target.view is not None:
            raise CommandError("CommandNotSupportedOnView", f"Namespace {db}.{name} is a view, not a collection")
        with savepoint(writing.sqlite):
            beside = engine.catalog.add(writing.sqlite, db, f"tmp.agg_out.{uuid.uuid4()}")
            for index in target.indexes[1:] if target is not None else ():
                engine.store.build(writing, beside, index.spec)
            beside = engine.catalog.find(writing.sqlite, db, beside.name) or beside
            chunks = iter(rows)
            while chunk := list(islice(chunks, _OUT_ROWS)):
                engine.store.insert(writing, beside, chunk)
            if target is not None:
                engine.catalog.drop(writing.sqlite, target)
            beside = engine.catalog.find(writing.sqlite, db, beside.name) or beside
            engine.catalog.rename(writing.sqlite, beside, db, name)
            engine.log.renamed(writing, (db, beside.name), (db, name))

    engine.write(call, work)
    return {"cursor": {"firstBatch": [], "id": Int64(0), "ns": f"{call.db}.{found.name}"}}
