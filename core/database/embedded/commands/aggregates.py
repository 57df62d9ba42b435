"""``aggregate`` and ``explain``: https://www.mongodb.com/docs/manual/reference/command/aggregate/"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from bson import Int64

from ..call import Call, mapping
from ..cursors import FIRST_BATCH, Cursor
from ..edits import savepoint
from ..engine import Engine
from ..options import clamped
from ..planner import Plan
from ..scans import Reading, matching, scan
from ..search import Search
from ..semantics.errors import CommandError, bad, unparsable, unsupported
from ..semantics.expressions import command_variables
from ..semantics.numbers import to_double
from ..semantics.pipeline import STAGES, Pipeline, compile_pipeline
from ..semantics.stages.out import out_target
from ..semantics.text_fields import TextIndex
from ..semantics.values import is_number, type_name
from ..store import prepare
from ..streams import Event, Shape, Stream
from ..transaction_options import not_held
from ..writer import Writing
from .views import DEEPEST, each_stage

Reply = dict[str, Any]
Document = dict[str, Any]
_STREAM_STAGES = frozenset(
    {"$match", "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith", "$redact"}
)
_NOT_IN_TRANSACTIONS = frozenset({"$changeStream", "$out", "$unionWith"})
_EVERYTHING = "$cmd.aggregate"
_OUT_ROWS = 1000


def aggregate(engine: Engine, call: Call) -> Reply:
    stages = call.command["pipeline"]
    if type(call.target) is not str:
        _check_database_target(call)
    elif stages and isinstance(stages[0], Mapping) and "$documents" in stages[0]:
        raise CommandError("InvalidNamespace", "$documents is only for {aggregate: 1}, not for a collection")
    if call.transaction is not None:
        _check_in_transaction(stages)
    if call.boolean("explain"):
        if call.command.get("writeConcern") is not None:
            raise unparsable("Aggregation explain does not support the 'writeConcern' option")
        return _plan(engine, call, call.command)
    size = _batch_size(call)
    if stages and isinstance(stages[0], Mapping) and "$changeStream" in stages[0]:
        return _open_stream(engine, call, stages, size)
    if type(call.target) is not str:
        _check_database_stages(stages)
    with engine.reading(call) as reading:
        found = _Aggregation(engine, call, reading, stages)
        if found.pipeline.out is not None:
            return _write_out(engine, call, found)
        cursor = Cursor(f"{call.db}.{found.name}", found.documents(), reading)
        batch = cursor.batch(size)
    return engine.cursors.first(call, cursor, batch, keep=not cursor.finished)


def _check_in_transaction(stages: Sequence[Any]) -> None:
    for name, _ in each_stage(stages):
        if name in _NOT_IN_TRANSACTIONS:
            raise not_held(f"{name} cannot be used in a transaction")


def _check_database_target(call: Call) -> None:
    if not is_number(call.target):
        raise CommandError("InvalidNamespace", f"collection name has invalid type {type_name(call.target)}")
    if to_double(call.target) != 1:
        raise bad("Invalid command format: the 'aggregate' field must specify a collection name or 1")


def _check_database_stages(stages: Sequence[Any]) -> None:
    first = next(iter(stages[0]), "") if stages and isinstance(stages[0], Mapping) else ""
    if first not in STAGES:
        raise unsupported(first, "stage")
    if first != "$documents":
        compile_pipeline(stages, sources=_no_source)  # what is malformed is refused as such
        raise CommandError("InvalidNamespace", f"{{aggregate: 1}} is not valid for {first}; it needs a collection")


class _Aggregation:
    """A pipeline over one collection; what stands first is left to an index where there is one."""

    def __init__(
        self, engine: Engine, call: Call, reading: Reading, stages: Sequence[Any],
        variables: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._engine, self._call, self._reading = engine, call, reading
        self.name = call.target if type(call.target) is str else _EVERYTHING
        source, stages = _resolved(engine, call, reading, self.name, stages)
        self._stages = stages
        self._collection = engine.catalog.find(reading.sqlite, call.db, source)
        text = self._collection.text if self._collection is not None else None
        if variables is None:
            variables = command_variables(call.mapping("let"))
        self.pipeline: Pipeline = compile_pipeline(
            stages, collation=call.collation, variables=variables, sources=self._source,
            search=self._find, text=text, text_of=self._text_of,
        )  # fmt: skip
        self.search = Search(
            self._collection, self.pipeline.leading_match or {}, sort=self.pipeline.leading_sort,
            collation=call.collation, hint=call.hint, variables=variables,
        )  # fmt: skip

    def documents(self) -> Iterator[Document]:
        skip, limit = self.pipeline.leading_skip or 0, self.pipeline.leading_limit or 0
        counted = _counted(self._stages)
        if counted is not None:
            return counted(self.search.count(self._reading, skip, limit))
        return self.pipeline.rest.run(self.search.documents(self._reading, skip, limit))

    def _source(self, name: str) -> Iterable[Document]:
        source, stages = _resolved(self._engine, self._call, self._reading, name, ())
        collection = self._engine.catalog.find(self._reading.sqlite, self._call.db, source)
        if collection is None:
            return ()
        rows = scan(self._reading, collection, Plan())
        found = (document for _, _, document in matching(self._reading, rows, None))
        return compile_pipeline(stages, sources=self._source).run(found) if stages else found

    def _text_of(self, name: str) -> TextIndex | None:
        collection = self._engine.catalog.find(self._reading.sqlite, self._call.db, name)
        return collection.text if collection is not None else None

    def _find(self, name: str, path: str, values: list[Any]) -> Iterable[Document] | None:
        """What a stage looks for in another collection, where an index of it leads there."""
        collection = self._engine.catalog.find(self._reading.sqlite, self._call.db, name)
        if collection is None or collection.view is not None:
            return None
        search = Search(collection, {path: {"$in": values}}, collation=self._call.collation)
        if search.plan.index is None:
            return None
        return search.documents(self._reading)


def _resolved(
    engine: Engine, call: Call, reading: Reading, name: str, stages: Sequence[Any]
) -> tuple[str, Sequence[Any]]:
    """The collection below a view, and the view's stages before the others."""
    for _ in range(DEEPEST + 1):
        found = engine.catalog.find(reading.sqlite, call.db, name)
        if found is None or found.view is None:
            return name, stages
        if call.collation is not None:
            raise CommandError("OptionNotSupportedOnView", f"a view has its own collation, which is simple: {name}")
        name, stages = found.view["viewOn"], [*found.view["pipeline"], *stages]
    raise CommandError("ViewDepthLimitExceeded", f"views lie more than {DEEPEST} deep")


