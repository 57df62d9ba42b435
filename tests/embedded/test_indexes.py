"""Indexes: which one answers what, that they never change an answer, and what they refuse."""

from typing import Any

import pytest
from bson import Int64, Regex
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

Db = Database[dict[str, Any]]


def plan(cursor: Any) -> dict[str, Any]:
    return cursor.explain()["queryPlanner"]["winningPlan"]


def index_of(found: dict[str, Any]) -> str | None:
    while "inputStage" in found:
        found = found["inputStage"]
    return found.get("indexName")


@pytest.fixture
def jobs(db: Db) -> Any:
    jobs = db.jobs
    jobs.insert_many(
        {"_id": n, "city": f"c{n % 10}", "pay": n % 97, "tags": [f"t{n % 3}", "all"], "at": {"x": n}}
        for n in range(500)
    )
    jobs.create_indexes([
        IndexModel([("city", ASCENDING), ("pay", DESCENDING)], name="city_pay"),
        IndexModel("tags", name="tags"),
        IndexModel([("at.x", ASCENDING)], name="at"),
    ])  # fmt: skip
    return jobs


@pytest.mark.parametrize(
    ("query", "sort", "index", "sorts"),
    [
        ({"_id": 7}, None, "_id_", False),
        ({"_id": {"$in": [1, 2]}}, None, "_id_", False),
        ({"city": "c1"}, None, "city_pay", False),
        ({"city": "c1", "pay": {"$gt": 5, "$lte": 50}}, None, "city_pay", False),
        ({"city": "c1"}, {"pay": -1}, "city_pay", False),
        ({"city": "c1"}, {"pay": 1}, "city_pay", False),
        ({"city": {"$gt": "c1"}}, {"pay": 1}, "city_pay", True),
        ({}, {"city": 1, "pay": -1}, "city_pay", False),
        ({}, {"city": -1, "pay": 1}, "city_pay", False),
        ({}, {"city": 1, "pay": 1}, None, True),
        ({"tags": "t1"}, None, "tags", False),
        ({"tags": "t1"}, {"tags": 1}, "tags", True),
        ({"at.x": {"$gte": 10, "$lt": 20}}, None, "at", False),
        ({"city": {"$regex": "^c1"}}, None, "city_pay", False),
        ({"city": {"$regex": "c1"}}, None, None, False),
        ({"pay": 3}, None, None, False),
        ({"$or": [{"_id": 1}, {"at.x": 5}]}, None, None, False),
    ],
)
def test_the_planner_uses_an_index_where_one_serves(
    jobs: Any, query: Any, sort: Any, index: str | None, sorts: bool
) -> None:
    cursor = jobs.find(query)
    found = plan(cursor.sort(list(sort.items())) if sort else cursor)
    assert (found["stage"] == "SORT") == sorts
    assert index_of(found) == index


def test_an_or_of_indexed_branches_reads_only_them(jobs: Any) -> None:
    found = plan(jobs.find({"$or": [{"_id": 1}, {"at.x": 5}, {"_id": 5}]}))
    assert found["stage"] == "OR"
    assert sorted(one["_id"] for one in jobs.find({"$or": [{"_id": 1}, {"at.x": 5}, {"_id": 5}]})) == [1, 5]


def test_fields_of_one_array_may_be_met_by_different_elements(db: Db) -> None:
    db.c.create_index([("a.b", 1), ("a.c", 1)])
    db.c.insert_one({"_id": 1, "a": [{"b": 1, "c": 9}, {"b": 2, "c": 2}]})
    assert db.c.count_documents({"a.b": 1, "a.c": 2}) == 1
    assert db.c.count_documents({"a.b": {"$gt": 1, "$lt": 2}}) == 1
    assert db.c.count_documents({"a.b": 3}) == 0


