"""Change streams: what they tell, where they resume, that waiting costs nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from bson import Timestamp
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from core.database.embedded.dispatch import Dispatcher
from core.database.embedded.engine import Engine
from core.database.embedded.sqlite import open_file
from core.database.embedded.wire import Request
from core.database.embedded.writer import Writer, Writing
from tests.embedded.foreground import Foreground, foreground

Db = Database[dict[str, Any]]


def kinds(stream: Any, count: int) -> list[tuple[str, Any]]:
    events = [next(stream) for _ in range(count)]
    return [(event["operationType"], event.get("documentKey", {}).get("_id")) for event in events]


def test_a_stream_tells_of_its_collection_database_or_everything(client: MongoClient[Any], db: Db) -> None:
    with db.c.watch() as collection, db.watch() as database, client.watch() as everything:
        db.c.insert_one({"_id": 1})
        db.d.insert_one({"_id": 2})
        client[db.name + "_other"].c.insert_one({"_id": 3})
        db.c.delete_one({"_id": 1})
        assert kinds(collection, 2) == [("insert", 1), ("delete", 1)]
        assert kinds(database, 3) == [("insert", 1), ("insert", 2), ("delete", 1)]
        assert kinds(everything, 4) == [("insert", 1), ("insert", 2), ("insert", 3), ("delete", 1)]
    client.drop_database(db.name + "_other")


def test_an_update_tells_what_changed_and_on_demand_the_document(db: Db) -> None:
    db.c.insert_one({"_id": 1, "a": {"b": 1, "c": 2}, "l": [1, 2, 3], "gone": 1})
    with db.c.watch(full_document="updateLookup") as stream:
        db.c.update_one({"_id": 1}, {"$set": {"a.b": 5, "new": "x"}, "$unset": {"gone": ""}, "$push": {"l": 4}})
        db.c.update_one({"_id": 1}, {"$set": {"l": [1, 2], "a": {"b": 5, "c": 3}}})
        db.c.update_one({"_id": 1}, {"$set": {"new": "x"}})  # changes nothing
        db.c.replace_one({"_id": 1}, {"r": 1})
        first, second, third = (next(stream) for _ in range(3))
    assert first["updateDescription"]["updatedFields"] == {"a.b": 5, "new": "x", "l.3": 4}
    assert first["updateDescription"]["removedFields"] == ["gone"]
    assert second["updateDescription"]["updatedFields"] == {"a": {"b": 5, "c": 3}, "l": [1, 2]}
    assert first["fullDocument"] == {"_id": 1, "r": 1}  # as it is when it is looked up
    assert third["operationType"] == "replace"


def test_a_transaction_is_told_at_its_commit_and_never_if_aborted(client: MongoClient[Any], db: Db) -> None:
    db.c.insert_one({"_id": 0})
    with db.c.watch(max_await_time_ms=200) as stream, client.start_session() as session:
        session.start_transaction()
        db.c.insert_many([{"_id": 1}, {"_id": 2}], session=session)
        assert stream.try_next() is None
        session.commit_transaction()
        session.start_transaction()
        db.c.insert_one({"_id": 3}, session=session)
        session.abort_transaction()
        db.c.insert_one({"_id": 4})
        events = [next(stream) for _ in range(3)]
    assert [event["documentKey"]["_id"] for event in events] == [1, 2, 4]
    assert events[0]["txnNumber"] == events[1]["txnNumber"]
    assert "lsid" in events[0]
    assert "txnNumber" not in events[2]


def test_a_stream_resumes_after_its_token_even_on_another_server_process(tmp_path: Path) -> None:
    with foreground(tmp_path) as server, server.client() as client:
        with client.t.c.watch() as stream:
            client.t.c.insert_many([{"_id": n} for n in range(5)])
            token = [next(stream) for _ in range(2)][1]["_id"]
        moment = client.t.command("ping")["operationTime"]
        server.kill()
    with foreground(tmp_path) as server, server.client() as client:
        client.t.c.insert_one({"_id": 5})
        with client.t.c.watch(resume_after=token) as stream:
            assert kinds(stream, 4) == [("insert", n) for n in (2, 3, 4, 5)]
        with client.t.c.watch(start_after=token) as stream:
            assert kinds(stream, 1) == [("insert", 2)]
        with client.t.c.watch(start_at_operation_time=moment) as stream:
            assert kinds(stream, 2)[-1] == ("insert", 5)


def test_a_pipeline_chooses_and_shapes_events(db: Db) -> None:
    stages = [{"$match": {"fullDocument.n": {"$gt": 1}}}, {"$project": {"fullDocument.n": 1}}]
    with db.c.watch(stages) as stream:
        db.c.insert_many([{"_id": n, "n": n} for n in range(4)])
        first = next(stream)
    assert first["fullDocument"] == {"n": 2}
    assert set(first) == {"_id", "fullDocument"}
    with pytest.raises(OperationFailure, match=r"\$group"), db.c.watch([{"$group": {"_id": None}}]):
        pass
    with db.c.watch([{"$project": {"_id": 0}}]) as stream, pytest.raises(PyMongoError):
        db.c.insert_one({"_id": 9})
        next(stream)


def test_dropping_the_collection_invalidates_its_stream(db: Db) -> None:
    db.c.insert_one({"_id": 1})
    with db.c.watch() as stream:
        db.c.drop()
        assert [next(stream)["operationType"] for _ in range(2)] == ["drop", "invalidate"]
        assert not stream.alive


@pytest.mark.parametrize("batch", [1, 10])
@pytest.mark.parametrize("source", ["c", "d"])
def test_a_rename_ends_the_streams_of_both_names(db: Db, source: str, batch: int) -> None:
    """Whatever stood there before; a stream of the database is told of one event and goes on."""
    for name in ("c", "d"):
        db[name].insert_one({"_id": name})
    target = "d" if source == "c" else "c"
    event = ("rename", {"db": db.name, "coll": source}, {"db": db.name, "coll": target})
    with db.c.watch(batch_size=batch) as first, db.d.watch(batch_size=batch) as second, db.watch() as database:
        db[source].rename(target, dropTarget=True)
        db.e.insert_one({"_id": 1})
        for stream in (first, second):
            told = next(stream)
            assert (told["operationType"], told["ns"], told["to"]) == event
            assert next(stream)["operationType"] == "invalidate"
            assert not stream.alive
        assert kinds(database, 2) == [("rename", None), ("insert", 1)]


def test_out_tells_of_a_collection_beside_that_is_renamed(db: Db) -> None:
    db.c.insert_many([{"_id": 1}, {"_id": 2}])
    db.d.insert_one({"_id": 0})
    db.d.create_index("a", name="kept", unique=True, sparse=True)
    with db.watch() as database, db.d.watch() as target:
        db.c.aggregate([{"$out": "d"}])
        assert kinds(target, 2) == [("rename", None), ("invalidate", None)]
        assert kinds(database, 3) == [("insert", 1), ("insert", 2), ("rename", None)]
    assert [one["_id"] for one in db.d.find()] == [1, 2]
    assert list(db.d.index_information()) == ["_id_", "kept"]
    assert sorted(db.list_collection_names()) == ["c", "d"]


def test_views_come_and_go_unseen(db: Db) -> None:
    with db.watch() as stream:
        db.create_collection("v", viewOn="c", pipeline=[])
        db.v.drop()
        db.c.insert_one({"_id": 1})
        assert kinds(stream, 1) == [("insert", 1)]


@pytest.mark.parametrize("option", ["resume_after", "start_after"])
def test_after_the_event_that_ends_a_stream_comes_its_end(db: Db, option: str) -> None:
    db.c.insert_one({"_id": 1})
    with db.c.watch() as stream:
        db.c.drop()
        dropped, ended = next(stream)["_id"], next(stream)["_id"]
    db.c.insert_one({"_id": 2})
    with db.c.watch(**{option: dropped}) as stream:
        assert kinds(stream, 1) == [("invalidate", None)]
    with db.c.watch(start_after=ended) as stream:
        assert kinds(stream, 1) == [("insert", 2)]


def test_an_event_of_another_collection_is_not_found(db: Db) -> None:
    with db.d.watch() as stream:
        db.d.insert_one({"_id": 1})
        foreign = next(stream)["_id"]
    opened = db.command({"aggregate": "c", "pipeline": [{"$changeStream": {"resumeAfter": foreign}}], "cursor": {}})
    more = {"getMore": opened["cursor"]["id"], "collection": "c", "maxTimeMS": 1}
    assert db.command(more)["cursor"]["nextBatch"] == []
    db.c.insert_one({"_id": 1})
    reply = db.command(more, check=False)
    assert (reply["code"], reply["errorLabels"]) == (280, ["NonResumableChangeStreamError"])


@pytest.mark.parametrize("change", [str.lower, lambda data: data[:-2], lambda data: data + "FF"])
def test_a_token_is_read_as_generously_as_mongodb_does(db: Db, change: Any) -> None:
    with db.c.watch() as stream:
        db.c.insert_many([{"_id": 1}, {"_id": 2}])
        data = next(stream)["_id"]["_data"]
    with db.c.watch(resume_after={"_data": change(data), "more": 1}) as stream:
        assert kinds(stream, 1) == [("insert", 2)]


@pytest.mark.parametrize("moment", [Timestamp(0, 0), Timestamp(1, 1)])
def test_a_stream_may_begin_before_the_log(db: Db, moment: Timestamp) -> None:
    db.c.insert_one({"_id": 1})
    with db.c.watch(start_at_operation_time=moment) as stream:
        assert kinds(stream, 1) == [("insert", 1)]
    with db.c.watch(resume_after={"_data": f"80{moment.time:08X}0000000104"}) as stream:
        assert kinds(stream, 1) == [("insert", 1)]


_TOKEN = {"_data": "82000000010000000104"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (1, 6188500), (None, 6188500), ([{}], 6188500),
        ({"nothing": 1}, 40415), ({"FullDocument": "default"}, 40415),
        ({"fullDocument": 1}, 14), ({"fullDocument": "off"}, 2), ({"fullDocument": "default "}, 2),
        ({"fullDocumentBeforeChange": True}, 14), ({"fullDocumentBeforeChange": "default"}, 2),
        ({"allChangesForCluster": 1}, 14), ({"allChangesForCluster": None}, 14), ({"showExpandedEvents": 0}, 14),
        ({"allChangesForCluster": True}, 72),
        ({"startAtOperationTime": 1}, 14),
        ({"resumeAfter": "82"}, 14), ({"startAfter": []}, 14),
        ({"resumeAfter": {}}, 40647), ({"startAfter": {"_data": 1}}, 40647),
        ({"resumeAfter": {"_data": "00", "_typeBits": "x"}}, 40648), ({"resumeAfter": {"_data": ""}}, 40649),
        ({"resumeAfter": {"_data": "xyz"}}, 9), ({"resumeAfter": {"_data": "abc"}}, 9),
        ({"resumeAfter": {"_data": "00"}}, 50811), ({"resumeAfter": {"_data": "8200"}}, 15),
        ({"resumeAfter": {"_data": "8F000000010000000104"}}, 260),
        ({"resumeAfter": _TOKEN, "startAfter": _TOKEN}, 50865),
        ({"resumeAfter": _TOKEN, "startAtOperationTime": Timestamp(1, 1)}, 40674),
        ({"startAfter": _TOKEN, "startAtOperationTime": Timestamp(1, 1)}, 40674),
    ],
)  # fmt: skip
def test_a_malformed_specification_is_refused_with_mongodbs_code(db: Db, options: Any, code: int) -> None:
    command = {"aggregate": "c", "pipeline": [{"$changeStream": options}], "cursor": {}}
    assert db.command(command, check=False).get("code") == code


def test_a_stream_reads_what_is_on_disk_with_every_member(db: Db) -> None:
    command = {"aggregate": "c", "pipeline": [{"$changeStream": {}}], "cursor": {}}
    assert db.command({**command, "readConcern": {"level": "local"}}, check=False).get("code") == 72
    assert db.command({**command, "readConcern": {"level": "majority"}})["ok"] == 1


def test_null_and_false_stand_for_options_that_are_not_given(db: Db) -> None:
    names = ("fullDocument", "fullDocumentBeforeChange", "resumeAfter", "startAfter", "startAtOperationTime")
    options = {"showExpandedEvents": False, "allChangesForCluster": False, **dict.fromkeys(names)}
    with db.c.aggregate([{"$changeStream": options}]) as cursor:
        db.c.insert_one({"_id": 1})
        assert next(cursor)["documentKey"] == {"_id": 1}


@pytest.mark.parametrize(
    ("database", "target", "code"),
    [("admin", "c", 73), ("config", 1, 73), ("local", "c", 73), (None, "system.views", 73), (None, "view", 166)],
)
def test_what_cannot_be_watched_is_refused(
    client: MongoClient[Any], db: Db, database: str | None, target: Any, code: int
) -> None:
    db.create_collection("view", viewOn="c", pipeline=[])
    asked = {"aggregate": target, "pipeline": [{"$changeStream": {}}], "cursor": {}}
    assert client[database or db.name].command(asked, check=False).get("code") == code


def test_a_reader_slower_than_the_log_is_long_is_told_and_misses_nothing_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.database.embedded.changes._LONGEST", 10)
    engine = Engine(tmp_path)

    def ask(command: dict[str, Any]) -> dict[str, Any]:
        request = Request(id=1, opcode=2013, command={**command, "$db": "t"}, bodies={}, silent=False)
        return Dispatcher(engine).run(request, 1, "", None)

    opened = ask({"aggregate": "c", "pipeline": [{"$changeStream": {}}], "cursor": {}})["cursor"]
    more = {"getMore": opened["id"], "collection": "c", "maxTimeMS": 1}
    ask({"insert": "c", "documents": [{"_id": -1}]})
    assert len(ask(more)["cursor"]["nextBatch"]) == 1
    ask({"insert": "c", "documents": [{"_id": number} for number in range(20)]})
    token = opened["postBatchResumeToken"]
    engine.clean()
    assert ask(more)["code"] == 286
    for options in ({"resumeAfter": token}, {"startAtOperationTime": Timestamp(0, 1)}):
        asked = {"aggregate": "c", "pipeline": [{"$changeStream": options}], "cursor": {}}
        assert ask(asked)["code"] == 286
    engine.close()


def _settled(server: Foreground) -> float:
    """The processor time the server has taken once it takes no more, so that all streams wait."""
    seen = -1.0
    while server.cpu_seconds > seen:
        seen = server.cpu_seconds
        time.sleep(1)
    return seen


def test_idle_streams_cost_no_cpu(tmp_path: Path) -> None:
    with foreground(tmp_path) as server, server.client(heartbeatFrequencyMS=60_000) as client:
        streams = [client.t.c.watch(max_await_time_ms=60_000) for _ in range(20)]
        waiting = [_in_thread(stream) for stream in streams]
        before = _settled(server)
        time.sleep(3)
        used = server.cpu_seconds - before
        client.t.c.insert_one({"_id": 1})
        for thread in waiting:
            thread.join(timeout=10)
            assert not thread.is_alive()
        assert used <= 0.06
        for stream in streams:
            stream.close()


def _in_thread(stream: Any) -> Thread:
    thread = Thread(target=lambda: next(stream), daemon=True)
    thread.start()
    return thread


def test_a_commit_is_told_before_anybody_writes_again(tmp_path: Path) -> None:
    """Else a stream takes the times of what is being written for committed, and passes over it."""
    written, meanwhile = [0], []

    def work(writing: Writing) -> None:
        written[0] += 1

    def told(touched: object) -> None:
        before = written[0]
        time.sleep(0.002)
        meanwhile.append(written[0] - before)

    with closing(open_file(tmp_path / "data.sqlite3")) as connection, ThreadPoolExecutor(8) as threads:
        writer = Writer(connection, told)
        list(threads.map(lambda _: writer.run(work), range(100)))
    assert written == [100]
    assert not any(meanwhile)
