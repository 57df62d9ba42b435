"""What the server tells of itself, of a connection, and of how much there is."""

from pathlib import Path
from typing import Any

import pytest
from bson import Decimal128, Int64, encode
from pymongo import MongoClient
from pymongo.database import Database

from tests.embedded.foreground import foreground

Db = Database[dict[str, Any]]


def test_a_client_is_told_where_it_comes_from(client: MongoClient[dict[str, Any]], tmp_path: Path) -> None:
    assert client.admin.command("whatsmyuri", unknown=1)["you"] == "anonymous unix socket:0"
    with foreground(tmp_path) as server, server.client() as other:
        host, _, port = other.admin.command("whatsmyuri")["you"].rpartition(":")
        assert host == "127.0.0.1"
        assert int(port) != server.port


def test_hello_tells_of_a_replica_set_of_one(db: Db) -> None:
    found = db.command("hello", unknown=1)
    assert (found["isWritablePrimary"], found["hosts"]) == (True, [found["me"]])
    assert found["lastWrite"]["majorityOpTime"] == found["lastWrite"]["opTime"]
    assert found["electionId"] == db.command("hello")["electionId"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("admin.user", None), (".", None), ({"user": "a", "db": "b"}, None), ("user", 2), ("", 2), ({"db": "admin"}, 2),
        (1, 14), (None, 14), (["admin.user"], 14),
    ],
)  # fmt: skip
def test_hello_wants_a_user_with_a_database(db: Db, asked: Any, code: int | None) -> None:
    assert db.command({"hello": 1, "saslSupportedMechs": asked}, check=False).get("code") == code


def test_a_connection_is_nobodys(db: Db) -> None:
    found = db.command("connectionStatus", showPrivileges=True)
    names = ("authenticatedUsers", "authenticatedUserRoles", "authenticatedUserPrivileges")
    assert found["authInfo"] == {name: [] for name in names}
    assert found["uuid"] == db.command("connectionStatus")["uuid"]
    assert "authenticatedUserPrivileges" not in db.command("connectionStatus")["authInfo"]


def test_a_database_is_counted(db: Db) -> None:
    documents = [{"_id": number, "a": "x" * number} for number in range(10)]
    db.c.insert_many(documents)
    db.c.create_index("a")
    db.create_collection("empty")
    db.create_collection("view", viewOn="c", pipeline=[])
    size, found = sum(map(len, map(encode, documents))), db.command("dbStats")
    counts = {"collections": 2, "views": 1, "objects": 10, "indexes": 3, "scaleFactor": 1}
    assert {name: found[name] for name in counts} == counts
    assert all(type(found[name]) is Int64 for name in counts)
    assert (found["dataSize"], found["storageSize"], found["avgObjSize"]) == (size, size, size / 10)
    assert found["totalSize"] == found["storageSize"] + found["indexSize"]
    assert found["indexSize"] > 0
    assert 0 < found["fsUsedSize"] <= found["fsTotalSize"]
    scaled = db.command("dbStats", scale=2.9)
    assert (scaled["scaleFactor"], scaled["dataSize"], scaled["avgObjSize"]) == (2, size / 2, size / 10)
    assert (db["none"].database.command("dbStats")["objects"], db.client["none"].command("dbStats")["objects"]) == (
        10,
        0,
    )


def test_a_collection_is_counted(db: Db) -> None:
    db.c.insert_many([{"_id": number} for number in range(100)])
    db.c.create_index("a", name="a")
    found, scaled = db.command("collStats", "c"), db.command("collStats", "c", scale=10)
    assert (found["count"], found["nindexes"], found["avgObjSize"]) == (100, 2, len(encode({"_id": 1})))
    assert set(found["indexSizes"]) == {"_id_", "a"}
    assert found["totalSize"] == found["size"] + found["totalIndexSize"]
    assert (scaled["size"], scaled["avgObjSize"]) == (found["size"] // 10, found["avgObjSize"])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"scale": 0}, 2), ({"scale": -1}, 2), ({"scale": 0.5}, 2), ({"scale": "1"}, 14), ({"scale": True}, 14),
        ({"scale": None}, None), ({"scale": Decimal128("1024")}, None), ({"freeStorage": "1"}, 14),
        ({"freeStorage": 0}, None), ({"freeStorage": 1}, 9), ({"unknown": 1}, 40415),
    ],
)  # fmt: skip
def test_figures_take_a_scale(db: Db, options: dict[str, Any], code: int | None) -> None:
    assert db.command({"dbStats": 1, **options}, check=False).get("code") == code


def test_a_pipeline_may_begin_with_the_figures_of_its_collection(db: Db) -> None:
    db.c.insert_many([{"_id": number} for number in range(100)])
    db.create_collection("view", viewOn="c", pipeline=[])
    stats = {
        name: value for name, value in db.command("collStats", "c").items() if name in ("size", "count", "nindexes")
    }
    (found,) = db.c.aggregate([{"$collStats": {"storageStats": {"scale": None}, "count": {}}}])
    assert found["ns"] == f"{db.name}.c"
    assert found["count"] == 100
    assert {name: found["storageStats"][name] for name in stats} == stats
    (scaled,) = db.c.aggregate([{"$collStats": {"storageStats": {"scale": 2.9}}}])
    assert (scaled["storageStats"]["size"], scaled["storageStats"]["scaleFactor"]) == (stats["size"] // 2, 2)
    for name in ("view", "nothing"):
        assert set(*db[name].aggregate([{"$collStats": {"count": None}}])) == {"ns", "host", "localTime"}


@pytest.mark.parametrize(
    ("target", "options", "code"),
    [
        ("c", 1, 5447000), ("c", {"unknown": {}}, 40415), ("c", {"count": {"a": 1}}, 31170), ("c", {"count": 1}, 14),
        ("c", {"storageStats": {"scale": 0}}, 2), ("c", {"storageStats": {"scale": "1"}}, 14),
        ("view", {"storageStats": {"scale": 0}}, 2), ("view", {"count": {}}, 166),
        ("nothing", {"storageStats": {}}, 26),
    ],
)  # fmt: skip
def test_figures_that_there_are_not_have_mongodbs_codes(db: Db, target: str, options: Any, code: int) -> None:
    db.c.insert_one({"_id": 1})
    db.create_collection("view", viewOn="c", pipeline=[])
    asked = {"aggregate": target, "pipeline": [{"$collStats": options}], "cursor": {}}
    assert db.command(asked, check=False)["code"] == code


FIGURES: dict[str, Any] = {"$collStats": {"count": {}}}


@pytest.mark.parametrize(
    "command",
    [
        {"aggregate": "c", "pipeline": [{"$collStats": {"latencyStats": {}}}], "cursor": {}},
        {"aggregate": "c", "pipeline": [{"$unionWith": {"coll": "c", "pipeline": [FIGURES]}}], "cursor": {}},
        {"create": "view", "viewOn": "c", "pipeline": [FIGURES]},
        {"aggregate": "c", "pipeline": [FIGURES], "explain": True},
    ],
    ids=str,
)
def test_figures_of_another_kind_or_place_are_refused(db: Db, command: dict[str, Any]) -> None:
    assert "set MONGODB_URI" in db.command(command, check=False)["errmsg"]


def test_the_host_is_known(db: Db) -> None:
    found = db.command("hostInfo")
    system = found["system"]
    assert system["memSizeMB"] > 0
    assert 1 <= system["numCoresAvailableToProcess"] <= system["numCores"]
    assert found["os"]["type"] in ("Linux", "Darwin")
    assert db.client.admin.command({"hostInfo": None})["extra"]["pageSize"] == found["extra"]["pageSize"]