def test_a_hint_chooses_the_index_or_is_refused(jobs: Any) -> None:
    assert index_of(plan(jobs.find({"city": "c1"}).hint("tags"))) == "tags"
    assert jobs.count_documents({"city": "c1"}, hint="tags") == 50
    with pytest.raises(OperationFailure, match="hint"):
        list(jobs.find({"city": "c1"}).hint("nothing"))


def test_unique_indexes_say_which_key_and_leave_nothing_behind(db: Db) -> None:
    db.c.create_index([("a", 1), ("b", 1)], unique=True, name="ab")
    db.c.insert_one({"_id": 1, "a": "x", "b": 1})
    with pytest.raises(DuplicateKeyError) as caught:
        db.c.insert_one({"_id": 2, "a": "x", "b": 1.0})
    details = caught.value.details or {}
    assert details["keyPattern"] == {"a": 1, "b": 1}
    assert details["keyValue"] == {"a": "x", "b": 1.0}
    assert db.c.count_documents({}) == 1
    with pytest.raises(DuplicateKeyError):
        db.c.update_one({"_id": 3}, {"$set": {"a": "x", "b": 1}}, upsert=True)
    db.c.insert_one({"_id": 3, "a": "y", "b": 1})
    with pytest.raises(DuplicateKeyError):
        db.c.update_one({"_id": 3}, {"$set": {"a": "x"}})
    assert db.c.find_one({"a": "y"}) == {"_id": 3, "a": "y", "b": 1}
    with pytest.raises(DuplicateKeyError):
        db.c.create_index("b", unique=True)
    assert set(db.c.index_information()) == {"_id_", "ab"}


def test_missing_is_null_to_a_unique_index_unless_it_is_sparse_or_partial(db: Db) -> None:
    db.plain.create_index("u", unique=True)
    db.plain.insert_one({"_id": 1})
    with pytest.raises(DuplicateKeyError):
        db.plain.insert_one({"_id": 2, "u": None})
    db.sparse.create_index("u", unique=True, sparse=True)
    db.sparse.insert_many([{"_id": 1}, {"_id": 2}, {"_id": 3, "u": None}])
    assert db.sparse.count_documents({"u": None}) == 3
    assert [one["_id"] for one in db.sparse.find().sort("u", 1)] == [1, 2, 3]
    db.partial.create_index("u", unique=True, partialFilterExpression={"live": True})
    db.partial.insert_many([{"_id": 1, "u": 1, "live": True}, {"_id": 2, "u": 1, "live": False}])
    with pytest.raises(DuplicateKeyError):
        db.partial.update_one({"_id": 2}, {"$set": {"live": True}})
    assert db.partial.count_documents({"u": 1}) == 2
    assert index_of(plan(db.partial.find({"u": 1, "live": True}))) == "u_1"
    assert index_of(plan(db.partial.find({"u": 1}))) is None


def test_a_unique_index_over_an_array_takes_each_element_once_a_document(db: Db) -> None:
    db.c.create_index("t", unique=True)
    db.c.insert_one({"_id": 1, "t": ["a", "a", "b"]})
    with pytest.raises(DuplicateKeyError):
        db.c.insert_one({"_id": 2, "t": ["b"]})
    db.c.delete_one({"_id": 1})
    db.c.insert_one({"_id": 2, "t": ["b"]})


def test_a_sparse_index_takes_only_the_elements_that_have_a_field(db: Db) -> None:
    db.c.create_index("t.n", unique=True, sparse=True)
    db.c.insert_many([{"t": [{"n": 1}, {}]}, {"t": [{"n": 2}, {}]}, {"t": []}, {"t": []}, {"t": [5]}])
    assert db.c.count_documents({}, hint="t.n_1") == 2
    db.plain.create_index("t.n", unique=True)
    db.plain.insert_one({"t": []})
    with pytest.raises(DuplicateKeyError):
        db.plain.insert_one({})


