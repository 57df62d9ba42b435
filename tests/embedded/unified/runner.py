"""Run one test of MongoDB's unified test format against a server."""

from collections.abc import Mapping
from typing import Any

from bson import json_util
from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
)
from pymongo.write_concern import WriteConcern

from .entities import Entities, Unsupported
from .matching import Matcher
from .operations import CLIENT_ERRORS, run
from .refused import is_refusal

Version = tuple[int, ...]
SERVER_VERSION: Version = (7, 0, 0)
JSON = json_util.JSONOptions(document_class=dict, tz_aware=False)


def runs_here(requirements: list[Mapping[str, Any]] | None, version: Version = SERVER_VERSION) -> bool:
    """Whether one of the requirements fits a replica set of this version without authentication."""
    return not requirements or any(_fits(one, version) for one in requirements)


def _fits(requirement: Mapping[str, Any], version: Version) -> bool:
    least = _version(requirement.get("minServerVersion", "0"))
    most = _version(requirement.get("maxServerVersion", "99"))
    topologies = requirement.get("topologies", ["replicaset"])
    return (
        least <= version <= most
        and "replicaset" in topologies
        and not requirement.get("auth")
        and not requirement.get("csfle")
        and requirement.get("serverless") != "require"
    )


def _version(text: str) -> Version:
    parts = [int(part) for part in text.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))


def run_test(uri: str, file: Mapping[str, Any], test: Mapping[str, Any]) -> None:
    """Raises AssertionError where the server answers otherwise than the test says."""
    setup: MongoClient[Any] = MongoClient(uri)
    entities = Entities(uri, setup)
    try:
        _put_initial_data(setup, file.get("initialData", []))
        entities.create(file.get("createEntities", []))
        for operation in test["operations"]:
            _operate(entities, operation)
        for recorder in entities.recorders.values():
            recorder.active = False
        for expected in test.get("expectEvents", []):
            _check_events(entities, expected)
        for expected in test.get("outcome", []):
            _check_outcome(setup, expected)
    finally:
        for name in ("failCommand", "failGetMoreAfterCursorCheckout", "onPrimaryTransactionalWrite"):
            setup.admin.command({"configureFailPoint": name, "mode": "off"})
        entities.close()
        setup.close()


def _put_initial_data(client: MongoClient[Any], collections: list[Mapping[str, Any]]) -> None:
    for one in collections:
        database = client[one["databaseName"]]
        collection = database.get_collection(one["collectionName"], write_concern=WriteConcern("majority"))
        collection.drop()
        database.create_collection(one["collectionName"], **one.get("createOptions", {}))
        if one.get("documents"):
            collection.insert_many([dict(document) for document in one["documents"]])


def _operate(entities: Entities, operation: Mapping[str, Any]) -> None:
    expected = operation.get("expectError")
    try:
        result = run(entities, operation)
    except (PyMongoError, *CLIENT_ERRORS) as error:
        if operation.get("ignoreResultAndError"):
            return
        if expected is None:
            raise
        try:
            _check_error(entities, expected, error)
        except AssertionError:
            if is_refusal(error):
                raise error from None
            raise
        return
    if operation.get("ignoreResultAndError"):
        return
    assert expected is None, f"{operation['name']} gave {result!r}, expected the error {expected!r}"
    if "saveResultAsEntity" in operation:
        entities[operation["saveResultAsEntity"]] = result
    if "expectResult" in operation:
        Matcher(entities).check(operation["expectResult"], result, root=True, path="")


def _check_error(entities: Entities, expected: Mapping[str, Any], error: Exception) -> None:
    details = getattr(error, "details", None) or {}
    client_side = not isinstance(error, OperationFailure) or isinstance(error, ConnectionFailure | InvalidOperation)
    if "isClientError" in expected:
        assert client_side == expected["isClientError"], repr(error)
    if "errorContains" in expected:
        assert expected["errorContains"].lower() in (str(error) + str(details)).lower(), repr(error)
    if "errorCode" in expected:
        code = error.code if not isinstance(error, BulkWriteError) else details["writeErrors"][0]["code"]
        assert code == expected["errorCode"], (code, expected, error)
    if "errorCodeName" in expected:
        assert details.get("codeName") == expected["errorCodeName"], (details, expected)
    for label in expected.get("errorLabelsContain", []):
        assert isinstance(error, PyMongoError)
        assert error.has_error_label(label), (label, error)
    for label in expected.get("errorLabelsOmit", []):
        assert not (isinstance(error, PyMongoError) and error.has_error_label(label)), (label, error)
    if "expectResult" in expected:
        _check_partial_result(entities, expected["expectResult"], details)


def _check_partial_result(entities: Entities, expected: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    counts = {
        "deletedCount": details.get("nRemoved"), "insertedCount": details.get("nInserted"),
        "matchedCount": details.get("nMatched"), "modifiedCount": details.get("nModified"),
        "upsertedCount": details.get("nUpserted"), "insertedIds": {},
        "upsertedIds": {str(one["index"]): one["_id"] for one in details.get("upserted", [])},
    }  # fmt: skip
    Matcher(entities).check(expected, counts, root=True)


def _check_events(entities: Entities, expected: Mapping[str, Any]) -> None:
    if expected.get("eventType", "command") != "command":
        raise Unsupported(f"events of type {expected['eventType']}")
    found = entities.recorders[expected["client"]].events
    wanted = expected["events"]
    shown = [(kind, event.command_name) for kind, event in found]
    if not expected.get("ignoreExtraEvents"):
        assert len(found) == len(wanted), (shown, wanted)
    assert len(found) >= len(wanted), (shown, wanted)
    matcher = Matcher(entities)
    for (kind, event), one in zip(found, wanted, strict=False):
        ((name, fields),) = one.items()
        assert kind == name, (shown, wanted)
        for field, value in fields.items():
            actual = {
                "command": lambda event=event: event.command, "commandName": lambda event=event: event.command_name,
                "databaseName": lambda event=event: event.database_name, "reply": lambda event=event: event.reply,
            }.get(field)  # fmt: skip
            if actual is not None:
                matcher.check(value, actual(), root=True, path=f"{name}.{field}")


def _check_outcome(client: MongoClient[Any], expected: Mapping[str, Any]) -> None:
    collection = client[expected["databaseName"]].get_collection(
        expected["collectionName"], codec_options=CodecOptions(document_class=dict)
    )
    assert list(collection.find(sort=[("_id", 1)])) == expected["documents"]