def search_for(
    engine: Engine, call: Call, reading: Reading, query: str, variables: Mapping[str, Any] | None = None
) -> Search:
    """The search of a ``find``, ``count`` or ``distinct``; ``query`` names the option with the filter."""
    collection = engine.catalog.find(reading.sqlite, call.db, call.collection)
    documents = None
    if collection is not None and collection.view is not None:
        documents = _Aggregation(engine, call, reading, [], variables).documents()
        collection = None
    return Search(
        collection, call.mapping(query) or {}, sort=call.sort, collation=call.collation, hint=call.hint,
        variables=variables, documents=documents,
    )  # fmt: skip


Counted = Callable[[int], Iterator[Document]]


def _counted(stages: Sequence[Any]) -> Counted | None:
    """For a pipeline that only counts its matches, as drivers' ``count_documents`` sends it: what it answers."""
    if not stages or not all(next(iter(stage)) in ("$match", "$skip", "$limit") for stage in stages[:-1]):
        return None
    order = [next(iter(stage)) for stage in stages[:-1]]
    if (
        order != sorted(order, key=("$match", "$skip", "$limit").index)
        or order.count("$skip") > 1
        or order.count("$limit") > 1
    ):
        return None
    ((name, argument),) = stages[-1].items()
    if name == "$count" and type(argument) is str:
        return lambda count: iter([{argument: count}] if count else [])
    if name != "$group" or type(argument) is not dict or len(argument) != 2 or next(iter(argument)) != "_id":
        return None
    key, total = argument["_id"], list(argument.items())[1]
    plain = key is None or (is_number(key) and type(key) is int)
    if not plain or total[1] != {"$sum": 1} or type(total[1]["$sum"]) is not int:
        return None
    return lambda count: iter([{"_id": key, total[0]: count}] if count else [])


def _batch_size(call: Call) -> int:
    cursor = call.mapping("cursor")
    if cursor is None:
        raise unparsable("The 'cursor' option is required, except for aggregate with the explain argument")
    return FIRST_BATCH if cursor.get("batchSize") is None else clamped(cursor["batchSize"])


