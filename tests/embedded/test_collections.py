"""Names of collections and databases, views, lists: what MongoDB takes and what it refuses."""

from typing import Any

import pytest
from bson import Int64
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

Db = Database[dict[str, Any]]


def _code(db: Db, asked: dict[str, Any]) -> int | None:
    return db.command(asked, check=False).get("code")


def test_what_is_there_may_be_created_again_as_it_is(db: Db) -> None:
    view = {"create": "v", "viewOn": "c", "pipeline": [{"$match": {"a": 1}}]}
    for asked in ({"create": "c"}, view):
        assert [_code(db, asked), _code(db, asked)] == [None, None]
    assert [_code(db, {"create": "v"}), _code(db, {"create": "c", "viewOn": "d"})] == [48, 48]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"viewOn": ""}, 2),
        ({"viewOn": "$c"}, 73),
        ({"viewOn": 1}, 14),
        ({"pipeline": []}, 72),
        ({"viewOn": "c", "pipeline": {}}, 14),
        ({"viewOn": "c", "pipeline": [{"$out": "d"}]}, 167),
        ({"viewOn": "c", "pipeline": [{"$documents": [{}]}]}, 73),
        ({"viewOn": "c", "pipeline": [{"$match": {"a": "x" * 16_000_000}}]}, 195),
        ({"viewOn": "v"}, 5),
        ({"viewOn": "c", "pipeline": [{"$unionWith": "v"}]}, 5),
        ({"viewOn": "c", "pipeline": [{"$facet": {"a": [{"$lookup": {"from": "v", "as": "b", "pipeline": []}}]}}]}, 5),
    ],
)
def test_a_view_that_mongodb_would_not_keep_is_refused(db: Db, options: dict[str, Any], code: int) -> None:
    assert _code(db, {"create": "v", **options}) == code


def test_views_lie_twenty_deep_at_most(db: Db) -> None:
    db.c.insert_one({"_id": 1})
    for depth in range(1, 21):
        db.create_collection(f"v{depth}", viewOn=f"v{depth - 1}" if depth > 1 else "c", pipeline=[])
    assert list(db.v20.find()) == [{"_id": 1}]
    assert _code(db, {"create": "v21", "viewOn": "v20"}) == 165
    db.v1.drop()
    db.c.drop()
    assert _code(db, {"create": "c", "viewOn": "d"}) is None
    assert _code(db, {"create": "v1", "viewOn": "c"}) == 165  # too many would lie upon it
    assert db.command("dbStats")["views"] == 20


def test_views_that_join_views_are_read_twenty_deep_at_most(db: Db) -> None:
    db.c.insert_one({"_id": 1})
    for depth in range(1, 20):
        join = {"from": f"v{depth - 1}" if depth > 1 else "c", "localField": "_id", "foreignField": "_id", "as": "v"}
        db.create_collection(f"v{depth}", viewOn="c", pipeline=[{"$lookup": join}])
    (found,) = db.c.aggregate([{"$unionWith": "v19"}, {"$match": {"v": {"$exists": True}}}])
    for _ in range(19):
        (found,) = found["v"]
    assert found == {"_id": 1}
    deeper = {"from": "c", "pipeline": [{"$unionWith": "v19"}], "as": "v"}
    assert _code(db, {"aggregate": "c", "pipeline": [{"$lookup": deeper}], "cursor": {}}) == 232


def test_a_view_of_nothing_still_gives_what_its_stages_make(db: Db) -> None:
    db.c.insert_one({"_id": 1})
    db.create_collection("v", viewOn="missing", pipeline=[{"$unionWith": "c"}])
    join = {"$lookup": {"from": "v", "pipeline": [], "as": "found"}}
    assert list(db.c.aggregate([join])) == [{"_id": 1, "found": [{"_id": 1}]}]
    assert list(db.missing.aggregate([{"$unionWith": "v"}])) == [{"_id": 1}]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"sort": {"$natural": -1}}, None),
        ({"sort": {"$natural": -1}, "hint": {"$natural": 1}}, 2),
        ({"noCursorTimeout": True}, 168),
        ({"allowPartialResults": True}, 168),
        ({"singleBatch": True}, 168),
        ({"singleBatch": True, "limit": 2}, 168),
        ({"singleBatch": True, "limit": 1, "noCursorTimeout": False, "sort": {"_id": 1}}, None),
        ({"projection": {"a": {"$elemMatch": {"x": 1}}}}, 168),
        ({"collation": {"locale": "en"}}, 167),
    ],
)
def test_of_a_view_is_asked_what_an_aggregation_does(db: Db, options: dict[str, Any], code: int | None) -> None:
    db.create_collection("v", viewOn="c", pipeline=[])
    assert _code(db, {"find": "v", **options}) == code


