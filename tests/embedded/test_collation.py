"""Collations through the server: what heeds them, what ignores them, and texts they are not offered for."""

from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import BulkWriteError, OperationFailure, WriteError

Db = Database[dict[str, Any]]
FOLDED = {"locale": "en", "strength": 2}
UNKNOWN = "ཀ"
REFUSED = r"texts with U\+0F40 TIBETAN LETTER KA; set MONGODB_URI"


@pytest.fixture
def unknown(db: Db) -> Any:
    """A collection with a text whose place is not known, without an index that would need it."""
    db.c.create_index("n")
    db.c.insert_many([{"_id": 1, "n": "abc"}, {"_id": 2, "n": UNKNOWN}, {"_id": 3, "n": 5}])
    return db.c


@pytest.mark.parametrize(
    "asked",
    [
        {"find": "c", "filter": {"n": "abc"}},
        {"find": "c", "filter": {"_id": UNKNOWN}},
        {"find": "c", "filter": {"n": {"$in": ["abc", 1]}}},
        {"find": "c", "filter": {"n": {"$gt": "a"}}},
        {"find": "c", "filter": {"$expr": {"$eq": ["$n", "abc"]}}},
        {"find": "c", "sort": {"n": 1}},
        {"find": "c", "sort": {"n": -1}, "limit": 1},
        {"count": "c", "query": {"n": "abc"}},
        {"distinct": "c", "key": "n"},
        {"aggregate": "c", "pipeline": [{"$group": {"_id": "$n"}}], "cursor": {}},
        {"aggregate": "c", "pipeline": [{"$sort": {"n": 1}}], "cursor": {}},
        {"aggregate": "c", "pipeline": [{"$sortByCount": "$n"}], "cursor": {}},
        {"aggregate": "c", "pipeline": [{"$match": {"n": {"$ne": "abc"}}}], "cursor": {}},
        {"aggregate": "c", "pipeline": [{"$project": {"x": {"$cmp": ["$n", "abc"]}}}], "cursor": {}},
        {"aggregate": "c", "pipeline": [{"$group": {"_id": 1, "x": {"$max": "$n"}}}], "cursor": {}},
        {"findAndModify": "c", "query": {"n": "abd"}, "update": {"$set": {"x": 1}}},
    ],
)
def test_a_text_whose_place_is_not_known_is_not_compared(unknown: Any, asked: dict[str, Any]) -> None:
    with pytest.raises(OperationFailure, match=REFUSED) as refusal:
        unknown.database.command(asked, collation=FOLDED)
    assert refusal.value.code == 2
    assert unknown.count_documents({}) == 3


def test_such_a_text_does_no_harm_where_it_is_not_compared(unknown: Any) -> None:
    assert unknown.find_one({"n": UNKNOWN}) == {"_id": 2, "n": UNKNOWN}
    assert [one["_id"] for one in unknown.find().sort("n", 1)] == [3, 1, 2]
    for query in ({"n": 5}, {"n": {"$in": [5, 6]}}, {"n": {"$gt": 4}}, {"_id": 3, "n": {"$exists": True}}):
        assert [one["_id"] for one in unknown.find(query, collation=FOLDED)] == [3]
    assert list(unknown.find({"n": True}, collation=FOLDED)) == []
    assert unknown.count_documents({"n": UNKNOWN}, collation={"locale": "simple"}) == 1


def test_an_index_takes_no_such_text_and_the_others_of_the_write(db: Db) -> None:
    index = db.c.create_index("n", unique=True, collation=FOLDED)
    with pytest.raises(BulkWriteError) as refusal:
        db.c.insert_many([{"_id": 1, "n": "a"}, {"_id": 2, "n": UNKNOWN}, {"_id": 3, "n": "b"}], ordered=False)
    (error,) = refusal.value.details["writeErrors"]
    assert (error["index"], error["code"]) == (1, 2)
    assert list(db.c.find()) == [{"_id": 1, "n": "a"}, {"_id": 3, "n": "b"}]
    for change in ({"$set": {"n": UNKNOWN}}, {"$set": {"n": ["c", UNKNOWN]}}, {"$set": {"n": {"x": UNKNOWN}}}):
        with pytest.raises(WriteError, match=REFUSED):
            db.c.update_one({"_id": 1}, change)
    with pytest.raises(WriteError, match=REFUSED):
        db.c.replace_one({"_id": 9}, {"n": UNKNOWN}, upsert=True)
    db.s.insert_many([{"_id": 1, "n": "x"}, {"_id": 2, "n": UNKNOWN}])
    with pytest.raises(OperationFailure, match=REFUSED):
        db.s.aggregate([{"$out": "c"}])
    assert list(db.c.find()) == [{"_id": 1, "n": "a"}, {"_id": 3, "n": "b"}]
    assert sorted(db.list_collection_names()) == ["c", "s"]
    with pytest.raises(WriteError, match="E11000"):
        db.c.insert_one({"n": "A"})
    db.c.drop_index(index)
    db.c.update_one({"_id": 1}, {"$set": {"n": UNKNOWN}})


