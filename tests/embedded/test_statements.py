"""Statements of write commands: their form is checked before the first is done; what counts as a change."""

from typing import Any

import pytest
from bson import Decimal128, Int64, Timestamp
from pymongo.database import Database
from pymongo.errors import OperationFailure, WriteError

Db = Database[dict[str, Any]]
_FINE = {"q": {"_id": 1}, "u": {"$set": {"a": 2}}}


def _code(db: Db, asked: dict[str, Any]) -> int | None:
    return db.command(asked, check=False).get("code")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ({"u": {"$set": {"a": 2}}}, 40414),
        ({"q": {}}, 40414),
        ({"q": 1, "u": {"$set": {"a": 2}}}, 14),
        ({"q": {}, "u": 1}, 9),
        ({**_FINE, "multi": 1}, 14),
        ({**_FINE, "upsert": "yes"}, 14),
        ({**_FINE, "arrayFilters": {"e": 1}}, 14),
        ({**_FINE, "arrayFilters": [1]}, 14),
        ({**_FINE, "collation": "en"}, 14),
        ({**_FINE, "hint": 1}, 9),
        ({**_FINE, "extra": 1}, 40415),
    ],
)
def test_an_update_of_the_wrong_form_fails_before_any_other_is_done(db: Db, statement: Any, code: int) -> None:
    db.c.insert_one({"_id": 1, "a": 1})
    assert _code(db, {"update": "c", "updates": [_FINE, statement]}) == code
    assert list(db.c.find()) == [{"_id": 1, "a": 1}]


@pytest.mark.parametrize(
    ("statement", "code"),
    [({"limit": 1}, 40414), ({"q": {}}, 40414), ({"q": {}, "limit": 2}, 9), ({"q": {}, "limit": True}, 9)],
)
def test_a_delete_of_the_wrong_form_fails_before_any_other_is_done(db: Db, statement: Any, code: int) -> None:
    db.c.insert_one({"_id": 1})
    assert _code(db, {"delete": "c", "deletes": [{"q": {}, "limit": 0}, statement]}) == code
    assert list(db.c.find()) == [{"_id": 1}]


@pytest.mark.parametrize("limit", [1, 1.0, Int64(1), Decimal128("1")])
def test_a_limit_may_be_a_number_of_any_type(db: Db, limit: Any) -> None:
    db.c.insert_many([{"_id": 1}, {"_id": 2}])
    assert db.command({"delete": "c", "deletes": [{"q": {}, "limit": limit}]})["n"] == 1


@pytest.mark.parametrize(
    ("concern", "code"),
    [
        ({"w": -1}, 9),
        ({"w": 51}, 9),
        ({"w": Decimal128("NaN")}, 9),
        ({"w": []}, 9),
        ({"w": {}}, 9),
        ({"w": 1, "j": "yes"}, 14),
        ({"w": 1, "wtimeout": 2**31}, 9),
        ({"w": 1, "extra": 1}, 40415),
        ({"w": 1, "provenance": "mine"}, 2),
    ],
)
def test_a_write_concern_of_the_wrong_form_is_refused_before_the_write(db: Db, concern: Any, code: int) -> None:
    assert _code(db, {"insert": "c", "documents": [{"_id": 1}], "writeConcern": concern}) == code
    assert list(db.c.find()) == []


def test_a_write_concern_nobody_can_meet_is_told_after_the_write(db: Db) -> None:
    for wanted, code in ((2, 100), ("Majority", 79)):
        reply = db.command({"insert": "c", "documents": [{}], "writeConcern": {"w": wanted}}, check=False)
        assert reply["n"] == 1
        assert reply["writeConcernError"]["code"] == code


def test_who_does_not_want_an_answer_is_not_told_of_errors(db: Db) -> None:
    db.c.insert_one({"_id": 1})
    asked = {"insert": "c", "documents": [{"_id": 1}]}
    assert "writeErrors" in db.command(asked, check=False)
    assert "writeErrors" not in db.command(asked | {"writeConcern": {"w": 0}}, check=False)


def test_a_replacement_counts_as_a_change_unless_it_is_the_document_with_its_identifier(db: Db) -> None:
    db.c.insert_one({"_id": 1, "a": 1})
    assert db.c.replace_one({"_id": 1}, {"a": 1}).modified_count == 1
    assert db.c.replace_one({"_id": 1}, {"_id": 1, "a": 1}).modified_count == 0
    assert db.c.replace_one({"_id": 1}, {"a": 1, "_id": 1}).modified_count == 1
    assert db.c.update_one({"_id": 1}, {"$set": {"a": 1}}).modified_count == 0
    for stage, count in [({"$set": {"a": 1}}, 0), ({"$unset": "_id"}, 1), ({"$replaceWith": {"a": 1, "_id": 1}}, 1)]:
        assert db.c.update_one({}, [stage]).modified_count == count
    assert list(db.c.find()) == [{"_id": 1, "a": 1}]


def test_documents_before_one_that_is_refused_are_changed(db: Db) -> None:
    db.c.insert_many([{"_id": 1, "a": []}, {"_id": 2, "a": 1}, {"_id": 3, "a": []}])
    with pytest.raises(WriteError) as caught:
        db.c.update_many({}, {"$push": {"a": 2}})
    assert caught.value.code == 2
    with pytest.raises(WriteError):
        db.c.update_many({"$expr": {"$divide": [1, {"$subtract": ["$_id", 2]}]}}, {"$set": {"b": 1}})
    assert list(db.c.find()) == [{"_id": 1, "a": [2], "b": 1}, {"_id": 2, "a": 1}, {"_id": 3, "a": []}]