def test_a_number_in_the_path_of_an_index_is_a_place_or_a_name_but_not_both(db: Db) -> None:
    db.c.insert_one({"_id": 1, "a": [{"0": 5}]})
    with pytest.raises(OperationFailure, match="Ambiguous field name") as refused:
        db.c.create_index("a.0")
    assert refused.value.code == 16746
    db.d.create_index("a.0")
    with pytest.raises(OperationFailure, match="Ambiguous field name") as refused:
        db.d.insert_one({"_id": 1, "a": [{"0": 5}]})
    assert refused.value.code == 16746
    db.d.insert_many([{"_id": 1, "a": [[1, 2]]}, {"_id": 2, "a": [1]}, {"_id": 3, "a": {"0": [1]}}])
    for hint in ("a.0_1", [("$natural", 1)]):
        assert [one["_id"] for one in db.d.find({"a.0": 1}).sort("_id", 1).hint(hint)] == [2, 3]
        assert db.d.count_documents({"a.0": 1}, hint=hint) == 2
        assert db.d.count_documents({"a.0": [1, 2]}, hint=hint) == 1


def test_strength_two_ignores_case_in_index_and_query(db: Db) -> None:
    db.c.create_index("n", collation={"locale": "en", "strength": 2}, name="n")
    db.c.insert_many([{"_id": 1, "n": "Bonn"}, {"_id": 2, "n": "bonn"}, {"_id": 3, "n": "Köln"}])
    insensitive = db.c.find({"n": "BONN"}).collation({"locale": "en", "strength": 2})
    assert index_of(plan(insensitive)) == "n"
    assert [one["_id"] for one in insensitive] == [1, 2]
    assert db.c.count_documents({"n": "BONN"}) == 0


def test_words_are_found_by_the_text_index(db: Db) -> None:
    db.c.create_index([("title", "text"), ("body", "text")])
    db.c.insert_many([
        {"_id": 1, "title": "Senior Python engineer", "body": "Berlin"},
        {"_id": 2, "title": "Go engineer", "body": "not python"},
        {"_id": 3, "title": "Cook", "body": ""},
    ])  # fmt: skip
    found = db.c.find({"$text": {"$search": "python"}}, {"score": {"$meta": "textScore"}})
    assert [one["_id"] for one in found.sort([("score", {"$meta": "textScore"})])] == [
        2,
        1,
    ]  # a shorter text scores higher
    assert db.c.count_documents({"$text": {"$search": "engineer -go"}}) == 1
    db.c.update_one({"_id": 1}, {"$set": {"title": "Nurse"}})
    assert db.c.count_documents({"$text": {"$search": "python"}}) == 1
    with pytest.raises(OperationFailure) as caught:
        db.other.count_documents({"$text": {"$search": "x"}})
    assert caught.value.code == 27


def test_words_choose_the_document_to_change_and_their_score_is_told(db: Db) -> None:
    db.c.create_index([("n", "text")])
    db.c.insert_many([{"_id": 1, "n": "one"}, {"_id": 2, "n": "one two"}])
    score = {"score": {"$meta": "textScore"}}
    asked: Any = {"query": {"$text": {"$search": "one two"}}, "fields": score, "sort": score}
    changed = {"update": {"$set": {"n": "three"}}, "new": True}
    assert db.command("findAndModify", "c", **asked, **changed)["value"] == {"_id": 2, "n": "three", "score": 1.5}
    assert db.command("findAndModify", "c", **asked, remove=True)["value"] == {"_id": 1, "n": "one", "score": 1.1}
    upserted = db.command("findAndModify", "c", **asked, **changed, upsert=True)["value"]
    assert upserted.keys() == {"_id", "n"}
    refused = db.command({"findAndModify": "c", "fields": score, "remove": True}, check=False)
    assert refused["code"] == 40218


