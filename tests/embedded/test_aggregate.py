"""What ``aggregate`` needs a server for: text in a pipeline of another collection, the target of ``$out``, sizes."""

import pytest
from pymongo.errors import OperationFailure


def test_text_is_searched_in_the_pipeline_of_a_lookup(db):
    db.shelves.insert_one({"_id": 1})
    db.books.insert_many([{"_id": 1, "title": "the quiet sea"}, {"_id": 2, "title": "a loud sea sea"}])
    search = [{"$match": {"$text": {"$search": "sea"}}}, {"$project": {"score": {"$meta": "textScore"}}}]
    stages = [{"$lookup": {"from": "books", "pipeline": search, "as": "found"}}]
    with pytest.raises(OperationFailure) as refusal:
        db.shelves.aggregate(stages)
    assert refusal.value.code == 27
    db.books.create_index({"title": "text"})
    (found,) = db.shelves.aggregate(stages)
    assert {book["_id"]: book["score"] > 0.5 for book in found["found"]} == {1: True, 2: True}


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (None, 16990),
        ({"db": "other"}, 40414),
        ({"db": "other", "coll": None}, 40414),
        ({"db": 1, "coll": "x"}, 14),
        ({"db": "other", "coll": "x", "mode": 1}, 40415),
        ("", 73),
        ("a$b", 20),
        ("system.x", 17385),
        ({"db": "admin", "coll": "x"}, 31321),
        ("view", 166),
    ],
)
def test_out_writes_only_to_a_collection(db, target, code):
    db.source.insert_one({"_id": 1})
    db.command("create", "view", viewOn="source", pipeline=[])
    with pytest.raises(OperationFailure) as refusal:
        db.source.aggregate([{"$out": target}])
    assert refusal.value.code == code
    assert list(db.source.find()) == list(db.view.find()) == [{"_id": 1}]


def test_out_to_a_time_series_collection_is_refused_with_the_remedy(db):
    db.source.insert_one({"_id": 1})
    with pytest.raises(OperationFailure, match="set MONGODB_URI"):
        db.source.aggregate([{"$out": {"db": db.name, "coll": "x", "timeseries": {"timeField": "at"}}}])


def test_a_result_is_at_most_16_megabytes_large(db):
    db.parts.insert_many([{"part": "x" * 6_000_000} for _ in range(3)])
    whole = [{"$group": {"_id": None, "parts": {"$push": "$part"}}}]
    with pytest.raises(OperationFailure) as refusal:
        db.parts.aggregate(whole)
    assert refusal.value.code == 10334
    assert [found["n"] for found in db.parts.aggregate([*whole, {"$project": {"n": {"$size": "$parts"}}}])] == [3]


def test_distinct_of_a_view_says_ok_with_an_int_as_mongodb_does(db):
    db.c.insert_many([{"a": 1}, {"a": 2}])
    db.create_collection("view", viewOn="c", pipeline=[{"$match": {"a": 1}}])
    found = [db.command("distinct", name, key="a") for name in ("c", "view")]
    assert [(one["values"], type(one["ok"])) for one in found] == [([1, 2], float), ([1], int)]
