"""What the events of change streams tell, and in which order: https://www.mongodb.com/docs/manual/reference/change-events/"""

import hashlib
import time
from typing import Any

import pytest
from bson import Int64, Timestamp
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import BulkWriteError, OperationFailure

Db = Database[dict[str, Any]]

_FIRST = ["_id", "operationType", "clusterTime", "wallTime"]
_NAMED = ["ns", "documentKey"]


def test_events_have_mongodbs_fields_in_its_order(db: Db) -> None:
    with db.c.watch() as stream:
        db.c.insert_one({"_id": 1})
        db.c.update_one({"_id": 1}, {"$set": {"a": 1}})
        db.c.replace_one({"_id": 1}, {"b": 1})
        db.c.delete_one({"_id": 1})
        db.c.rename("d")
        told = {event["operationType"]: list(event) for event in stream}
    with db.watch() as stream:
        db.client.drop_database(db.name)
        told |= {event["operationType"]: list(event) for event in stream}
    assert told == {
        "insert": [*_FIRST, "fullDocument", *_NAMED],
        "update": [*_FIRST, *_NAMED, "updateDescription"],
        "replace": [*_FIRST, "fullDocument", *_NAMED],
        "delete": [*_FIRST, *_NAMED],
        "rename": ["to", *_FIRST, "ns"],
        "drop": [*_FIRST, "ns"],
        "dropDatabase": [*_FIRST, "ns"],
        "invalidate": _FIRST,
    }


def test_documents_that_were_asked_for_stand_at_the_end(db: Db) -> None:
    with db.c.watch(full_document="updateLookup", full_document_before_change="whenAvailable") as stream:
        db.c.insert_one({"_id": 1})
        db.c.update_one({"_id": 1}, {"$set": {"a": 1}})
        db.c.replace_one({"_id": 1}, {"b": 1})
        db.c.delete_one({"_id": 1})
        told = {event["operationType"]: list(event)[4:] for event in (next(stream) for _ in range(4))}
    assert told == {
        "insert": ["fullDocument", *_NAMED],
        "update": [*_NAMED, "updateDescription", "fullDocumentBeforeChange", "fullDocument"],
        "replace": ["fullDocument", *_NAMED, "fullDocumentBeforeChange"],
        "delete": [*_NAMED, "fullDocumentBeforeChange"],
    }


@pytest.mark.parametrize("option", ["full_document", "full_document_before_change"])
def test_a_required_image_is_missed_when_its_event_comes(db: Db, option: str) -> None:
    with db.c.watch(**{option: "required"}) as stream:
        db.c.insert_one({"_id": 1})
        assert next(stream)["operationType"] == "insert"
        db.c.update_one({"_id": 1}, {"$set": {"a": 1}})
        with pytest.raises(OperationFailure, match="set MONGODB_URI") as caught:
            next(stream)
    assert caught.value.code == 47


def test_only_what_was_written_is_told(db: Db) -> None:
    db.c.insert_one({"_id": 5})
    with db.c.watch() as stream:
        with pytest.raises(BulkWriteError):
            db.c.insert_many([{"_id": number} for number in (1, 5, 2)], ordered=False)
        with pytest.raises(BulkWriteError):
            db.c.insert_many([{"_id": number} for number in (3, 5, 4)])
        db.c.update_one({"_id": 1}, {"$set": {"_id": 1}})
        db.c.update_one({"_id": 6}, {"$set": {"a": 1}}, upsert=True)
        events = [next(stream) for _ in range(4)]
    assert [(event["operationType"], event["documentKey"]["_id"]) for event in events] == [
        ("insert", 1), ("insert", 2), ("insert", 3), ("insert", 6),
    ]  # fmt: skip


# Transactions


def test_what_a_transaction_did_has_the_time_of_its_commit(client: MongoClient[Any], db: Db) -> None:
    with db.watch() as stream, client.start_session() as session:
        session.start_transaction()
        db.c.insert_one({"_id": 1}, session=session)
        db.d.insert_many([{"_id": 2}, {"_id": 3}], session=session)
        session.commit_transaction()
        events = [next(stream) for _ in range(3)]
        identifier, committed = session.session_id["id"], session.operation_time
        db.c.insert_one({"_id": 4})
        after = next(stream)
    assert [event["documentKey"]["_id"] for event in events] == [1, 2, 3]
    assert {event["clusterTime"] for event in events} == {committed}
    assert len({event["wallTime"] for event in events}) == 1
    for event in events:
        assert list(event)[:3] == ["txnNumber", "lsid", "_id"]
        assert type(event["txnNumber"]) is Int64
        assert event["lsid"] == {"id": identifier, "uid": hashlib.sha256(b"").digest()}
    assert after["clusterTime"] > committed
    assert "lsid" not in after