def test_a_text_index_is_english_unless_it_says_otherwise(db: Db) -> None:
    db.c.create_index([("t", "text")])
    db.plain.create_index([("t", "text")], default_language="none", language_override="idioma")
    for collection in (db.c, db.plain):
        collection.insert_many([{"_id": 1, "t": "She runs"}, {"_id": 2, "t": "running"}])
    assert db.c.count_documents({"$text": {"$search": "run"}}) == 2
    assert db.plain.count_documents({"$text": {"$search": "running"}}) == 1
    shown = [list(one.list_indexes())[1].to_dict() for one in (db.c, db.plain)]
    assert [(one["default_language"], one["language_override"]) for one in shown] == [
        ("english", "language"), ("none", "idioma"),
    ]  # fmt: skip
    with pytest.raises(OperationFailure, match="MONGODB_URI"):
        db.c.insert_one({"t": "rennen", "language": "german"})
    db.c.delete_one({"_id": 1})
    assert [one["_id"] for one in db.c.find({"$text": {"$search": "RUN"}})] == [2]


def test_a_text_index_may_read_every_string(db: Db) -> None:
    db.c.create_index([("$**", "text")])
    db.c.insert_many([{"_id": 1, "a": "fox"}, {"_id": 2, "b": [{"c": "foxes"}]}, {"_id": 3, "d": 5}])
    found = db.c.find({"$text": {"$search": "fox"}}).sort("_id")
    assert [one["_id"] for one in found] == [1, 2]


@pytest.mark.parametrize(
    ("query", "options", "code"),
    [
        ({"$text": {"$search": "x"}}, {"hint": "t_text"}, 2),
        ({"$text": {"$search": "x"}}, {"sort": [("$natural", 1)]}, 2),
        ({"$or": [{"$text": {"$search": "x"}}, {"n": 1}]}, {}, 291),
    ],
)
def test_words_are_looked_for_by_their_index_alone(db: Db, query: Any, options: Any, code: int) -> None:
    db.c.create_index([("t", "text")])
    with pytest.raises(OperationFailure) as caught:
        list(db.c.find(query, **options))
    assert caught.value.code == code


def test_words_or_what_another_index_finds(db: Db) -> None:
    db.c.create_index([("t", "text")])
    db.c.create_index("n")
    db.c.insert_many([{"_id": 1, "t": "fox", "n": 1}, {"_id": 2, "t": "hen", "n": 1}, {"_id": 3, "t": "foxes"}])
    found = db.c.find({"$or": [{"$text": {"$search": "fox"}}, {"n": 1}]}).sort("_id")
    assert [one["_id"] for one in found] == [1, 2, 3]


