"""Clients that limit their time, leave, come back, speak an old protocol or reuse what others left."""

import contextlib
import socket
import struct
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import Binary, Int64, Timestamp, decode, encode
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure
from pymongo.server_api import ServerApi

from core.database.embedded.process import uri_of
from core.database.embedded.wire import command, read_reply

Client = MongoClient[dict[str, Any]]
Db = Database[dict[str, Any]]


@contextlib.contextmanager
def writing(db: Db) -> Iterator[None]:
    """A transaction holds the writer, and commits in the end."""
    with db.client.start_session() as session, session.start_transaction():
        db.held.insert_one({"_id": 1}, session=session)
        yield


def raw(db: Db) -> socket.socket:
    address = db.client.address
    assert address is not None
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address[0])
    return connection


def ask(db: Db, asked: dict[str, Any]) -> dict[str, Any]:
    """What is answered to exactly this command."""
    with raw(db) as connection, connection.makefile("rb") as stream:
        connection.sendall(command(asked))
        return read_reply(stream)


# Time limits


@pytest.mark.parametrize(
    "command",
    [
        {"insert": "c", "documents": [{}]},
        {"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 1}}}]},
        {"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 0}]},
        {"findAndModify": "c", "query": {"_id": 1}, "update": {"$set": {"a": 1}}},
        {"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a"}]},
    ],
    ids=lambda command: next(iter(command)),
)
def test_a_write_waits_no_longer_than_it_may(db: Db, command: dict[str, Any]) -> None:
    db.c.insert_one({"_id": 1, "a": 1})
    with writing(db):
        started = time.monotonic()
        assert db.command({**command, "maxTimeMS": 300}, check=False)["code"] == 50
        assert time.monotonic() - started < 10, "without a limit it would be 20 s"
    assert list(db.c.find()) == [{"_id": 1, "a": 1}]


def test_a_transaction_waits_no_longer_than_it_may(db: Db) -> None:
    with writing(db), db.client.start_session() as session:
        session.start_transaction()
        with pytest.raises(OperationFailure) as caught:
            db.command({"insert": "c", "documents": [{}], "maxTimeMS": 300}, session=session)
        assert caught.value.code == 50


def test_a_long_write_ends_at_its_limit_and_keeps_what_it_did(db: Db) -> None:
    db.c.insert_many([{"_id": number} for number in range(20_000)])
    command = {"update": "c", "updates": [{"q": {}, "u": {"$set": {"a": 1}}, "multi": True}], "maxTimeMS": 50}
    assert db.command(command, check=False)["code"] == 50
    assert db.c.count_documents({"a": 1}) < 20_000


@pytest.mark.parametrize(
    "stages",
    [
        [{"$project": {"x": {"$range": [0, 3_000_000]}}}, {"$unwind": "$x"}],
        [
            {"$project": {"x": {"$range": [0, 300]}}}, {"$unwind": "$x"},
            {"$lookup": {"from": "many", "pipeline": [{"$match": {"$expr": {"$gt": ["$_id", 1]}}}], "as": "y"}},
        ],
    ],
    ids=("unwind", "lookup"),
)  # fmt: skip
def test_a_pipeline_that_multiplies_ends_at_its_limit(db: Db, stages: list[dict[str, Any]]) -> None:
    db.c.insert_one({"_id": 1})
    db.many.insert_many([{"_id": number} for number in range(20_000)])
    asked = {"aggregate": "c", "pipeline": [*stages, {"$count": "n"}], "cursor": {}, "maxTimeMS": 100}
    assert db.command(asked, check=False)["code"] == 50


# Leaving and coming back


def test_a_write_of_a_client_that_left_while_it_waited_is_not_done(db: Db) -> None:
    with writing(db):
        with raw(db) as connection:
            connection.sendall(command({"insert": "c", "documents": [{"_id": 1}], "$db": db.name}))
            time.sleep(0.3)
        time.sleep(1)
    assert list(db.c.find()) == []
    assert db.held.count_documents({}) == 1


