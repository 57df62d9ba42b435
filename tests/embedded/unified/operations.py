"""The operations of unified tests, as calls of PyMongo."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from pymongo import DeleteMany, DeleteOne, IndexModel, InsertOne, ReplaceOne, ReturnDocument, UpdateMany, UpdateOne
from pymongo.errors import ConfigurationError
from pymongo.synchronous.client_session import _TxnState

from .entities import Entities, Unsupported, collection_options, transaction_options

Arguments = dict[str, Any]
_NAMES = {
    "arrayFilters": "array_filters", "batchSize": "batch_size",
    "bypassDocumentValidation": "bypass_document_validation",
    "allowDiskUse": "allow_disk_use", "maxTimeMS": "max_time_ms", "maxAwaitTimeMS": "max_await_time_ms",
    "fullDocument": "full_document", "resumeAfter": "resume_after", "startAfter": "start_after",
    "startAtOperationTime": "start_at_operation_time", "noCursorTimeout": "no_cursor_timeout",
    "fullDocumentBeforeChange": "full_document_before_change", "showExpandedEvents": "show_expanded_events",
}  # fmt: skip
_TIMES_OUT = 5.0


def run(entities: Entities, operation: Mapping[str, Any]) -> Any:
    """The operation's result, as a test describes results."""
    call = _OPERATIONS.get(operation["name"])
    if call is None:
        raise Unsupported(f"the operation {operation['name']}")
    arguments = dict(operation.get("arguments", {}))
    if "session" in arguments:
        arguments["session"] = entities[arguments["session"]]
    try:
        return call(entities, entities.get(operation["object"]), arguments)
    except TypeError as error:
        if "unexpected keyword argument" in str(error):
            raise Unsupported(f"PyMongo has no such option: {error}") from error
        raise


def _plain(arguments: Arguments) -> Arguments:
    return {_NAMES.get(name, name): value for name, value in arguments.items()}


def _method(name: str, *positional: str, result: Callable[[Any], Any] = lambda value: value) -> Any:
    def call(entities: Entities, target: Any, arguments: Arguments) -> Any:
        values = [arguments.pop(one) for one in positional]
        return result(getattr(target, name)(*values, **_plain(arguments)))

    return call


def _written(answer: Any) -> Any:
    if not answer.acknowledged:
        return {"acknowledged": False}
    found: Arguments = {}
    for name, attribute in _RESULT_FIELDS.items():
        if hasattr(answer, attribute):
            found[name] = getattr(answer, attribute)
    if hasattr(answer, "upserted_id"):
        found["upsertedCount"] = int(answer.upserted_id is not None)
        if answer.upserted_id is None:
            found.pop("upsertedId")
    if "insertedIds" in found:
        found["insertedIds"] = {str(place): key for place, key in enumerate(found["insertedIds"])}
    return found


_RESULT_FIELDS = {
    "insertedId": "inserted_id", "insertedIds": "inserted_ids", "matchedCount": "matched_count",
    "modifiedCount": "modified_count", "upsertedId": "upserted_id", "deletedCount": "deleted_count",
}  # fmt: skip


def _bulk_result(answer: Any) -> Any:
    if not answer.acknowledged:
        return {"acknowledged": False}
    return {
        "deletedCount": answer.deleted_count, "insertedCount": answer.inserted_count,
        "matchedCount": answer.matched_count,
        "modifiedCount": answer.modified_count, "upsertedCount": answer.upserted_count,
        "upsertedIds": {str(place): key for place, key in (answer.upserted_ids or {}).items()},
    }  # fmt: skip


_MODELS: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "insertOne": (InsertOne, ("document",)),
    "updateOne": (UpdateOne, ("filter", "update")),
    "updateMany": (UpdateMany, ("filter", "update")),
    "replaceOne": (ReplaceOne, ("filter", "replacement")),
    "deleteOne": (DeleteOne, ("filter",)),
    "deleteMany": (DeleteMany, ("filter",)),
}


