"""Options are read as MongoDB reads them: types, missing ones, unknown ones, numbers in place of counts."""

from typing import Any

import pytest
from bson import Decimal128, Int64
from pymongo.database import Database

Db = Database[dict[str, Any]]
_UNKNOWN, _MISSING, _TYPE, _VALUE, _PARSE, _OPTIONS, _NAMESPACE = 40415, 40414, 14, 2, 9, 72, 73


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"count": "c", "nothing": 1}, _UNKNOWN),
        ({"listIndexes": "c", "cursor": {"batchsize": 1}}, _UNKNOWN),
        ({"find": "c", "readConcern": {"Level": "local"}}, _UNKNOWN),
        ({"distinct": "c"}, _MISSING),
        ({"distinct": "c", "key": None}, _MISSING),
        ({"createIndexes": "c"}, _MISSING),
        ({"dropDatabase": None}, _MISSING),
        ({"aggregate": "c", "cursor": {}}, _MISSING),
        ({"aggregate": "c", "pipeline": None, "cursor": {}}, _TYPE),
        ({"aggregate": "c", "pipeline": [], "cursor": {}, "allowDiskUse": 1}, _TYPE),
        ({"aggregate": "c", "pipeline": [], "cursor": {"batchSize": "1"}}, _TYPE),
        ({"aggregate": "c", "pipeline": []}, _PARSE),
        ({"find": "c", "filter": None}, _TYPE),
        ({"find": "c", "skip": True}, _TYPE),
        ({"find": "c", "skip": -1}, _VALUE),
        ({"find": "c", "hint": None}, _PARSE),
        ({"find": 1}, _NAMESPACE),
        ({"explain": {"find": "c", "filtre": {}}}, _UNKNOWN),
        ({"count": "c", "limit": None}, _VALUE),
        ({"count": "c", "limit": 1.5}, _PARSE),
        ({"count": "c", "limit": Int64(-(2**63))}, _VALUE),
        ({"count": "c", "maxTimeMS": 0.5}, _PARSE),
        ({"count": "c", "maxTimeMS": 2**31}, _VALUE),
        ({"killCursors": "c", "cursors": [1]}, _TYPE),
        ({"getMore": Int64(1)}, _MISSING),
        ({"dropDatabase": "1"}, _TYPE),
        ({"dropDatabase": 2}, 5255100),
        ({"find": "c", "writeConcern": {"w": 1}}, _OPTIONS),
        ({"listCollections": 1, "readConcern": {"level": "majority"}}, _OPTIONS),
        ({"find": "c", "apiStrict": False, "apiDeprecationErrors": True}, 4886600),
        ({"find": "c", "apiVersion": "2"}, 322),
    ],
)
def test_a_wrong_option_is_refused_with_mongodbs_code(db: Db, asked: dict[str, Any], code: int) -> None:
    db.c.insert_one({"_id": 1})
    assert db.command(asked, check=False).get("code") == code


@pytest.mark.parametrize("name", ["query", "skip", "collation", "maxTimeMS", "readConcern", "comment"])
def test_null_stands_for_an_option_that_is_not_given(db: Db, name: str) -> None:
    db.c.insert_many([{}, {}])
    assert db.command({"count": "c", name: None})["n"] == 2


@pytest.mark.parametrize(
    ("number", "taken"),
    [
        (Int64(2), 2), (2.9, 2), (-0.9, 0), (float("nan"), 0), (float("inf"), 5), (Decimal128("1.5"), 2),
        (Decimal128("2.5"), 2), (Decimal128("-0.5"), 0), (Decimal128("NaN"), 0), (Decimal128("1E+6000"), 5),
    ],
)  # fmt: skip
def test_a_count_of_any_type_is_cut_or_rounded_to_even(db: Db, number: Any, taken: int) -> None:
    db.c.insert_many([{"_id": key} for key in range(5)])
    found = db.command({"aggregate": "c", "pipeline": [], "cursor": {"batchSize": number}})
    assert len(found["cursor"]["firstBatch"]) == taken


def test_the_first_wrong_option_is_the_one_that_is_named(db: Db) -> None:
    reply = db.command({"find": "c", "skip": "x", "nothing": 1}, check=False)
    assert (reply["code"], "find.skip" in reply["errmsg"]) == (_TYPE, True)


def test_what_belongs_to_the_database_admin_is_refused_elsewhere(db: Db) -> None:
    for asked in ({"listDatabases": 1}, {"renameCollection": f"{db.name}.a", "to": f"{db.name}.b"}):
        assert db.command(asked, check=False)["code"] == 13