@pytest.mark.parametrize(
    ("key", "options", "named"),
    [
        ([("a", "2dsphere")], {}, "2dsphere"),
        ([("a", "hashed")], {}, "hashed"),
        ([("a.$**", 1)], {}, "wildcard"),
        ([("a", 1)], {"expireAfterSeconds": 5}, "expireAfterSeconds"),
        ([("a", 1)], {"wildcardProjection": {"a": 1}}, "wildcardProjection"),
        ([("a", 1)], {"collation": {"locale": "de"}}, "de"),
        ([("a", 1)], {"partialFilterExpression": {"b": {"$ne": 1}}}, "partial index"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(db: Db, key: Any, options: Any, named: str) -> None:
    with pytest.raises(OperationFailure, match=named.replace("$", r"\$")):
        db.c.create_index(key, **options)


def test_an_index_that_contradicts_another_is_refused_with_mongodbs_codes(db: Db) -> None:
    db.c.create_index("a", name="one")
    assert db.c.create_index("a", name="one") == "one"
    for arguments, code in (
        ({"keys": "b", "name": "one"}, 86),
        ({"keys": "a", "name": "one", "unique": True}, 86),
        ({"keys": "a", "name": "two"}, 85),
    ):
        with pytest.raises(OperationFailure) as caught:
            db.c.create_index(**arguments)
        assert caught.value.code == code
    with pytest.raises(OperationFailure) as caught:
        db.c.drop_index("missing")
    assert caught.value.code == 27


def test_a_hint_is_followed_even_if_the_index_does_not_hold_every_match(db: Db) -> None:
    db.c.insert_many([{"_id": 1, "a": 1, "b": 1}, {"_id": 2, "a": 1}, {"_id": 3}])
    db.c.create_index("a", name="partial", partialFilterExpression={"b": {"$exists": True}})
    db.c.create_index("a", name="sparse", sparse=True)
    db.c.create_index("a", name="plain")
    found = {name: [one["_id"] for one in db.c.find({}, hint=name)] for name in ("partial", "sparse", "plain")}
    assert found == {"partial": [1], "sparse": [1, 2], "plain": [3, 1, 2]}
    assert db.c.count_documents({"a": 1}) == 2
    for hint in ("missing", {"a": -1}, {"a": True}, ""):
        assert db.command({"count": "c", "hint": hint}, check=False)["code"] == 2


def test_a_natural_hint_chooses_the_documents_in_the_order_of_the_sort(db: Db) -> None:
    db.c.create_index("a")
    db.c.insert_many([{"_id": 1, "a": 2}, {"_id": 2, "a": 3}, {"_id": 3, "a": 1}])
    natural, stage = {"$natural": -1}, {"$sort": {"a": 1}}
    assert [one["_id"] for one in db.c.find({}, sort=[("a", 1)], hint=natural)] == [3, 1, 2]
    assert [one["_id"] for one in db.c.aggregate([stage], hint=natural)] == [3, 1, 2]
    assert [one["_id"] for one in db.c.find({}, hint=natural)] == [3, 2, 1]
    assert [one["_id"] for one in db.c.find({}, sort=natural, hint=natural)] == [3, 2, 1]
    for hint in ("a_1", {"$natural": 1}):
        assert db.command({"find": "c", "sort": natural, "hint": hint}, check=False)["code"] == 2


def test_a_number_in_a_filter_may_have_another_type_in_a_document(db: Db) -> None:
    db.c.create_index("a", partialFilterExpression={"a": {"$type": "int"}})
    db.c.insert_many([{"_id": 1, "a": 5}, {"_id": 2, "a": 5.0}, {"_id": 3, "a": Int64(5)}])
    assert db.c.count_documents({"a": 5}) == 3


@pytest.mark.parametrize(
    ("specification", "code"),
    [
        ({"key": {}, "name": "x"}, 67),
        ({"key": {"a": 1}, "name": ""}, 67),
        ({"key": {"a": 1}, "name": "*"}, 2),
        ({"key": {"a": 1}, "name": 1}, 14),
        ({"key": {"a": 1}}, 9),
        ({"name": "x"}, 9),
        ({"key": {"a": True}, "name": "x"}, 67),
        ({"key": {"a": float("nan")}, "name": "x"}, 67),
        ({"key": {f"f{place}": 1 for place in range(33)}, "name": "x"}, 13103),
        ({"key": {"a": 1}, "name": "_id_"}, 2),
        ({"key": {"_id": -1}, "name": "x"}, 2),
        ({"key": {"_id": 1}, "name": "x", "sparse": True}, 197),
        ({"key": {"a": 1}, "name": "x", "nothing": 1}, 197),
        ({"key": {"a": 1}, "name": "x", "unique": None}, 14),
        ({"key": {"a": 1}, "name": "x", "collation": {}}, 2),
        ({"key": {"a": 1}, "name": "x", "weights": {"a": 1}}, 67),
        ({"key": {"a": 1}, "name": "x", "partialFilterExpression": {"$expr": {"$eq": [1, 1]}}}, 224),
        ({"key": {"a": 1}, "name": "x", "partialFilterExpression": {"b": Regex("c")}}, 67),
        ({"key": {"a": 1}, "name": "x", "partialFilterExpression": {"b": {"$all": [1, Regex("c")]}}}, 67),
        ({"key": {"a": 1}, "name": "x", "partialFilterExpression": {"b": {"$exists": 0}}}, 67),
        ({"key": {"_fts": 1}, "name": "x"}, 67),
        ({"key": {"_fts": "text"}, "name": "x"}, 67),
    ],
)
def test_a_malformed_specification_is_refused_with_mongodbs_code(db: Db, specification: Any, code: int) -> None:
    assert db.command({"createIndexes": "c", "indexes": [specification]}, check=False)["code"] == code


def test_unique_sparse_and_partial_tell_indexes_of_one_key_apart(db: Db) -> None:
    choices = {"$or": [{"b": 1}, {"c": {"$in": [1, 2]}}]}
    for name, options in (
        ("plain", {}), ("unique", {"unique": True}), ("sparse", {"sparse": True}),
        ("partial", {"partialFilterExpression": {"$and": [choices, {"d": 1}]}}),
    ):  # fmt: skip
        db.c.create_index("a", name=name, **options)
    again = {"key": {"a": 1}, "name": "partial", "partialFilterExpression": {"d": 1, "$and": [choices]}}
    assert db.command({"createIndexes": "c", "indexes": [again]})["note"] == "all indexes already exist"
    assert db.command({"dropIndexes": "c", "index": {"a": 1}}, check=False)["code"] == 181
    assert db.command({"dropIndexes": "c", "index": ["plain", "plain"]}, check=False)["code"] == 27
    assert db.command({"dropIndexes": "c", "index": ["*"]})["nIndexesWas"] == 5


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ([{"a": {"$gt": 0, "$lt": 9}, "b": 1}, {"$and": [{"b": 1}, {"a": {"$lt": 9}}, {"a": {"$gt": 0}}]}], None),
        ([{"$or": [{"a": 1}, {"b": 1}]}, {"$or": [{"b": {"$eq": 1}}, {"a": 1}]}], None),
        ([{"a": {"$gt": 0}}, {"a": {"$gt": 1}}], 86),
        (
            [
                {"$and": [{"a": {"$type": 1}}, {"a": {"$type": 2}}]},
                {"$and": [{"a": {"$type": 2}}, {"a": {"$type": 1}}]},
            ],
            86,
        ),
    ],
)
def test_filters_of_partial_indexes_are_compared_by_their_conditions(db: Db, filters: Any, code: int | None) -> None:
    for last, one in enumerate(filters):
        index = {"key": {"a": 1}, "name": "x", "partialFilterExpression": one}
        found = db.command({"createIndexes": "c", "indexes": [index]}, check=False)
        assert found.get("code") == (code if last else None)


def test_a_collection_has_at_most_64_indexes(db: Db) -> None:
    for place in range(63):
        db.c.create_index(f"f{place}")
    with pytest.raises(OperationFailure) as caught:
        db.c.create_index("more")
    assert caught.value.code == 67


def test_what_does_nothing_is_listed_as_it_was_given(db: Db) -> None:
    for options in ({"background": True}, {"background": False}, {"sparse": False, "dropDups": True}, {}):
        db.c.create_index("a", **options)  # the first stays
    db.c.create_index("b", sparse=False)
    (_, first, second) = db.c.list_indexes()
    assert first == {"v": 2, "key": {"a": 1}, "name": "a_1", "background": True}
    assert second == {"v": 2, "key": {"b": 1}, "name": "b_1", "sparse": False}


def test_a_key_is_listed_as_it_was_given_or_refused(db: Db) -> None:
    db.command("createIndexes", "c", indexes=[{"key": {"a": 1.0, "b": -1}, "name": "given"}])
    (_, listed) = db.c.list_indexes()
    assert [(path, type(kind), kind) for path, kind in listed["key"].items()] == [("a", float, 1.0), ("b", int, -1)]
    with pytest.raises(OperationFailure, match="set MONGODB_URI"):
        db.c.create_index([("a", 2)])
    assert db.c.find_one({"a": 1}, sort=[("a", 1), ("b", -1)]) is None
