"""Cursors: whose they are, and what ends them."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import Int64
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

Db = Database[dict[str, Any]]


def _opened(db: Db, **options: Any) -> Int64:
    db.c.create_index("a")
    db.c.insert_many([{"_id": key, "a": key} for key in range(10)])
    return db.command({"find": "c", "batchSize": 2, **options})["cursor"]["id"]


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        (lambda db: db.c.drop(), {}),
        (lambda db: (db.c.drop(), db.c.insert_one({"_id": 5})), {}),
        (lambda db: db.c.rename("d"), {}),
        (lambda db: db.c.drop_index("a_1"), {"filter": {"a": {"$gte": 0}}}),
    ],
)
def test_a_cursor_ends_with_its_collection_and_with_the_index_it_reads(
    db: Db, ending: Callable[[Db], Any], options: dict[str, Any]
) -> None:
    cursor = _opened(db, **options)
    ending(db)
    codes = [db.command({"getMore": cursor, "collection": "c"}, check=False)["code"] for _ in range(2)]
    assert codes == [175, 43]


def test_a_cursor_that_reads_no_index_outlives_it(db: Db) -> None:
    cursor = _opened(db)
    db.c.drop_index("a_1")
    assert len(db.command({"getMore": cursor, "collection": "c"})["cursor"]["nextBatch"]) == 8


def test_a_cursor_belongs_to_its_session(db: Db, client: MongoClient[dict[str, Any]]) -> None:
    with client.start_session() as one, client.start_session() as other:
        db.c.insert_many([{}, {}, {}])
        cursor = db.command({"find": "c", "batchSize": 1}, session=one)["cursor"]["id"]
        with pytest.raises(OperationFailure) as caught:
            db.command({"getMore": cursor, "collection": "c"}, session=other)
        assert caught.value.code == 50738
        assert len(db.command({"getMore": cursor, "collection": "c"}, session=one)["cursor"]["nextBatch"]) == 2


def test_only_a_cursor_that_waits_takes_a_time(db: Db) -> None:
    cursor = _opened(db)
    assert db.command({"getMore": cursor, "collection": "c", "maxTimeMS": 5}, check=False)["code"] == 2


def test_a_list_comes_in_batches_too(db: Db) -> None:
    for name in ("x", "y", "z"):
        db.create_collection(name)
        db.c.create_index(name)
    for asked, namespace in (({"listCollections": 1}, "$cmd.listCollections"), ({"listIndexes": "c"}, "c")):
        first = db.command({**asked, "cursor": {"batchSize": 1}})["cursor"]
        rest = db.command({"getMore": first["id"], "collection": namespace})["cursor"]
        assert len(first["firstBatch"]) == 1
        assert [one["name"] for one in first["firstBatch"] + rest["nextBatch"]] == [
            one["name"] for one in db.command(asked)["cursor"]["firstBatch"]
        ]


def test_each_cursor_is_killed_once(db: Db) -> None:
    cursor = _opened(db)
    reply = db.command({"killCursors": "c", "cursors": [cursor, None, cursor, Int64(7)]})
    assert (reply["cursorsKilled"], reply["cursorsNotFound"]) == ([cursor], [cursor, 7])
