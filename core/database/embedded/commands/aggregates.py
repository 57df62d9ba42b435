"""``aggregate``: https://www.mongodb.com/docs/manual/reference/command/aggregate/"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from bson import Int64

from ..call import Call
from ..changes import Scope
from ..cursors import FIRST_BATCH, Cursor
from ..edits import savepoint
from ..engine import Engine
from ..options import clamped
from ..semantics.errors import CommandError, unparsable, unsupported
from ..semantics.expressions import command_variables
from ..semantics.pipeline import STAGES, compile_pipeline
from ..semantics.stages.out import out_target
from ..store import prepare
from ..streams import Event, Shape, Stream, check_options
from ..transaction_options import not_held
from ..writer import Writing
from .aggregation import EVERYTHING, Aggregation, check_database_stages, check_target
from .explain import explained_aggregate
from .views import each_stage

Reply = dict[str, Any]
Document = dict[str, Any]
_STREAM_STAGES = frozenset(
    {"$match", "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith", "$redact"}
)
_NOT_IN_TRANSACTIONS = frozenset({"$changeStream", "$out", "$unionWith"})
_OUT_ROWS = 1000
_INTERNAL = frozenset({"admin", "config", "local"})


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
    if stages and isinstance(stages[0], Mapping) and "$changeStream" in stages[0]:
        return _open_stream(engine, call, stages, size)
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


# Change streams


def _open_stream(engine: Engine, call: Call, stages: Sequence[Any], size: int | None) -> Reply:
    options = stages[0]["$changeStream"]
    check_options(options)
    level = (call.mapping("readConcern") or {}).get("level")
    if level not in (None, "majority"):
        message = f"Aggregation stage $changeStream cannot run with a readConcern other than 'majority', not {level!r}"
        raise CommandError("InvalidOptions", message)
    scope, namespace = _scope(engine, call, options)
    stream = Stream(namespace, scope, options, _event_shape(call, stages[1:]), engine, call)
    batch, more = stream.first_batch(engine, call, size)
    return engine.cursors.first(call, stream, batch, keep=not stream.finished, **more)


def _scope(engine: Engine, call: Call, options: Mapping[str, Any]) -> tuple[Scope, str]:
    """What is watched, and its name."""
    name = call.target if type(call.target) is str else None
    if options.get("allChangesForCluster"):
        if call.db != "admin" or name is not None:
            raise CommandError(
                "InvalidOptions", "allChangesForCluster is only for {aggregate: 1} of admin"
            )
        return (None, None), f"admin.{EVERYTHING}"
    if call.db in _INTERNAL:
        raise CommandError("InvalidNamespace", f"$changeStream may not be opened on the internal {call.db} database")
    if name is None:
        return (call.db, None), f"{call.db}.{EVERYTHING}"
    if name.startswith("system."):
        raise CommandError("InvalidNamespace", f"$changeStream may not be opened on the internal {call.db}.{name}")
    with engine.reading(call) as reading:
        engine.collection(reading.sqlite, call)  # which refuses a view
    return (call.db, name), f"{call.db}.{name}"


def _event_shape(call: Call, stages: Sequence[Any]) -> Shape:
    for stage in stages:
        name = next(iter(stage), "") if isinstance(stage, Mapping) else ""
        if name not in STAGES:
            raise unsupported(name, "stage")
        if name not in _STREAM_STAGES:
            raise CommandError(
                "IllegalOperation",
                f"the embedded database does not offer {name} in a change stream; set MONGODB_URI to use MongoDB",
            )
    pipeline = compile_pipeline(
        stages, collation=call.collation, variables=command_variables(call.mapping("let")), sources=_no_source
    )

    def shape(event: Event) -> Iterable[Event]:
        return pipeline.run([event])

    return shape if stages else lambda event: (event,)


def _no_source(name: str) -> Iterable[Document]:
    raise unsupported(f"reading {name} in a change stream", "stage")


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
