"""Transactions: all or nothing, isolated, one writer at a time; retryable writes happen once."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bson import Binary, Int64
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

from core.database.embedded.process import ensure_server, socket_path
from core.database.embedded.wire import command, read_reply

Db = Database[dict[str, Any]]


def test_nobody_sees_a_transaction_before_its_commit(client: MongoClient[Any], db: Db) -> None:
    db.c.insert_one({"_id": 0, "n": 0})
    with client.start_session() as session, session.start_transaction():
        db.c.insert_one({"_id": 1}, session=session)
        db.c.update_one({"_id": 0}, {"$inc": {"n": 1}}, session=session)
        db.fresh.insert_one({"_id": 2}, session=session)
        assert db.c.count_documents({}, session=session) == 2
        assert db.c.count_documents({}) == 1
        assert db.c.find_one({"_id": 0}) == {"_id": 0, "n": 0}
        assert "fresh" not in db.list_collection_names()
    assert db.c.count_documents({}) == 2
    assert db.c.find_one({"_id": 0}) == {"_id": 0, "n": 1}
    assert db.fresh.count_documents({}) == 1


def test_an_aborted_transaction_leaves_nothing(client: MongoClient[Any], db: Db) -> None:
    db.c.create_index("u", unique=True)
    db.c.insert_one({"_id": 0, "u": 0})
    with client.start_session() as session:
        session.start_transaction()
        db.c.insert_one({"_id": 1, "u": 1}, session=session)
        db.c.delete_one({"_id": 0}, session=session)
        session.abort_transaction()
        assert list(db.c.find()) == [{"_id": 0, "u": 0}]
        db.c.insert_one({"_id": 2, "u": 1})  # the key is free
        session.start_transaction()
        with pytest.raises(DuplicateKeyError):
            db.c.insert_one({"_id": 3, "u": 1}, session=session)
        with pytest.raises(OperationFailure) as caught:
            db.c.insert_one({"_id": 4, "u": 4}, session=session)
        assert caught.value.code == 251
        assert caught.value.has_error_label("TransientTransactionError")


@pytest.mark.parametrize(
    ("command", "n"),
    [
        ({"insert": "c", "documents": [{"_id": 1}, {"_id": 0}, {"_id": 0}, {"_id": 2}]}, 1),
        ({"update": "c", "updates": [{"q": {}, "u": {"$set": {"_id": 9}}}, {"q": {}, "u": {"$set": {"a": 1}}}]}, 0),
        ({"delete": "c", "deletes": [{"q": {"$bad": 1}, "limit": 1}, {"q": {"_id": 0}, "limit": 1}]}, 0),
    ],
)
def test_a_batch_in_a_transaction_stops_at_its_first_error(
    client: MongoClient[Any], db: Db, command: dict[str, Any], n: int
) -> None:
    db.c.insert_one({"_id": 0})
    with client.start_session() as session:
        session.start_transaction()
        reply = db.command(command | {"ordered": False}, session=session)
        assert (reply["n"], [error["index"] for error in reply["writeErrors"]]) == (n, [n])
        session.abort_transaction()
    assert list(db.c.find()) == [{"_id": 0}]


def test_a_transaction_reads_the_state_at_its_start(client: MongoClient[Any], db: Db) -> None:
    db.c.insert_one({"_id": 1, "n": 1})
    with client.start_session() as session:
        session.start_transaction()
        assert db.c.find_one({"_id": 1}, session=session) == {"_id": 1, "n": 1}
        db.c.update_one({"_id": 1}, {"$set": {"n": 2}})
        assert db.c.find_one({"_id": 1}, session=session) == {"_id": 1, "n": 1}
        with pytest.raises(OperationFailure) as caught:
            db.c.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=session)
        assert caught.value.code == 112
        assert caught.value.has_error_label("TransientTransactionError")
    assert db.c.find_one({"_id": 1}) == {"_id": 1, "n": 2}


def test_two_writing_transactions_the_second_is_told_to_try_again(client: MongoClient[Any], db: Db) -> None:
    db.c.insert_one({"_id": 0})
    with client.start_session() as one, client.start_session() as two:
        one.start_transaction()
        db.c.insert_one({"_id": 1}, session=one)
        two.start_transaction()
        assert db.c.find_one({"_id": 0}, session=two) == {"_id": 0}
        with pytest.raises(OperationFailure) as caught:
            db.c.insert_one({"_id": 2}, session=two)
        assert caught.value.code == 112
        one.commit_transaction()
    assert db.c.count_documents({}) == 2


def test_read_and_write_transactions_in_parallel_lose_no_update(client: MongoClient[Any], db: Db) -> None:
    db.c.insert_one({"_id": 1, "n": 0})

    def add(session: Any) -> None:
        found = db.c.find_one({"_id": 1}, session=session) or {}
        db.c.update_one({"_id": 1}, {"$set": {"n": found["n"] + 1}}, session=session)

    def work() -> None:
        with client.start_session() as session:
            for _ in range(5):
                session.with_transaction(add)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.c.find_one() == {"_id": 1, "n": 40}


_DYING = """
import sys, pymongo
client = pymongo.MongoClient(sys.argv[1])
session = client.start_session()
session.start_transaction()
client[sys.argv[2]].c.insert_one({"_id": "lost"}, session=session)
print("holding", flush=True)
sys.stdin.read()
"""


def test_a_client_killed_in_a_transaction_costs_the_others_nothing(server_uri: str, db: Db) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _DYING, server_uri, db.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == b"holding\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    started = time.monotonic()
    db.c.insert_one({"_id": "kept"})
    assert time.monotonic() - started < 2
    assert list(db.c.find()) == [{"_id": "kept"}]
    process.stdout.close()
    process.stdin.close()


def _raw(data_dir: Path, document: dict[str, Any]) -> dict[str, Any]:
    """The answer to a command as it is: a driver would put its own session into it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(socket_path(data_dir)))
        connection.sendall(command({**document, "$db": "t"}))
        with connection.makefile("rb") as stream:
            return read_reply(stream)