def test_no_index_is_made_over_such_a_text(unknown: Any) -> None:
    with pytest.raises(OperationFailure, match=REFUSED):
        unknown.create_index("n", name="folded", collation=FOLDED)
    assert list(unknown.index_information()) == ["_id_", "n_1"]
    unknown.delete_one({"_id": 2})
    unknown.create_index("n", name="folded", collation=FOLDED)
    assert unknown.find_one({"n": "ABC"}, collation=FOLDED) == {"_id": 1, "n": "abc"}


def test_a_refusal_ends_its_transaction(client: MongoClient[dict[str, Any]], db: Db) -> None:
    db.c.create_index("n", collation=FOLDED)
    with client.start_session() as session:
        session.start_transaction()
        db.c.insert_one({"_id": 1}, session=session)
        with pytest.raises(WriteError, match=REFUSED):
            db.c.insert_one({"_id": 2, "n": UNKNOWN}, session=session)
        session.abort_transaction()
    assert db.c.count_documents({}) == 0


def test_the_texts_people_have_are_ordered_and_matched(db: Db) -> None:
    names = [
        "😀 party",
        "₿",
        "Ångström",
        "Zoë",
        "Œuvre",
        "οδός",
        "Иван",
        "ნინო",
        "שלום",
        "سلام",
        "नमस्ते",
        "สวัสดี",
        "한국",
        "ひらがな",
        "東京",
    ]
    db.c.insert_many({"_id": place, "n": name} for place, name in enumerate(reversed(names)))
    db.c.create_index("n", collation={"locale": "en", "strength": 1})
    found = [one["n"] for one in db.c.find({}, collation={"locale": "en", "strength": 1}).sort("n", 1)]
    assert found == [names[0], *names[2:3], "Œuvre", "Zoë", *names[5:], "₿"]
    for asked, name in (("ANGSTROM", "Ångström"), ("οδοσ", "οδός"), ("ИВАН", "Иван"), ("ヒラカナ", "ひらがな")):
        assert db.c.find_one({"n": asked}, {"_id": 0}, collation={"locale": "en", "strength": 1}) == {"n": name}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"$eq": ["a", "A"]}, True),
        ({"$cmp": ["a", "B"]}, -1),
        ({"$in": ["a", ["A"]]}, True),
        ({"$indexOfArray": [["A"], "a"]}, 0),
        ({"$max": ["a", "B"]}, "B"),
        ({"$setEquals": [["a"], ["A"]]}, True),
        ({"$setDifference": [["a"], ["A"]]}, []),
        ({"$sortArray": {"input": ["b", "A"], "sortBy": 1}}, ["A", "b"]),
        ({"$indexOfCP": ["abc", "B"]}, -1),
        ({"$indexOfBytes": ["abc", "B"]}, -1),
        ({"$regexMatch": {"input": "abc", "regex": "B"}}, False),
        ({"$replaceAll": {"input": "aA", "find": "a", "replacement": "x"}}, "xA"),
        ({"$split": ["aXbxc", "x"]}, ["aXb", "c"]),
        ({"$trim": {"input": "aXA", "chars": "A"}}, "aX"),
        ({"$strcasecmp": ["é", "É"]}, 1),
        ({"$toUpper": "éa"}, "éA"),
    ],
)
def test_comparisons_heed_a_collation_and_searches_in_texts_do_not(db: Db, expression: Any, value: Any) -> None:
    (found,) = db.aggregate([{"$documents": [{}]}, {"$project": {"x": expression}}], collation=FOLDED)
    assert found == {"x": value}


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"locale": "en", "blah": 1}, 40415),
        ({"locale": "en", "Strength": 3}, 40415),
        ({"locale": "en", "strength": "3"}, 14),
        ({"locale": "en", "strength": True}, 14),
        ({"locale": "en", "strength": 9}, 2),
        ({"locale": "en", "caseLevel": 0}, 14),
        ({"locale": "en", "backwards": None}, 14),
        ({"locale": "simple", "caseFirst": 1}, 14),
        ({"locale": "en", "version": "58.1"}, 161),
    ],
)
def test_a_malformed_collation_has_mongodbs_code(db: Db, spec: dict[str, Any], code: int) -> None:
    for asked in (
        {"find": "c", "collation": spec},
        {"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a", "collation": spec}]},
    ):
        assert db.command(asked, check=False)["code"] == code


def test_an_index_of_another_collation_is_not_used(db: Db) -> None:
    db.c.create_index("n", collation={"locale": "en_US", "strength": 2})
    db.c.insert_many([{"_id": 1, "n": "a"}, {"_id": 2, "n": "A"}])
    assert db.c.index_information()["n_1"]["collation"]["locale"] == "en_US"
    for collation, found in (
        (None, [1]),
        (FOLDED, [1, 2]),
        ({"locale": "en"}, [1]),
        ({"locale": "en_US", "strength": 2}, [1, 2]),
    ):
        assert [one["_id"] for one in db.c.find({"n": "a"}, collation=collation, sort=[("_id", 1)])] == found
