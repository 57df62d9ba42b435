"""From where on change streams tell, how far they have come, and how long they wait."""

import time
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError

from tests.embedded.foreground import foreground

Db = Database[dict[str, Any]]


def opened(db: Db, target: Any, *stages: Any, batch: int = 101, **options: Any) -> dict[str, Any]:
    """The reply to the command that opens a stream."""
    command = {"aggregate": target, "pipeline": [{"$changeStream": options}, *stages], "cursor": {"batchSize": batch}}
    return db.command(command, check=False)


def more(db: Db, cursor: dict[str, Any], wait: int = 1) -> dict[str, Any]:
    name = cursor["ns"].split(".", 1)[1]
    return db.command({"getMore": cursor["id"], "collection": name, "maxTimeMS": wait}, check=False)


def test_a_batch_of_none_takes_nothing_and_its_token_misses_nothing(db: Db) -> None:
    with db.c.watch() as stream:
        db.c.insert_many([{"_id": 1}, {"_id": 2}])
        db.c.drop()
        tokens = [next(stream)["_id"] for _ in range(3)]
    for token, kind in ((tokens[0], "insert"), (tokens[2], "invalidate")):
        cursor = opened(db, "c", resumeAfter=token, batch=0)["cursor"]
        assert (cursor["firstBatch"], cursor["postBatchResumeToken"]) == ([], token)
        assert more(db, cursor)["cursor"]["nextBatch"][0]["operationType"] == kind


def test_a_stream_that_does_not_tell_of_the_event_to_resume_after_cannot_be_resumed(db: Db) -> None:
    with db.c.watch() as stream:
        db.c.insert_many([{"_id": 1}, {"_id": 2}])
        token = next(stream)["_id"]
    for least, code in ((2, 280), (1, None)):
        stage = {"$match": {"documentKey._id": {"$gte": least}}}
        assert opened(db, "c", stage, resumeAfter=token).get("code") == code


def test_a_token_of_one_event_does_not_resume_the_stream_of_another_scope(client: MongoClient[Any], db: Db) -> None:
    with db.watch() as database, db.c.watch() as collection:
        db.c.insert_one({"_id": 1})
        client.drop_database(db.name)
        tokens = {event["operationType"]: event["_id"] for event in database}
        ended = [event["_id"] for event in collection][-1]
    db.c.insert_one({"_id": 2})
    assert opened(db, "c", startAfter=tokens["dropDatabase"])["code"] == 260
    assert opened(db, "c", startAfter=tokens["invalidate"])["code"] == 260
    assert opened(db, 1, startAfter=ended)["code"] == 280
    assert [
        event["operationType"] for event in opened(db, "c", resumeAfter=tokens["drop"])["cursor"]["firstBatch"]
    ] == ["invalidate"]
    assert len(opened(db, 1, startAfter=tokens["invalidate"])["cursor"]["firstBatch"]) == 1


def test_an_end_that_is_filtered_out_ends_the_stream_too(db: Db) -> None:
    cursor = opened(db, "c", {"$match": {"operationType": "insert"}})["cursor"]
    db.c.insert_one({"_id": 1})
    db.c.drop()
    reply = more(db, cursor)["cursor"]
    assert (len(reply["nextBatch"]), reply["id"]) == (1, 0)
    db.c.insert_one({"_id": 2})
    resumed = opened(db, "c", {"$match": {"operationType": "insert"}}, startAfter=reply["postBatchResumeToken"])
    assert [event["documentKey"]["_id"] for event in resumed["cursor"]["firstBatch"]] == [2]


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        ({"$sort": {"_id": 1}}, 20), ({"$limit": 1}, 20), ({"$out": "d"}, 20), ({"$group": {"_id": None}}, 20),
        ({"$unionWith": "d"}, 20), ({"$changeStream": {}}, 40602), ({"$changeStreamSplitLargeEvent": {}}, 40324),
    ],
)  # fmt: skip
def test_stages_that_do_more_than_shape_an_event_are_refused(db: Db, stage: Any, code: int) -> None:
    assert opened(db, "c", stage)["code"] == code


def test_a_change_stream_stands_first(db: Db) -> None:
    command = {"aggregate": "c", "pipeline": [{"$match": {}}, {"$changeStream": {}}], "cursor": {}}
    assert db.command(command, check=False)["code"] == 40602


# Waiting


def test_what_is_filtered_out_ends_no_wait_and_is_passed(db: Db) -> None:
    cursor = opened(db, "c", {"$match": {"operationType": "delete"}})["cursor"]
    timer = Timer(0.1, db.c.insert_one, ({"_id": 1},))
    timer.start()
    started = time.monotonic()
    reply = more(db, cursor, wait=500)["cursor"]
    timer.join()
    assert time.monotonic() - started >= 0.5
    assert reply["nextBatch"] == []
    token = reply["postBatchResumeToken"]
    assert token["_data"] > cursor["postBatchResumeToken"]["_data"]
    assert opened(db, "c", resumeAfter=token)["cursor"]["firstBatch"] == []


def test_a_cursor_that_is_killed_waits_no_longer(db: Db) -> None:
    cursor = opened(db, "c")["cursor"]
    timer = Timer(0.2, db.command, ({"killCursors": "c", "cursors": [cursor["id"]]},))
    timer.start()
    started = time.monotonic()
    reply = more(db, cursor, wait=10_000)
    timer.join()
    assert reply["code"] == 237
    assert time.monotonic() - started < 5


def test_a_server_that_stops_waits_for_no_stream(tmp_path: Path) -> None:
    with foreground(tmp_path) as server, server.client() as client:
        thread = Thread(target=_wait, args=(client.t,), daemon=True)
        thread.start()
        time.sleep(0.5)
        started = time.monotonic()
        server.process.terminate()
        server.process.wait(timeout=20)
        assert time.monotonic() - started < 4
    thread.join(timeout=20)


def _wait(db: Db) -> None:
    try:
        more(db, opened(db, "c")["cursor"], wait=60_000)
    except PyMongoError:
        return