def test_a_write_sent_again_is_done_once_even_after_the_server_died(tmp_path: Path) -> None:
    lsid = {"id": Binary(os.urandom(16), 4)}
    statements = [{"q": {"_id": 1}, "u": {"$inc": {"n": 1}}}, {"q": {"x": 5}, "u": {"$inc": {"n": 1}}}]
    increment = {"update": "c", "updates": statements, "lsid": lsid, "txnNumber": Int64(1)}
    modify = {
        "findAndModify": "c",
        "query": {"_id": 1},
        "update": {"$inc": {"n": 1}},
        "lsid": lsid,
        "txnNumber": Int64(2),
    }
    ensure_server(tmp_path, linger=0.5)
    assert _raw(tmp_path, {"insert": "c", "documents": [{"_id": 1, "n": 0, "x": 5}]})["n"] == 1
    assert _raw(tmp_path, increment)["nModified"] == 2
    assert _raw(tmp_path, increment)["nModified"] == 2
    before = _raw(tmp_path, modify)["value"]
    os.kill(_raw(tmp_path, {"hello": 1})["corePid"], signal.SIGKILL)
    ensure_server(tmp_path, linger=0.5)
    assert _raw(tmp_path, modify)["value"] == before == {"_id": 1, "n": 2, "x": 5}
    assert _raw(tmp_path, {"find": "c"})["cursor"]["firstBatch"] == [{"_id": 1, "n": 3, "x": 5}]
    assert _raw(tmp_path, increment)["code"] == 225


def test_a_write_sent_again_while_the_first_one_waits_is_done_once(tmp_path: Path) -> None:
    statement = {"q": {"_id": 1}, "u": {"$inc": {"n": 1}}}
    increment = {
        "update": "c",
        "updates": [statement],
        "lsid": {"id": Binary(os.urandom(16), 4)},
        "txnNumber": Int64(1),
    }
    with (
        MongoClient(ensure_server(tmp_path, linger=0.5)) as client,
        ThreadPoolExecutor(1) as again,
        client.start_session() as holder,
    ):
        client.t.c.insert_one({"_id": 1, "n": 0})
        holder.start_transaction()
        client.t.other.insert_one({}, session=holder)
        with socket.socket(socket.AF_UNIX) as dropped:
            dropped.connect(str(socket_path(tmp_path)))
            dropped.sendall(command({**increment, "$db": "t"}))
            time.sleep(0.2)
        answer = again.submit(_raw, tmp_path, increment)
        time.sleep(0.2)
        holder.commit_transaction()
        assert answer.result(10)["nModified"] == 1
        time.sleep(0.2)
        assert client.t.c.find_one() == {"_id": 1, "n": 1}


