"""``explain``: the plan of a read or of the one statement of a write, and on demand what running it comes to.

Nothing is written. https://www.mongodb.com/docs/manual/reference/command/explain/
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..call import Call
from ..edits import Statement
from ..engine import Engine
from ..scans import CountingReading
from ..search import Search, Watched
from ..semantics.errors import CommandError, bad, unsupported
from ..semantics.expressions import command_variables
from ..semantics.projection import compile_projection
from .aggregation import (
    EVERYTHING,
    Aggregation,
    check_database_stages,
    check_target,
    search_in,
    tells_figures,
    view_of,
)
from .reads import count_limit, distinct_path
from .writes import delete_statement, find_and_modify_statement, one_statement, update_statement

Reply = dict[str, Any]
Ran = tuple[int, Reply | None]
"""How many documents were returned, and the stage that stands above the plan, if one does."""
_VERBOSITIES = ("queryPlanner", "executionStats", "allPlansExecution")


@dataclass(frozen=True, kw_only=True)
class _Explained:
    """``plan`` is the search whose plan is told, ``watched`` the same while it runs."""

    plan: Search
    watched: Watched
    run: Callable[[], Ran]


def explain(engine: Engine, call: Call) -> Reply:
    inner = call.command["explain"]
    verbosity = call.command.get("verbosity") or "allPlansExecution"
    if verbosity not in _VERBOSITIES:
        raise bad(f"Enumeration value '{verbosity}' for field 'explain.verbosity' is not a valid value.")
    if inner.get("$db", call.db) != call.db:
        raise CommandError("InvalidNamespace", f"Mismatched $db in explain command. Expected {call.db}")
    name = next(iter(inner))
    if name not in _EXPLAINED:
        raise CommandError("IllegalOperation", f"Cannot explain cmd: {name}")
    nested = Call(
        name=name, command={**inner, "$db": call.db}, connection=call.connection, pace=call.pace, address=call.address,
        session=call.session, transaction=call.transaction,
    )  # fmt: skip
    return _reply(engine, nested, inner, verbosity)


def explained_aggregate(engine: Engine, call: Call) -> Reply:
    """What the option ``explain`` of ``aggregate`` asks for."""
    return _reply(engine, call, call.command, "queryPlanner")


def _reply(engine: Engine, call: Call, command: Mapping[str, Any], verbosity: str) -> Reply:
    reading = CountingReading()
    with engine.reading(call, reading):
        explained = _EXPLAINED[call.name](engine, call, reading)
        collection, plan = explained.plan.collection, explained.plan.explain()
        name = call.target if type(call.target) is str else EVERYTHING
        namespace = f"{call.db}.{name}" if collection is None else collection.namespace
        found: Reply = {
            "explainVersion": "1",
            "queryPlanner": {"namespace": namespace, "winningPlan": plan, "rejectedPlans": []},
        }
        if verbosity != "queryPlanner":
            found["executionStats"] = _run(explained, reading, plan)
            if verbosity == "allPlansExecution":
                found["executionStats"]["allPlansExecution"] = []  # no other plan was tried
    return found | {"command": dict(command)}


def _run(explained: _Explained, reading: CountingReading, plan: Reply) -> Reply:
    start = time.monotonic()
    returned, above = explained.run()
    watched = explained.watched
    if above is None and watched.counted is not None:
        above = _count_stage(watched)
    stages = _counted(plan, reading, watched.passed)
    return {
        "executionSuccess": True, "nReturned": returned,
        "executionTimeMillis": round((time.monotonic() - start) * 1000),
        "totalKeysExamined": reading.keys, "totalDocsExamined": reading.documents,
        "executionStages": stages if above is None else {**above, "inputStage": stages},
    }  # fmt: skip


def _counted(stage: Reply, reading: CountingReading, returned: int | None) -> Reply:
    """The stages of a plan with what passed them; what goes into a sort and into the parts of an OR nobody counts."""
    found = stage if returned is None else {**stage, "nReturned": returned}
    match stage["stage"]:
        case "SORT":
            return {**found, "inputStage": _counted(stage["inputStage"], reading, None)}
        case "FETCH":
            keys = {**stage["inputStage"], "nReturned": reading.keys, "keysExamined": reading.keys}
            return {**found, "docsExamined": reading.documents, "inputStage": keys}
        case "COLLSCAN":
            return {**found, "docsExamined": reading.documents}
        case _:
            return found


# Reads


def _watched(
    engine: Engine, call: Call, reading: CountingReading, query: str, variables: Mapping[str, Any] | None = None
) -> tuple[Search, Watched, Search]:
    """The search that has a plan, the same watched, and the search of the command: of a view it stands above."""
    collection = engine.catalog.find(reading.sqlite, call.db, call.collection)
    view = view_of(engine, call, reading, collection, variables)
    if view is None:
        search = search_in(collection, call, query, variables)
        return search, Watched(search), search
    watched = Watched(view.search)
    return view.search, watched, search_in(None, call, query, variables, view.documents(watched))


def _find(engine: Engine, call: Call, reading: CountingReading) -> _Explained:
    variables = command_variables(call.mapping("let"))
    plan, watched, search = _watched(engine, call, reading, "filter", variables)
    shape = compile_projection(
        call.mapping("projection"), query=call.mapping("filter") or {}, collation=call.collation, variables=variables,
        score=search.score, view=search is not plan,
    )  # fmt: skip

    def run() -> Ran:
        source = watched if search is plan else search
        found = source.documents(reading, call.number("skip"), call.number("limit"))
        return sum(1 for _ in map(shape, found)), None

    return _Explained(plan=plan, watched=watched, run=run)


def _count(engine: Engine, call: Call, reading: CountingReading) -> _Explained:
    plan, watched, search = _watched(engine, call, reading, "query")
    counter = watched if search is plan else Watched(search)

    def run() -> Ran:
        counter.count(reading, call.number("skip"), count_limit(call))
        return 0, _count_stage(counter)

    return _Explained(plan=plan, watched=watched, run=run)


def _count_stage(watched: Watched) -> Reply:
    """MongoDB's stage hands on nothing either."""
    counted = watched.counted or 0
    return {"stage": "COUNT", "nReturned": 0, "nCounted": counted, "nSkipped": watched.passed - counted}