def _bulk_write(entities: Entities, target: Any, arguments: Arguments) -> Any:
    models: list[Any] = []
    for request in arguments.pop("requests"):
        ((name, options),) = request.items()
        model, positional = _MODELS[name]
        options = dict(options)
        models.append(model(*[options.pop(one) for one in positional], **_plain(options)))
    return _bulk_result(target.bulk_write(models, **_plain(arguments)))


def _find(entities: Entities, target: Any, arguments: Arguments) -> Any:
    if "sort" in arguments:
        arguments["sort"] = list(arguments["sort"].items())
    if "allowDiskUse" in arguments and arguments["allowDiskUse"] is None:
        del arguments["allowDiskUse"]
    limit = arguments.pop("limit", 0)
    return list(target.find(arguments.pop("filter"), limit=limit, **_plain(arguments)))


def _aggregate(entities: Entities, target: Any, arguments: Arguments) -> Any:
    found = _plain(arguments)
    _rename_back(found, "batchSize", "allowDiskUse", "maxTimeMS", "bypassDocumentValidation")
    return list(target.aggregate(found.pop("pipeline"), **found))


def _rename_back(found: Arguments, *names: str) -> None:
    """Some of PyMongo's methods take options as MongoDB writes them."""
    for name in names:
        if _NAMES[name] in found:
            found[name] = found.pop(_NAMES[name])


def _find_and(name: str, *positional: str) -> Any:
    def call(entities: Entities, target: Any, arguments: Arguments) -> Any:
        if "returnDocument" in arguments:
            arguments["return_document"] = arguments.pop("returnDocument") == "After" or ReturnDocument.BEFORE
        if "sort" in arguments:
            arguments["sort"] = list(arguments["sort"].items())
        values = [arguments.pop(one) for one in positional]
        found = _plain(arguments)
        _rename_back(found, "maxTimeMS", "bypassDocumentValidation")
        return getattr(target, name)(*values, **found)

    return call


def _count(entities: Entities, target: Any, arguments: Arguments) -> Any:
    return target.count_documents(arguments.pop("filter"), **arguments)


def _count_command(entities: Entities, target: Any, arguments: Arguments) -> Any:
    session = arguments.pop("session", None)
    command = {"count": target.name, "query": arguments.pop("filter"), **arguments}
    return target.database.command(command, session=session)["n"]


def _distinct(entities: Entities, target: Any, arguments: Arguments) -> Any:
    return target.distinct(arguments.pop("fieldName"), arguments.pop("filter", {}), **arguments)


def _run_command(entities: Entities, target: Any, arguments: Arguments) -> Any:
    arguments.pop("commandName", None)
    preference = (
        collection_options({"readPreference": arguments.pop("readPreference")}) if "readPreference" in arguments else {}
    )
    return target.command(arguments.pop("command"), **preference, **arguments)


def _start_transaction(entities: Entities, session: Any, arguments: Arguments) -> None:
    session.start_transaction(**transaction_options(arguments))


def _create_index(entities: Entities, target: Any, arguments: Arguments) -> Any:
    keys = arguments.pop("keys")
    session = {"session": arguments.pop("session")} if "session" in arguments else {}
    return target.create_indexes([IndexModel(list(keys.items()), **arguments)], **session)


def _drop_collection(entities: Entities, database: Any, arguments: Arguments) -> Any:
    return database.drop_collection(arguments.pop("collection"), **arguments)


def _create_collection(entities: Entities, database: Any, arguments: Arguments) -> Any:
    database.create_collection(arguments.pop("collection"), check_exists=False, **arguments)


def _rename(entities: Entities, target: Any, arguments: Arguments) -> Any:
    target.rename(arguments.pop("to"), **arguments)


def _modify_collection(entities: Entities, database: Any, arguments: Arguments) -> Any:
    return database.command("collMod", arguments.pop("collection"), **arguments)


# Change streams


def _watch(entities: Entities, target: Any, arguments: Arguments) -> Any:
    return target.watch(arguments.pop("pipeline", None), **_plain(arguments))


def _next_change(entities: Entities, stream: Any, arguments: Arguments) -> Any:
    deadline = time.monotonic() + _TIMES_OUT
    while time.monotonic() < deadline:
        found = stream.try_next()
        if found is not None:
            return found
    raise AssertionError("no change came")