def test_a_transaction_is_told_whole_or_not_at_all_from_a_moment_on(client: MongoClient[Any], db: Db) -> None:
    """A moment after it began to write, and before its commit, is before all of it."""
    with client.start_session() as session:
        session.start_transaction()
        db.c.insert_one({"_id": 1}, session=session)
        time.sleep(1.1)
        between = Timestamp(int(time.time()), 0)
        db.c.insert_many([{"_id": 2}, {"_id": 3}], session=session)
        session.commit_transaction()
        committed = session.operation_time
    assert committed is not None
    moments = (between, Timestamp(committed.time, committed.inc - 1), committed)
    for moment in moments:
        with db.c.watch(start_at_operation_time=moment) as stream:
            assert [next(stream)["documentKey"]["_id"] for _ in range(3)] == [1, 2, 3]
    db.c.insert_one({"_id": 4})
    with db.c.watch(start_at_operation_time=Timestamp(committed.time, committed.inc + 1)) as stream:
        assert next(stream)["documentKey"]["_id"] == 4


def test_a_stream_resumes_within_a_transaction(client: MongoClient[Any], db: Db) -> None:
    with db.c.watch() as stream, client.start_session() as session, session.start_transaction():
        db.c.insert_many([{"_id": 1}, {"_id": 2}, {"_id": 3}], session=session)
        session.commit_transaction()
        first, second = next(stream), next(stream)
    with db.c.watch(resume_after=first["_id"]) as stream:
        assert next(stream) == second
        assert next(stream)["documentKey"]["_id"] == 3


# Collections that come, go and change their names


@pytest.mark.parametrize("ending", ["drop", "out", "rename over"])
def test_no_document_of_another_collection_is_looked_up(db: Db, ending: str) -> None:
    db.other.insert_one({"_id": 1, "other": True})
    with db.watch(full_document="updateLookup") as stream:
        db.c.insert_one({"_id": 1})
        db.c.update_one({"_id": 1}, {"$set": {"a": 1}})
        if ending == "drop":
            db.c.drop()
            db.c.insert_one({"_id": 1, "new": True})
        elif ending == "out":
            db.other.aggregate([{"$out": "c"}])
        else:
            db.other.rename("c", dropTarget=True)
        events = [next(stream), next(stream)]
    assert events[1]["operationType"] == "update"
    assert events[1]["fullDocument"] is None


def test_a_document_is_looked_up_where_its_collection_went(db: Db) -> None:
    with db.watch(full_document="updateLookup") as stream:
        db.c.insert_one({"_id": 1})
        db.c.update_one({"_id": 1}, {"$set": {"a": 1}})
        db.c.rename("d")
        db.d.rename("e")
        events = [next(stream), next(stream)]
    assert events[1]["fullDocument"] == {"_id": 1, "a": 1}


def test_a_rename_to_another_database_is_told_as_a_copy(client: MongoClient[Any], db: Db) -> None:
    other = client[db.name + "_other"]
    db.c.insert_many([{"_id": 1}, {"_id": 2}])
    with client.watch() as stream:
        client.admin.command("renameCollection", f"{db.name}.c", to=f"{other.name}.c")
        events = [next(stream) for _ in range(4)]
    client.drop_database(other.name)
    beside = events[0]["ns"]
    assert beside["db"] == other.name
    assert beside["coll"].endswith(".renameCollection")
    assert [(event["operationType"], event["ns"]) for event in events] == [
        ("insert", beside), ("insert", beside), ("rename", beside), ("drop", {"db": db.name, "coll": "c"}),
    ]  # fmt: skip
    assert events[2]["to"] == {"db": other.name, "coll": "c"}


# Sizes


def test_events_larger_than_a_reply_come_one_by_one(db: Db) -> None:
    opened = db.command({"aggregate": "c", "pipeline": [{"$changeStream": {}}], "cursor": {}})
    for number in range(2):
        db.c.insert_one({"_id": number, "text": "x" * 9_000_000})
    more = {"getMore": opened["cursor"]["id"], "collection": "c"}
    batches = [db.command(more)["cursor"]["nextBatch"] for _ in range(2)]
    assert [[event["documentKey"]["_id"] for event in batch] for batch in batches] == [[0], [1]]


def test_an_event_larger_than_a_document_may_be_is_refused(db: Db) -> None:
    db.c.insert_one({"_id": 1, "text": "x" * 9_000_000})
    with db.c.watch(full_document="updateLookup") as stream:
        db.c.update_one({"_id": 1}, {"$set": {"more": "x" * 4_000_000}})
        with pytest.raises(OperationFailure) as caught:
            next(stream)
    assert caught.value.code == 10334