def _distinct(engine: Engine, call: Call, reading: CountingReading) -> _Explained:
    """What is returned are documents still, as MongoDB tells it."""
    distinct_path(call)
    plan, watched, search = _watched(engine, call, reading, "query")
    source = watched if search is plan else search
    return _Explained(plan=plan, watched=watched, run=lambda: (sum(1 for _ in source.documents(reading)), None))


def _aggregate(engine: Engine, call: Call, reading: CountingReading) -> _Explained:
    """An ``$out`` is not done."""
    stages = call.command["pipeline"]
    check_target(call, stages)
    if type(call.target) is not str:
        check_database_stages(stages)
    if tells_figures(stages):
        raise unsupported("explain of $collStats", "stage")
    found = Aggregation(engine, call, reading, stages)
    watched = Watched(found.search)
    return _Explained(plan=found.search, watched=watched, run=lambda: (sum(1 for _ in found.documents(watched)), None))


# Writes


def _update(engine: Engine, call: Call, reading: CountingReading) -> _Explained:
    variables = command_variables(call.mapping("let"))
    return _write(engine, call, reading, update_statement(engine, one_statement(call, "updates"), variables))


def _delete(engine: Engine, call: Call, reading: CountingReading) -> _Explained:
    variables = command_variables(call.mapping("let"))
    return _write(engine, call, reading, delete_statement(one_statement(call, "deletes"), variables))


def _find_and_modify(engine: Engine, call: Call, reading: CountingReading) -> _Explained:
    return _write(engine, call, reading, find_and_modify_statement(engine, call), returns=True)


def _write(
    engine: Engine, call: Call, reading: CountingReading, statement: Statement, *, returns: bool = False
) -> _Explained:
    plan = statement.search(engine.collection(reading.sqlite, call))
    watched = Watched(plan)

    def run() -> Ran:
        for document in watched.documents(reading, 0, 0 if statement.many else 1):
            if statement.update is not None:
                statement.update.apply(document)
        return _write_stage(statement, watched.passed, returns=returns, new=call.flag("new"))

    return _Explained(plan=plan, watched=watched, run=run)


def _write_stage(statement: Statement, matched: int, *, returns: bool, new: bool) -> Ran:
    """MongoDB counts every match as modified, since it does not compare."""
    upserts = int(statement.upsert and not matched)
    returned = matched + (upserts if new else 0) if returns else 0
    if statement.update is None:
        return returned, {"stage": "DELETE", "nReturned": returned, "nWouldDelete": matched}
    counts = {"nMatched": matched, "nWouldModify": matched, "nWouldUpsert": upserts}
    return returned, {"stage": "UPDATE", "nReturned": returned, **counts}


_EXPLAINED: Mapping[str, Callable[[Engine, Call, CountingReading], _Explained]] = {
    "find": _find,
    "count": _count,
    "distinct": _distinct,
    "aggregate": _aggregate,
    "update": _update,
    "delete": _delete,
    "findAndModify": _find_and_modify,
    "findandmodify": _find_and_modify,
}