def test_what_a_transaction_may_not_do_is_refused(client: MongoClient[Any], db: Db) -> None:
    db.c.insert_one({"_id": 1})
    with client.start_session() as session:
        for asked, code in ((["count", "c"], 263), (["dropDatabase", 1], 263), (["nothing", 1], 59)):
            session.start_transaction()
            with pytest.raises(OperationFailure) as caught:
                db.command(*asked, session=session)
            assert caught.value.code == code
            session.abort_transaction()


def _asked(db: Db, session: ClientSession, number: int, asked: dict[str, Any], **options: Any) -> int | None:
    """The code of the answer to a command of a session with a number that the driver did not choose."""
    own = session.client["admin" if {"commitTransaction", "abortTransaction"} & asked.keys() else db.name]
    return own.command({**asked, "txnNumber": Int64(number), **options}, check=False, session=session).get("code")


_IN: dict[str, Any] = {"autocommit": False}
_FIRST: dict[str, Any] = {**_IN, "startTransaction": True}
_FIND: dict[str, Any] = {"find": "c"}


def _insert(place: int) -> dict[str, Any]:
    return {"insert": "c", "documents": [{"_id": place}]}


def test_a_number_of_a_session_belongs_to_one_transaction_or_write(server_uri: str, db: Db) -> None:
    with MongoClient[Any](server_uri) as client, client.start_session(causal_consistency=False) as session:
        asked = [
            (2, _FIND, _FIRST, None), (2, _FIND, _FIRST, 117), (2, _insert(1), {}, 217), (2, _FIND, _IN, None),
            (2, {"commitTransaction": 1}, _IN, None), (2, _FIND, _FIRST, 117), (2, _insert(1), {}, 217),
            (1, _FIND, _FIRST, 225), (1, _insert(1), {}, 225),
            (3, _insert(3), {}, None), (3, _insert(3), {}, None), (3, _FIND, _FIRST, 117), (3, _FIND, _IN, 251),
            (4, _insert(4), _FIRST, None), (5, _insert(5), {}, None), (4, {"commitTransaction": 1}, _IN, 225),
        ]  # fmt: skip
        for number, command_, options, code in asked:
            assert _asked(db, session, number, command_, **options) == code, (number, command_, options)
        assert [one["_id"] for one in db.c.find()] == [3, 5]


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        ([{"find": "c", "readConcern": {"level": "linearizable"}}], 72),
        ([{"find": "c", "readConcern": {"level": "available"}}], 72),
        ([{"commitTransaction": 1}], 263),
        ([{"create": "c"}], 48),
        ([{"create": "d"}, {"create": "d"}], 48),
        ([{"create": "v", "viewOn": "c"}], 263),
        ([{"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a"}]}], 263),
        ([{"create": "d"}, {"createIndexes": "d", "indexes": [{"key": {"a": 1}, "name": "a"}]}], None),
        (
            [{"insert": "d", "documents": [{}]}, {"createIndexes": "d", "indexes": [{"key": {"a": 1}, "name": "a"}]}],
            263,
        ),
        ([{"createIndexes": "c", "indexes": [{"key": {"b": 1}, "name": "b"}]}], None),
    ],
)
def test_what_would_not_be_of_a_transaction_is_refused(
    server_uri: str, db: Db, commands: list[dict[str, Any]], code: int | None
) -> None:
    with MongoClient[Any](server_uri) as client, client.start_session(causal_consistency=False) as session:
        db.c.create_index("b", name="b")
        *before, last = commands
        for place, asked in enumerate(before):
            assert _asked(db, session, 1, asked, **(_IN if place else _FIRST)) is None
        assert _asked(db, session, 1, last, **(_IN if before else _FIRST)) == code
        _asked(db, session, 1, {"abortTransaction": 1}, **_IN)