def test_array_filters_of_a_replacement_do_nothing_and_of_a_removal_are_refused(db: Db) -> None:
    db.c.insert_one({"_id": 1})
    asked = {"findAndModify": "c", "query": {"_id": 1}, "arrayFilters": [{"e": 1}]}
    assert db.command({**asked, "update": {"a": 1}, "new": True})["value"] == {"_id": 1, "a": 1}
    assert _code(db, {**asked, "remove": True}) == 9


@pytest.mark.parametrize(
    ("identifier", "code"),
    [
        ({"$a": 1}, 52),
        ({"a": {"$b": 1}}, 52),
        ({"a": [{"$b": 1}]}, 52),
        ({"$ref": 1, "$id": 1}, 52),
        ({"a": 1, "$ref": "c", "$id": 1}, 52),
        ({"$ref": "c", "$id": 1, "$db": "d"}, None),
    ],
)
def test_names_in_an_identifier_begin_with_no_dollar_but_those_of_a_reference(
    db: Db, identifier: Any, code: int | None
) -> None:
    reply = db.command({"insert": "c", "documents": [{"_id": identifier}]}, check=False)
    assert [error["code"] for error in reply.get("writeErrors", ())] == ([code] if code else [])


def test_constants_of_a_statement_are_variables_of_its_pipeline(db: Db) -> None:
    db.c.insert_one({"_id": 1})
    statement = {"q": {}, "u": [{"$set": {"a": "$$one", "b": "$$two"}}], "c": {"one": "$literal"}}
    db.command({"update": "c", "updates": [statement], "let": {"one": 0, "two": {"$add": [1, 1]}}})
    assert db.c.find_one() == {"_id": 1, "a": "$literal", "b": 2}
    reply = db.command({"update": "c", "updates": [{**_FINE, "c": {"one": 1}}]}, check=False)
    assert reply["writeErrors"][0]["code"] == 51198


def test_an_empty_timestamp_at_the_top_of_a_new_document_is_filled_in(db: Db) -> None:
    empty = Timestamp(0, 0)
    db.c.insert_one({"_id": empty, "a": empty, "in": {"a": empty}, "list": [empty]})
    db.c.insert_one({"_id": 1})
    db.c.replace_one({"_id": 1}, {"a": empty})
    db.c.update_one({"_id": 2}, {"$set": {"a": empty}}, upsert=True)
    inserted = next(db.c.find({"_id": empty}))
    assert {**inserted, "a": empty} == {"_id": empty, "a": empty, "in": {"a": empty}, "list": [empty]}
    assert inserted["a"] > empty
    assert next(db.c.find({"_id": 1}))["a"] > inserted["a"]
    assert next(db.c.find({"_id": 2}))["a"] == empty


def test_a_positional_projection_shows_what_matched_and_hence_no_new_document(db: Db) -> None:
    db.c.insert_one({"_id": 1, "a": [1, 2]})
    change: Any = {"query": {"a": 2}, "fields": {"a.$": 1}, "update": {"$set": {"b": 1}}}
    assert _code(db, {"findAndModify": "c", "new": True, **change}) == 2
    assert db.c.find_one() == {"_id": 1, "a": [1, 2]}
    assert db.command("findAndModify", "c", **change)["value"] == {"_id": 1, "a": [2]}


@pytest.mark.parametrize("query", [{"$expr": {"$eq": ["$a", 1]}}, {"$and": [{"_id": 1}, {"$or": [{"$expr": True}]}]}])
def test_an_upsert_is_not_chosen_by_an_expression(db: Db, query: Any) -> None:
    db.c.insert_one({"_id": 1, "a": 1})
    change: Any = {"$set": {"b": 1}}
    assert _code(db, {"findAndModify": "c", "query": query, "update": change, "upsert": True}) == 224
    with pytest.raises(WriteError) as refused:
        db.c.update_one(query, change, upsert=True)
    assert refused.value.code == 224
    assert db.c.update_one(query, change).modified_count == 1


def test_a_document_that_an_update_makes_too_large_is_told_apart_from_one_inserted(db: Db) -> None:
    half = "x" * (8 << 20)
    db.c.insert_one({"_id": 1, "a": half})
    for change in ({"$set": {"b": half}}, [{"$set": {"b": "$a"}}]):
        for method in (db.c.update_one, db.c.update_many, db.c.find_one_and_update):
            with pytest.raises(OperationFailure, match="Resulting document after update is larger than 16777216") as at:
                method({"_id": 1}, change)
            assert at.value.code == 17419
    with pytest.raises(OperationFailure, match="Document to upsert is larger than 16777216") as at:
        db.c.update_one({"_id": 2}, [{"$set": {"a": half}}, {"$set": {"b": "$a"}}], upsert=True)
    assert at.value.code == 17420
    assert db.c.find_one({}, {"a": 0}) == {"_id": 1}


def test_each_timestamp_of_an_update_is_later_than_all_before(db: Db) -> None:
    db.c.insert_many([{"_id": 1}, {"_id": 2}])
    kind = {"$type": "timestamp"}
    db.c.update_many({}, {"$currentDate": {"a": kind, "b": kind}})
    db.c.find_one_and_update({"_id": 2}, {"$currentDate": {"c": kind}})
    one, other = db.c.find()
    times = [one["a"], one["b"], other["a"], other["b"], other["c"]]
    assert times == sorted(set(times))
    assert times[-1] <= db.command("ping")["operationTime"]


def test_an_upsert_may_take_empty_names_from_its_query(db: Db) -> None:
    db.c.update_one({"_id": 1, "b.c.": 1, "b.d": 3}, {"$set": {"a": 1}}, upsert=True)
    assert db.c.find_one() == {"_id": 1, "b": {"c": {"": 1}, "d": 3}, "a": 1}