def test_a_natural_sort_of_a_view_is_that_of_its_collection(db: Db) -> None:
    db.c.insert_many([{"_id": place} for place in (2, 1, 3)])
    db.create_collection("v", viewOn="c", pipeline=[{"$match": {"_id": {"$gt": 1}}}])
    assert list(db.v.find().sort("$natural", -1)) == [{"_id": 3}, {"_id": 2}]
    assert list(db.v.find().sort("$natural", 1)) == [{"_id": 2}, {"_id": 3}]


def test_each_view_is_looked_into_once(db: Db) -> None:
    for place in range(15):
        stages = [{"$unionWith": f"v{place + 1}"}] * 9
        assert _code(db, {"create": f"v{place}", "viewOn": f"v{place + 1}", "pipeline": stages}) is None


def test_the_collection_of_definitions_is_refused_where_there_are_views(db: Db) -> None:
    assert list(db["system.views"].find()) == []
    db.create_collection("v", viewOn="c", pipeline=[])
    assert _code(db, {"find": "system.views"}) == 73


def test_nulls_in_the_pipeline_of_a_view_are_left_out(db: Db) -> None:
    db.c.insert_many([{"_id": 1}, {"_id": 2}])
    db.command({"create": "v", "viewOn": "c", "pipeline": [None, {"$match": {"_id": 2}}, None]})
    assert list(db.v.find()) == [{"_id": 2}]


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("c", "c", 20),
        ("c", "other.", 73),
        ("c", "other$", 20),
        ("c", "x" * 250, 20),
        ("c", "system.x", 20),
        ("missing", "d", 26),
        ("v", "d", 166),
        ("c", "v", 48),
    ],
)
def test_a_collection_is_not_renamed_to_or_from_anything(
    db: Db, client: MongoClient[Any], source: str, target: str, code: int
) -> None:
    db.create_collection("c")
    db.create_collection("v", viewOn="c", pipeline=[])
    to = target if target == "other." else f"{db.name}.{target}"
    asked = {"renameCollection": f"{db.name}.{source}", "to": to, "dropTarget": True}
    assert client.admin.command(asked, check=False).get("code") == code


def test_two_databases_differ_in_more_than_case(db: Db, client: MongoClient[Any]) -> None:
    db.c.insert_one({})
    with pytest.raises(OperationFailure) as caught:
        client[db.name.upper()].c.insert_one({})
    assert caught.value.code == 13297


def test_a_list_of_names_is_filtered_by_what_it_shows(db: Db, client: MongoClient[Any]) -> None:
    db.create_collection("c")
    asked = {"listCollections": 1, "nameOnly": True}
    assert db.command({**asked, "filter": {"options": {"$exists": True}}})["cursor"]["firstBatch"] == []
    assert db.command({**asked, "filter": {"name": "c"}})["cursor"]["firstBatch"] == [
        {"name": "c", "type": "collection"}
    ]
    found = client.admin.command({"listDatabases": 1, "nameOnly": True, "filter": {"name": db.name, "empty": False}})
    assert found["databases"] == []


def test_dropping_counts_the_indexes_of_a_collection_and_not_of_a_view(db: Db) -> None:
    db.c.create_index("a")
    db.create_collection("v", viewOn="c", pipeline=[])
    dropped = [db.command({"drop": name}) for name in ("v", "c", "c")]
    assert [(one.get("nIndexesWas"), one.get("ns")) for one in dropped] == [
        (None, f"{db.name}.v"), (2, f"{db.name}.c"), (None, None)
    ]  # fmt: skip


def test_a_transaction_takes_what_mongodb_lets_it(db: Db, client: MongoClient[Any]) -> None:
    db.c.insert_one({"_id": 1})
    union = {"aggregate": "c", "pipeline": [{"$facet": {"a": [{"$unionWith": "c"}]}}], "cursor": {}}
    with client.start_session() as session:
        for asked, code in (
            (union, 263), ({"count": "c"}, 263), ({"killCursors": "c", "cursors": [Int64(1)]}, 263),
            ({"insert": "c", "documents": [{}], "writeConcern": {"w": 1}}, 72),
        ):  # fmt: skip
            session.start_transaction()
            assert db.command(asked, session=session, check=False)["code"] == code
            session.abort_transaction()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"commitTransaction": 1}, 125),
        ({"commitTransaction": 1, "autocommit": False}, 72),
        ({"abortTransaction": 1, "txnNumber": Int64(1)}, 50768),
        ({"abortTransaction": 1, "txnNumber": 1, "autocommit": False}, 14),
        ({"ping": 1, "txnNumber": Int64(1)}, 50768),
    ],
)
def test_options_of_transactions_go_together_or_not_at_all(
    client: MongoClient[Any], asked: dict[str, Any], code: int
) -> None:
    assert client.admin.command(asked, check=False)["code"] == code