# The test runner's own


def _fail_point(entities: Entities, _: Any, arguments: Arguments) -> None:
    client = entities[arguments["client"]] if "client" in arguments else entities[arguments["session"]].client
    recorder = next(one for name, one in entities.recorders.items() if entities[name] is client)
    recorder.active, active = False, recorder.active
    client.admin.command(arguments["failPoint"])
    recorder.active = active


def _targeted_fail_point(entities: Entities, target: Any, arguments: Arguments) -> None:
    arguments["client"] = next(name for name in entities.recorders if entities[name] is arguments["session"].client)
    _fail_point(entities, target, arguments)


def _transaction_state(entities: Entities, _: Any, arguments: Arguments) -> None:
    state = arguments["session"]._transaction.state
    names = [name for name, value in vars(_TxnState).items() if value == state]
    assert arguments["state"].replace("_", "").lower() in [name.replace("_", "").lower() for name in names], names


def _collection_exists(wanted: bool) -> Any:
    def call(entities: Entities, _: Any, arguments: Arguments) -> None:
        names = entities.plain[arguments["databaseName"]].list_collection_names()
        assert (arguments["collectionName"] in names) == wanted

    return call


def _index_exists(wanted: bool) -> Any:
    def call(entities: Entities, _: Any, arguments: Arguments) -> None:
        found = entities.plain[arguments["databaseName"]][arguments["collectionName"]].index_information()
        assert (arguments["indexName"] in found) == wanted

    return call


def _create_entities(entities: Entities, _: Any, arguments: Arguments) -> None:
    entities.create(arguments["entities"])


def _nothing(entities: Entities, target: Any, arguments: Arguments) -> None:
    """What only a sharded cluster could show."""


_OPERATIONS: Mapping[str, Callable[[Entities, Any, Arguments], Any]] = {
    "insertOne": _method("insert_one", "document", result=_written),
    "insertMany": _method("insert_many", "documents", result=_written),
    "updateOne": _method("update_one", "filter", "update", result=_written),
    "updateMany": _method("update_many", "filter", "update", result=_written),
    "replaceOne": _method("replace_one", "filter", "replacement", result=_written),
    "deleteOne": _method("delete_one", "filter", result=_written),
    "deleteMany": _method("delete_many", "filter", result=_written),
    "bulkWrite": _bulk_write,
    "find": _find,
    "findOne": _method("find_one", "filter"),
    "aggregate": _aggregate,
    "findOneAndUpdate": _find_and("find_one_and_update", "filter", "update"),
    "findOneAndReplace": _find_and("find_one_and_replace", "filter", "replacement"),
    "findOneAndDelete": _find_and("find_one_and_delete", "filter"),
    "countDocuments": _count,
    "count": _count_command,
    "estimatedDocumentCount": lambda entities, target, arguments: target.estimated_document_count(**arguments),
    "distinct": _distinct,
    "runCommand": _run_command,
    "startTransaction": _start_transaction,
    "commitTransaction": _method("commit_transaction"),
    "abortTransaction": _method("abort_transaction"),
    "endSession": _method("end_session"),
    "createIndex": _create_index,
    "dropIndex": _method("drop_index", "name"),
    "dropCollection": _drop_collection,
    "createCollection": _create_collection,
    "modifyCollection": _modify_collection,
    "rename": _rename,
    "createChangeStream": _watch,
    "iterateUntilDocumentOrError": _next_change,
    "iterateOnce": lambda entities, stream, arguments: stream.try_next(),
    "close": _method("close"),
    "failPoint": _fail_point,
    "targetedFailPoint": _targeted_fail_point,
    "assertSessionTransactionState": _transaction_state,
    "assertSessionPinned": _nothing,
    "assertSessionUnpinned": _nothing,
    "assertCollectionExists": _collection_exists(True),
    "assertCollectionNotExists": _collection_exists(False),
    "assertIndexExists": _index_exists(True),
    "assertIndexNotExists": _index_exists(False),
    "createEntities": _create_entities,
}
CLIENT_ERRORS = (ConfigurationError, ValueError, TypeError)