def test_a_write_that_wants_no_answer_is_done_though_its_client_left(db: Db) -> None:
    body = bytearray(command({"insert": "c", "documents": [{"_id": 1}], "writeConcern": {"w": 0}, "$db": db.name}))
    struct.pack_into("<I", body, 16, 2)
    with writing(db):
        with raw(db) as connection:
            connection.sendall(body)
        time.sleep(0.5)
    deadline = time.monotonic() + 10
    while not list(db.c.find()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_read_of_a_client_that_left_ends(db: Db) -> None:
    db.many.insert_many([{"_id": number} for number in range(5_000)])
    pairs = {"$lookup": {"from": "many", "pipeline": [{"$match": {"$expr": {"$gt": ["$_id", 1]}}}], "as": "y"}}
    connections = db.command("hello")["coreConnections"]
    with raw(db) as connection:
        connection.sendall(command({"aggregate": "many", "pipeline": [pairs], "cursor": {}, "$db": db.name}))
        time.sleep(0.5)
        assert db.command("hello")["coreConnections"] == connections + 1
    deadline = time.monotonic() + 10
    while db.command("hello")["coreConnections"] > connections:
        assert time.monotonic() < deadline, "the join of 25,000,000 pairs goes on"
        time.sleep(0.1)


def test_a_cursor_outlives_the_connections_of_its_client(db: Db) -> None:
    db.c.insert_many([{"_id": number} for number in range(5)])
    opened = ask(db, {"find": "c", "batchSize": 2, "$db": db.name})["cursor"]
    time.sleep(0.2)
    more = ask(db, {"getMore": opened["id"], "collection": "c", "$db": db.name})["cursor"]["nextBatch"]
    assert [document["_id"] for document in more] == [2, 3, 4]


def test_a_session_that_lost_a_conflict_may_be_used_to_read(db: Db) -> None:
    db.c.insert_one({"_id": 1})
    lsid = {"id": Binary.from_uuid(uuid.uuid4())}

    def in_transaction(connection: socket.socket, number: int, asked: dict[str, Any]) -> dict[str, Any]:
        first = {"lsid": lsid, "txnNumber": Int64(number), "autocommit": False, "startTransaction": True}
        connection.sendall(command({**asked, "$db": db.name, **first}))
        return read_reply(connection.makefile("rb"))

    with raw(db) as connection:
        with writing(db):
            assert in_transaction(connection, 1, {"insert": "c", "documents": [{}]})["code"] == 112
            assert in_transaction(connection, 2, {"find": "c"})["cursor"]["firstBatch"] == [{"_id": 1}]
            assert in_transaction(connection, 3, {"insert": "c", "documents": [{}]})["code"] == 112
        time.sleep(2.1)
        assert in_transaction(connection, 4, {"find": "c"})["ok"] == 1.0
        db.command({"insert": "c", "documents": [{"_id": 2}], "maxTimeMS": 5_000})


# Protocol


def test_a_strict_api_is_refused_where_a_driver_shows_it(client: Client) -> None:
    address = client.address
    assert address is not None
    with MongoClient(uri_of(Path(address[0])), server_api=ServerApi("1", strict=True)) as strict:
        with pytest.raises(OperationFailure, match="set MONGODB_URI") as caught:
            strict.t.c.find_one()
        assert caught.value.code == 323


def test_an_old_protocol_is_for_the_handshake_only(db: Db) -> None:
    body = b"\0\0\0\0" + f"{db.name}.$cmd".encode() + b"\0" + struct.pack("<ii", 0, -1)
    with raw(db) as connection, connection.makefile("rb") as stream:
        for asked, code in (({"insert": "c", "documents": [{"_id": 1}]}, 352), ({"isMaster": 1}, None)):
            message = body + encode(asked)
            connection.sendall(struct.pack("<iiii", 16 + len(message), 1, 0, 2004) + message)
            (length,) = struct.unpack("<i", stream.read(4))
            assert decode(stream.read(length - 4)[32:]).get("code") == code
    assert db.client.admin.c.find_one() is None


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"ping": 1}, 40571),
        ({"ping": 1, "lsid": {"id": b"abc"}}, 207),
        ({"ping": 1, "lsid": {"id": Binary.from_uuid(uuid.UUID(int=7)), "unknown": 1}}, 40415),
        ({"find": "c", "readConcern": {"afterClusterTime": Timestamp(2**32 - 1, 1)}}, 72),
        ({"find": "c", "$readPreference": {"mode": "unknown"}}, 2),
        ({"getParameter": "*"}, 72),
        ({"find": "oplog.rs", "$db": "local"}, 73),
        ({"dropDatabase": 1, "$db": "local"}, 20),
        ({"update": "c", "updates": [{"q": {}, "u": [{"$unknown": 1}]}]}, 40324),
        ({"findAndModify": "c", "update": [{"$unknown": 1}]}, 40324),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_no_driver_should_send_is_refused(db: Db, asked: dict[str, Any], code: int) -> None:
    asked = asked if "$db" in asked or code == 40571 else {**asked, "$db": db.name}
    assert ask(db, asked)["code"] == code


@pytest.mark.parametrize("name", ["dbstats", "collstats", "deleteIndexes"])
def test_older_names_of_commands_are_taken(db: Db, name: str) -> None:
    db.c.insert_one({})
    assert db.command({name: "c", "index": "*"} if name == "deleteIndexes" else {name: "c"})["ok"] == 1.0


def test_an_error_tells_beside_it_that_the_write_concern_cannot_be_met(db: Db) -> None:
    found = db.command({"dropIndexes": "nothing", "index": "*", "writeConcern": {"w": 2}}, check=False)
    assert (found["code"], found["writeConcernError"]["code"]) == (26, 100)


def test_a_number_of_a_retryable_write_is_for_one_command_and_one_document(db: Db) -> None:
    lsid = {"id": Binary.from_uuid(uuid.uuid4())}
    insert = {"insert": "c", "documents": [{"_id": 1}]}
    change = {"findAndModify": "c", "query": {"_id": 1}, "update": {"$set": {"a": 1}}}
    for number, first, second in ((1, insert, change), (2, change, insert)):
        retry = {"lsid": lsid, "txnNumber": Int64(number), "$db": db.name}
        assert ask(db, {**first, **retry})["ok"] == 1.0
        assert ask(db, {**second, **retry})["code"] == 40606
    many = {"update": "c", "updates": [{"q": {}, "u": {"$set": {"b": 1}}, "multi": True}]}
    (refused,) = ask(db, {**many, "lsid": lsid, "txnNumber": Int64(3), "$db": db.name})["writeErrors"]
    assert refused["code"] == 72
    assert list(db.c.find()) == [{"_id": 1, "a": 1}]


def test_a_stream_may_start_at_a_time_that_has_not_come(db: Db) -> None:
    with db.c.watch(start_at_operation_time=Timestamp(2**31 + 5, 1), max_await_time_ms=100) as stream:
        db.c.insert_one({})
        assert stream.try_next() is None
