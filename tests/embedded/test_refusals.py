"""What is not offered is refused by name; hostile bytes and names harm nobody."""

import random
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

from core.database.embedded.wire import command
from tests.embedded.foreground import foreground

Db = Database[dict[str, Any]]
_REMEDY = "set MONGODB_URI"


@pytest.mark.parametrize(
    ("asked", "code", "named"),
    [
        ({"mapReduce": "c"}, 59, "mapReduce"),
        ({"eval": "1"}, 59, "eval"),
        ({"find": "c", "tailable": True}, 40415, "tailable"),
        ({"find": "c", "min": {"_id": 1}}, 40415, "min"),
        ({"find": "c", "filter": {"$where": "true"}}, 2, "$where"),
        ({"find": "c", "filter": {"a": {"$near": [1, 2]}}}, 2, "$near"),
        ({"find": "c", "filter": {"a": {"$jsonSchema": {}}}}, 2, "$jsonSchema"),
        ({"find": "c", "collation": {"locale": "de", "strength": 2}}, 2, "de"),
        ({"find": "c", "readConcern": {"level": "snapshot"}}, 9, "snapshot"),
        ({"aggregate": "c", "pipeline": [{"$merge": "d"}], "cursor": {}}, 40324, "$merge"),
        ({"aggregate": "c", "pipeline": [{"$geoNear": {}}], "cursor": {}}, 40324, "$geoNear"),
        ({"aggregate": "c", "pipeline": [{"$project": {"x": {"$function": {}}}}], "cursor": {}}, 31325, "$function"),
        (
            {"aggregate": "c", "pipeline": [{"$changeStream": {"showExpandedEvents": True}}], "cursor": {}},
            9, "showExpandedEvents",
        ),
        ({"update": "c", "updates": [{"q": {}, "u": {"$nothing": {"a": 1}}}]}, 9, "$nothing"),
        ({"update": "c", "updates": [{"q": {}, "u": {"$set": {"a": 1}}, "extra": 1}]}, 40415, "extra"),
        ({"create": "d", "capped": True, "size": 1000}, 40415, "capped"),
        ({"create": "d", "timeseries": {"timeField": "t"}}, 40415, "timeseries"),
        ({"create": "d", "validator": {"a": 1}}, 40415, "validator"),
    ],
)  # fmt: skip
def test_it_is_refused_with_mongodbs_code_and_its_name(db: Db, asked: Any, code: int, named: str) -> None:
    db.c.insert_one({"_id": 1})
    reply = db.command(asked, check=False)
    error = reply.get("writeErrors", [reply])[0]
    assert error["code"] == code
    assert named in error["errmsg"]
    if "extra" not in named:
        assert _REMEDY in error["errmsg"]
    assert list(db.c.find()) == [{"_id": 1}]


@pytest.mark.parametrize(
    "name",
    [
        "order", "select", "sqlite_master", "x'; DROP TABLE documents; --", 'a"b', "ünï", "a" * 200, "a.b.c", "%",
        "documents",
    ],
)  # fmt: skip
def test_any_name_is_only_a_name(db: Db, name: str) -> None:
    db[name].create_index(name.replace(".", "_").strip("$"), name=name)
    db[name].insert_one({"_id": name, "x'; --": name, name.replace(".", "_"): 1})
    assert db[name].find_one({"x'; --": name}) is not None
    assert db.list_collection_names() == [name]
    db[name].drop()


@pytest.mark.parametrize("name", ["", "a$b", ".a", "system.a", "system.js", "system.users"])
def test_a_name_that_mongodb_refuses_is_refused(db: Db, name: str) -> None:
    with pytest.raises(OperationFailure) as caught:
        db.command({"insert": name, "documents": [{"_id": 1}]})
    assert caught.value.code == 73


def test_hostile_bytes_close_one_connection_and_no_other(tmp_path: Path) -> None:
    chance = random.Random(5)
    good = command({"ping": 1, "$db": "admin", "x": {"deep": [1, 2, 3]}})
    with foreground(tmp_path) as server, server.client() as client:
        client.t.c.insert_one({"_id": 1})
        for _ in range(150):
            body = bytearray(good)
            for _ in range(chance.randint(1, 6)):
                body[chance.randrange(len(body))] = chance.randrange(256)
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(bytes(body[: chance.randint(1, len(body))]))
        nested: Any = {}
        for _ in range(95):
            nested = {"a": nested}
        with pytest.raises(Exception, match=re.compile("nest|depth|deep|unknown", re.I)):
            client.t.command({"ping": 1, "deep": nested})
        assert client.t.c.find_one() == {"_id": 1}
        assert server.process.poll() is None


def test_a_hidden_trap_of_types_is_no_match(db: Db) -> None:
    db.c.insert_many(
        [{"_id": 1, "v": True}, {"_id": 2, "v": 1}, {"_id": 3, "v": "1"}, {"_id": 4, "v": None}, {"_id": 5}]
    )
    db.c.create_index("v")
    assert [one["_id"] for one in db.c.find({"v": 1})] == [2]
    assert [one["_id"] for one in db.c.find({"v": True})] == [1]
    assert [one["_id"] for one in db.c.find({"v": {"$gte": None}})] == [4, 5]
    assert [one["_id"] for one in db.c.find({"v": {"$gt": 0}})] == [2]


def test_clients_are_told_the_truth(client: MongoClient[Any]) -> None:
    hello = client.admin.command("hello")
    assert hello["setName"]
    assert hello["isWritablePrimary"]
    assert hello["maxBsonObjectSize"] == 16 * 1024 * 1024
    assert hello["logicalSessionTimeoutMinutes"] == 30
    assert client.server_info()["versionArray"][0] == 7
