"""What an upsert takes from its query and its update."""

import pytest
from bson import Regex

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.updates import compile_update, upsert_base


def test_an_upsert_sets_what_is_for_inserts_only():
    update = compile_update({"$set": {"a": 1}, "$setOnInsert": {"b": 2}})
    assert update.apply({"_id": 1}, inserting=True) == {"_id": 1, "a": 1, "b": 2}
    assert update.apply({"_id": 1}) == {"_id": 1, "a": 1}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"a": 1, "b.c": {"$eq": 2}, "d": {"$gt": 3}}, {"a": 1, "b": {"c": 2}}),
        ({"$and": [{"a": 1}, {"b": 2}]}, {"a": 1, "b": 2}),
        ({"$or": [{"a": 1}]}, {"a": 1}),
        ({"$or": [{"a": 1}, {"a": 2}]}, {}),
        ({"$or": [{"a": 1}, {"a": 1}, {"a": {"$in": [1, 1.0]}}]}, {"a": 1}),
        ({"$or": [{"a": 1}, {"b": 1}]}, {}),
        ({"$or": [{"a": 1}, {}]}, {}),
        ({"$or": [{"a": 1}, {"a": {"$in": [1, 2]}}]}, {}),
        ({"$or": [{"a": 1}, {"a": {"$eq": 1, "$lt": 2}}]}, {}),
        ({"$or": [{"$and": [{"a": 1}]}, {"$and": [{"a": 2}]}]}, {}),
        ({"a": {"$in": [4]}}, {"a": 4}),
        ({"a": {"$in": [4, 4]}}, {"a": 4}),
        ({"a": {"$in": []}}, {}),
        ({"a": {"$all": [4]}}, {"a": 4}),
        ({"a": Regex("x")}, {}),
        ({"a": {"x": 1}}, {"a": {"x": 1}}),
        ({"_id": 3}, {"_id": 3}),
        ({"$expr": {"$eq": ["$a", 1]}}, {}),
    ],
)
def test_an_upsert_takes_the_equalities_of_its_query(query, expected):
    assert upsert_base(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"$and": [{"a": 1}, {"a": 2}]},
        {"a": {"$all": [1, 2]}},
        {"a": 1, "a.b": 2},
        {"a.b": 2, "a": {"b": 2}},
    ],
)
def test_an_upsert_with_two_equalities_on_one_field_is_refused(query):
    with pytest.raises(CommandError) as refusal:
        upsert_base(query)
    assert refusal.value.code == 54


def test_a_replacement_takes_nothing_but_the_identifier_from_its_query():
    assert upsert_base({"_id": 3, "$and": [{"a": 1}, {"a": 2}]}, replacement=True) == {"_id": 3}
    with pytest.raises(CommandError, match="exactly specified") as refusal:
        upsert_base({"_id.x": 3}, replacement=True)
    assert refusal.value.code == 111
