"""``insert``, ``update``, ``delete`` and ``findAndModify``: https://www.mongodb.com/docs/manual/reference/command/nav-crud/"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bson import Regex

from ..call import Call, boolean, hint, mapping
from ..edits import NotQuick, Outcome, Statement, edit, edit_at_once, savepoint
from ..engine import Engine
from ..given import decode_all_given, decode_given
from ..semantics.collation import Collation
from ..semantics.errors import CommandError, bad, mismatch, unparsable, unsupported
from ..semantics.evaluation import truthy
from ..semantics.expressions import command_variables
from ..semantics.pipeline import STAGES
from ..semantics.predicates import is_operators
from ..semantics.projection import compile_projection
from ..semantics.text import has_text
from ..semantics.updates import compile_update
from ..semantics.values import MISSING, exact, is_number, type_name
from ..sessions import recall, remember
from ..storable import New, prepare
from ..timestamps import fill_timestamps, may_leave_timestamps
from ..writer import Writing
from .totals import Totals, another_command, stops_at_errors

Reply = dict[str, Any]
_MOST_STATEMENTS = 100_000
_INSERT_ROWS, _INSERT_BYTES = 1_000, 8_000_000
_GROUP = 100


def insert(engine: Engine, call: Call) -> Reply:
    documents = _statements(call, "documents")
    totals = _earlier(engine, call)
    while totals.goes_on(len(documents), call):
        chunk = _insert_chunk(documents, totals.done)
        totals = engine.write(
            call, lambda writing, chunk=chunk, totals=totals: _insert(engine, call, writing, chunk, totals)
        )
    return totals.reply()


def _insert_chunk(documents: Sequence[Any], start: int) -> Sequence[Any]:
    size, end = 0, start
    while end < len(documents) and end - start < _INSERT_ROWS and size < _INSERT_BYTES:
        size += len(documents[end])
        end += 1
    return documents[start:end]


def _insert(engine: Engine, call: Call, writing: Writing, chunk: Sequence[Any], totals: Totals) -> Totals:
    """The chunk in one go, or document by document where one is refused."""
    totals = totals.copy()
    collection = engine.collection(writing.sqlite, call) or engine.catalog.add(writing.sqlite, call.db, call.collection)
    try:
        with savepoint(writing.sqlite):
            engine.store.insert(writing, collection, _new(engine, chunk))
        totals.add(len(chunk), n=len(chunk))
    except CommandError as refused:
        if len(chunk) == 1:
            totals.fail(refused)
        else:
            for item in chunk:
                try:
                    with savepoint(writing.sqlite):
                        collection = engine.collection(writing.sqlite, call) or collection
                        engine.store.insert(writing, collection, _new(engine, [item]))
                    totals.add(1, n=1)
                except CommandError as error:
                    totals.fail(error)
                    if stops_at_errors(call):
                        break
    _note(call, writing, totals)
    return totals


def _new(engine: Engine, items: Sequence[Any]) -> list[New]:
    """Documents to insert, all as the client encoded them or all as they stood in the command."""
    if isinstance(items[0], bytes):
        return [_encoded(engine, body, document) for body, document in zip(items, decode_all_given(items), strict=True)]
    return [prepare(fill_timestamps(item, engine.clock)) for item in items]


def _encoded(engine: Engine, body: bytes, document: dict[str, Any]) -> New:
    filled = fill_timestamps(document, engine.clock) if may_leave_timestamps(body) else document
    return prepare(filled, body if filled is document else None)


def update(engine: Engine, call: Call) -> Reply:
    variables = command_variables(call.mapping("let"))
    return _run(
        engine, call, "updates", _check_update, lambda item: update_statement(engine, item, variables), modified=True
    )


_UPDATE_OPTIONS = frozenset({"q", "u", "c", "multi", "upsert", "collation", "arrayFilters", "hint", "sort"})
_DELETE_OPTIONS = frozenset({"q", "limit", "collation", "hint"})


def _check_update(item: Mapping[str, Any]) -> None:
    """What is wrong with the form of one statement fails the command before any of them is done."""
    where = "update.updates"
    _only(item, _UPDATE_OPTIONS, where)
    for name in ("q", "c", "collation", "sort"):
        mapping(item, name, where)
    for name in ("multi", "upsert"):
        boolean(item, name)
    _required(item, "q", where)
    _change(_required(item, "u", where))
    _array_filters(item, where)
    hint(item)


def update_statement(engine: Engine, item: Mapping[str, Any], variables: Mapping[str, Any]) -> Statement:
    query, change, sort, many = item["q"], item["u"], item.get("sort") or {}, boolean(item, "multi")
    constants = item.get("c")
    if constants is not None:
        if type(change) is not list:
            raise CommandError("Location51198", "Constant values may only be specified for pipeline updates")
        variables = {**variables, **constants}
    collation = Collation.from_spec(item.get("collation"))
    found = compile_update(
        change,
        array_filters=item.get("arrayFilters"),
        collation=collation,
        variables=variables,
        query=query,
        tick=engine.clock.timestamp,
    )
    if many and found.replacement:
        raise unparsable("multi update is not supported for replacement-style update")
    if many and sort:
        raise unparsable("Cannot specify sort with multi=true")
    return Statement(
        query=query, update=found, many=many, upsert=boolean(item, "upsert"), sort=sort, collation=collation,
        hint=hint(item), variables=variables, long=type(change) is list,
    )  # fmt: skip


def _change(change: Any) -> Any:
    if type(change) not in (dict, list):
        raise unparsable("Update argument must be either an object or an array")
    for stage in change if type(change) is list else ():
        name = next(iter(stage), "") if type(stage) is dict else ""
        if name.startswith("$") and name not in STAGES:
            raise unsupported(name, "stage")
    return change


def _array_filters(options: Mapping[str, Any], where: str) -> list[Any] | None:
    found = options.get("arrayFilters")
    if found is not None and (type(found) is not list or not all(type(one) is dict for one in found)):
        raise mismatch(f"BSON field '{where}.arrayFilters' must be an array of objects")
    return found


def delete(engine: Engine, call: Call) -> Reply:
    variables = command_variables(call.mapping("let"))
    return _run(engine, call, "deletes", _check_delete, lambda item: delete_statement(item, variables), modified=False)


def _check_delete(item: Mapping[str, Any]) -> None:
    where = "delete.deletes"
    _only(item, _DELETE_OPTIONS, where)
    for name in ("q", "collation"):
        mapping(item, name, where)
    _required(item, "q", where)
    limit = _required(item, "limit", where)
    if not is_number(limit) or exact(limit) not in (0, 1):
        raise unparsable(f"The limit field in delete objects must be 0 or 1. Got {limit}")
    hint(item)


def delete_statement(item: Mapping[str, Any], variables: Mapping[str, Any]) -> Statement:
    return Statement(
        query=item["q"], update=None, many=not truthy(item["limit"]),
        collation=Collation.from_spec(item.get("collation")), hint=hint(item), variables=variables,
    )  # fmt: skip


def _required(options: Mapping[str, Any], name: str, where: str) -> Any:
    found = options.get(name)
    if found is None:
        raise CommandError("Location40414", f"BSON field '{where}.{name}' is missing but a required field")
    return found


def _only(item: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for name in item:
        if name not in known:
            raise CommandError("Location40415", f"BSON field '{where}.{name}' is an unknown field.")


def _run(
    engine: Engine,
    call: Call,
    key: str,
    check: Callable[[Mapping[str, Any]], None],
    parse: Callable[[Mapping[str, Any]], Statement],
    *,
    modified: bool,
) -> Reply:
    """All statements; those held to one key share a commit, each other has its own."""
    retried = call.command.get("txnNumber") is not None and call.transaction is None

    def statement_of(item: Mapping[str, Any]) -> Statement:
        found = parse(item)
        if retried and found.many:
            raise CommandError("InvalidOptions", "Cannot use retryable writes with statements that change many")
        return found

    items = [decode_given(item) if isinstance(item, bytes) else item for item in _statements(call, key)]
    for item in items:
        check(item)
    totals = _earlier(engine, call)
    while totals.goes_on(len(items), call):
        at = totals.done
        totals = engine.write(
            call, lambda writing, totals=totals: _quick(engine, call, writing, items, statement_of, totals)
        )
        if totals.done == at and totals.goes_on(len(items), call):
            totals = _slow(engine, call, items[at], statement_of, totals)
    return totals.reply(modified=modified)


def one_statement(call: Call, key: str) -> Mapping[str, Any]:
    """The statement of a write to explain, of which there may be no more."""
    items = _statements(call, key)
    if len(items) != 1:
        raise CommandError("InvalidLength", "explained write batches must be of size 1")
    (_check_update if key == "updates" else _check_delete)(items[0])
    return items[0]


def _quick(
    engine: Engine,
    call: Call,
    writing: Writing,
    items: Sequence[Any],
    parse: Callable[[Mapping[str, Any]], Statement],
    totals: Totals,
) -> Totals:
    totals = totals.copy()
    force = call.transaction is not None
    for item in items[totals.done : totals.done + _GROUP]:
        try:
            with savepoint(writing.sqlite):
                totals.take(edit_at_once(engine, call, writing, parse(item), force=force))
        except NotQuick:
            break
        except CommandError as error:
            totals.fail(error)
            if stops_at_errors(call):
                break
    _note(call, writing, totals)
    return totals


def _slow(
    engine: Engine, call: Call, item: Any, parse: Callable[[Mapping[str, Any]], Statement], totals: Totals
) -> Totals:
    totals = totals.copy()

    def note(writing: Writing, outcome: Outcome) -> None:
        noted = totals.copy()
        noted.take(outcome)
        _note(call, writing, noted)

    try:
        totals.take(edit(engine, call, parse(item), note))
    except CommandError as error:
        totals.fail(error)
    return totals


def find_and_modify(engine: Engine, call: Call) -> Reply:
    earlier = _recalled(engine, call)
    if earlier is not None:
        if "lastErrorObject" not in earlier:
            raise another_command()
        return earlier
    removing, statement = call.flag("remove"), find_and_modify_statement(engine, call)
    fields, new = call.mapping("fields"), call.flag("new")
    score: Any = MISSING
    told = (lambda document: score) if has_text(statement.query) else None
    shape = compile_projection(fields, query=statement.query, collation=call.collation, score=told, updated=new)

    def reply(outcome: Outcome) -> Reply:
        nonlocal score
        score = MISSING if outcome.score is None else outcome.score
        value = outcome.after if new else outcome.before
        last: Reply = {"n": int(outcome.matched or outcome.upserted)}
        if not removing:
            last["updatedExisting"] = bool(outcome.matched)
        if outcome.upserted and outcome.after is not None:
            last["upserted"] = outcome.after["_id"]
        return {"lastErrorObject": last, "value": None if value is None else shape(value)}

    def note(writing: Writing, outcome: Outcome) -> None:
        _remember(call, writing, reply(outcome))

    def at_once(writing: Writing) -> Outcome:
        outcome = edit_at_once(engine, call, writing, statement, force=call.transaction is not None)
        note(writing, outcome)
        return outcome

    try:
        return reply(engine.write(call, at_once))
    except NotQuick:
        return reply(edit(engine, call, statement, note))


def find_and_modify_statement(engine: Engine, call: Call) -> Statement:
    removing, change = call.flag("remove"), call.command.get("update")
    if removing == ("update" in call.command):
        raise unparsable("Either an update or remove=true must be specified")
    if removing and (call.flag("new") or call.flag("upsert")):
        raise unparsable("Cannot specify both new=true or upsert=true and remove=true")
    if removing and call.command.get("arrayFilters") is not None:
        raise unparsable("Cannot specify arrayFilters and remove=true")
    call.flag("bypassDocumentValidation")
    query, sort = call.mapping("query") or {}, call.sort
    variables = command_variables(call.mapping("let"))
    filters, found = _array_filters(call.command, call.name), None
    if "update" in call.command:
        found = compile_update(
            _change(change),
            array_filters=filters,
            collation=call.collation,
            variables=variables,
            query=query,
            tick=engine.clock.timestamp,
        )
    return Statement(
        query=query, update=found, upsert=call.flag("upsert"), sort={} if _is_of_one(query) else sort,
        collation=call.collation, hint=call.hint, variables=variables, long=type(change) is list,
    )  # fmt: skip


def _is_of_one(query: Mapping[str, Any]) -> bool:
    """By ``_id``: MongoDB does not even read a sort beside it."""
    return list(query) == ["_id"] and not isinstance(query["_id"], Regex) and not is_operators(query["_id"])


# Shared


def _statements(call: Call, key: str) -> Sequence[Any]:
    call.boolean("ordered")
    call.flag("bypassDocumentValidation")
    found = call.bodies[key] if key in call.bodies else _required(call.command, key, call.name)
    if not isinstance(found, list):
        raise mismatch(f"BSON field '{call.name}.{key}' is the wrong type '{type_name(found)}', expected type 'array'")
    if not 0 < len(found) <= _MOST_STATEMENTS:
        message = f"Write batch sizes must be between 1 and {_MOST_STATEMENTS}. Got {len(found)} operations."
        raise CommandError("InvalidLength", message)
    if found is not call.bodies.get(key):
        for item in found:
            if type(item) is not dict:
                raise mismatch(f"BSON field '{call.name}.{key}' holds a {type_name(item)}, expected type 'object'")
    return found


def _recalled(engine: Engine, call: Call) -> Reply | None:
    """What this very write answered before, where the driver sends it again."""
    number = call.command.get("txnNumber")
    if number is None or call.transaction is not None:
        return None
    if call.session is None:
        raise bad("txnNumber requires a session")
    engine.sessions.begin_write(call.session, number)
    if call.session.answered is not None and number > call.session.answered:
        return None  # the session's newest: nothing to look up
    with engine.pool.snapshot() as sqlite:
        return recall(sqlite, call.session.key, number)


def _earlier(engine: Engine, call: Call) -> Totals:
    found = _recalled(engine, call)
    return Totals() if found is None else Totals.from_document(found)


def _note(call: Call, writing: Writing, totals: Totals) -> None:
    _remember(call, writing, totals.as_document())


def _remember(call: Call, writing: Writing, outcome: Reply) -> None:
    number = call.command.get("txnNumber")
    if number is not None and call.transaction is None and call.session is not None:
        remember(writing, call.session.key, number, outcome)
        call.session.answered = number
