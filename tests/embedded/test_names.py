"""No text of a client is ever part of a statement: databases, collections, fields, indexes and values of any name."""

from typing import Any

import pytest
from pymongo import MongoClient

HOSTILE = [
    "'; DROP TABLE documents; --", '"; DELETE FROM entries; --', "x' OR '1'='1", "a`b", "%s ? :name ?1", "[idx]",
    "ü \U0001f600", "SELECT", "/* */",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_a_name(client: MongoClient[Any], name: str) -> None:
    database = client["names"]
    kept, hostile = database["kept"], database[name]
    kept.insert_one({"_id": 1})
    hostile.create_index(name, name=name, unique=True)
    hostile.insert_many([{"_id": name, name: name}, {"_id": 2, name: 2}])
    assert hostile.find_one({name: name}) == {"_id": name, name: name}
    assert hostile.find_one({}, sort=[(name, 1)], hint=name)["_id"] == 2  # type: ignore[index]
    assert hostile.count_documents({name: {"$in": [name, 2]}}) == 2
    assert hostile.update_one({"_id": name}, {"$set": {name: f"{name}{name}"}}).modified_count == 1
    assert hostile.distinct(name) == [2, f"{name}{name}"]
    assert set(database.list_collection_names()) == {"kept", name}
    with hostile.watch() as stream:
        hostile.delete_one({name: f"{name}{name}"})
        assert next(stream)["documentKey"] == {"_id": name}
    hostile.drop()
    assert kept.find_one() == {"_id": 1}
    client.drop_database("names")


@pytest.mark.parametrize("name", ["", ".", ".a", "a$b", "a\0b"])
def test_a_name_that_no_collection_can_have_is_refused(client: MongoClient[Any], name: str) -> None:
    for asked in (
        {"find": name}, {"count": name}, {"distinct": name, "key": "a"}, {"insert": name, "documents": [{}]},
        {"aggregate": name, "pipeline": [], "cursor": {}}, {"create": name},
        {"createIndexes": name, "indexes": [{"key": {"a": 1}, "name": "a"}]},
    ):  # fmt: skip
        assert client["names"].command(asked, check=False)["code"] == 73, asked