# Change streams


def _open_stream(engine: Engine, call: Call, stages: Sequence[Any], size: int | None) -> Reply:
    options = stages[0]["$changeStream"]
    if type(options) is not dict:
        raise CommandError("Location50808", "$changeStream stage expects a document as argument")
    if type(call.target) is str:
        scope, namespace = (call.db, call.target), f"{call.db}.{call.target}"
    else:
        scope, namespace = (call.db, None), f"{call.db}.{_EVERYTHING}"
        if options.get("allChangesForCluster"):
            if call.db != "admin":
                raise CommandError("InvalidOptions", "allChangesForCluster is only for the admin database")
            scope = (None, None)
    stream = Stream(namespace, scope, options, _event_shape(call, stages[1:]), engine, call)
    batch, more = stream.first_batch(engine, call, size)
    return engine.cursors.first(call, stream, batch, keep=not stream.finished, **more)


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


def _write_out(engine: Engine, call: Call, found: _Aggregation) -> Reply:
    """The result takes the place of the target collection in one commit; its indexes stay."""
    if (call.mapping("readConcern") or {}).get("level") == "linearizable":
        raise CommandError("InvalidOptions", "$out cannot be used with a 'linearizable' read concern level")
    db, name = out_target(found.pipeline.out, call.db)
    rows = [prepare(document) for document in found.documents()]

    def work(writing: Writing) -> None:
        target = engine.catalog.find(writing.sqlite, db, name)
        if target is not None and target.view is not None:
            raise CommandError("CommandNotSupportedOnView", f"Namespace {db}.{name} is a view, not a collection")
        if target is not None:
            engine.store.clear(writing, target)
        target = target or engine.catalog.add(writing.sqlite, db, name)
        with savepoint(writing.sqlite):
            chunks = iter(rows)
            while chunk := list(islice(chunks, _OUT_ROWS)):
                engine.store.insert(writing, target, chunk)

    engine.write(call, work)
    return {"cursor": {"firstBatch": [], "id": Int64(0), "ns": f"{call.db}.{found.name}"}}


# explain


def explain(engine: Engine, call: Call) -> Reply:
    """The plan of a read, or of the one statement of an ``update`` or ``delete``."""
    inner = call.command["explain"]
    name = next(iter(inner), "")
    if name not in _EXPLAINED:
        raise CommandError("CommandNotFound", f"Explain failed due to unknown command: {name}")
    nested = Call(
        name=name, command={**inner, "$db": call.db}, connection=call.connection, pace=call.pace, address=call.address,
        session=call.session, transaction=call.transaction,
    )  # fmt: skip
    return _plan(engine, nested, inner)


def _plan(engine: Engine, call: Call, command: Mapping[str, Any]) -> Reply:
    with engine.reading(call) as reading:
        search = _EXPLAINED[call.name](engine, call, reading)
    plan = search.plan.explain()
    if search.sorts:
        plan = {"stage": "SORT", "inputStage": plan}
    return {
        "explainVersion": "1",
        "queryPlanner": {"namespace": f"{call.db}.{call.target}", "winningPlan": plan, "rejectedPlans": []},
        "command": dict(command),
    }


def _explained(query: str) -> Callable[[Engine, Call, Reading], Search]:
    return lambda engine, call, reading: search_for(
        engine, call, reading, query, command_variables(call.mapping("let"))
    )


def _explained_statement(key: str) -> Callable[[Engine, Call, Reading], Search]:
    def search(engine: Engine, call: Call, reading: Reading) -> Search:
        statements = call.command.get(key)
        if type(statements) is not list or len(statements) != 1 or type(statements[0]) is not dict:
            raise CommandError("InvalidLength", f"explained {key} must be one statement")
        variables = command_variables(call.mapping("let"))
        query = mapping(statements[0], "q", key) or {}
        return Search(engine.collection(reading.sqlite, call), query, variables=variables)

    return search


_EXPLAINED: Mapping[str, Callable[[Engine, Call, Reading], Search]] = {
    "find": _explained("filter"),
    "count": _explained("query"),
    "distinct": _explained("query"),
    "findAndModify": _explained("query"),
    "aggregate": lambda engine, call, reading: _Aggregation(engine, call, reading, call.command["pipeline"]).search,
    "update": _explained_statement("updates"),
    "delete": _explained_statement("deletes"),
}
