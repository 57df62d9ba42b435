"""Every BSON value comes back unchanged, whatever way it takes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp, encode
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

VALUES: dict[str, Any] = {
    "double": 1.5, "negative zero": -0.0, "infinity": float("inf"), "string": "grün \U0001f600 \x00 end", "empty": "",
    "document": {"z": 1, "a": {"b": [1, {"c": None}]}}, "empty document": {}, "array": [1, "x", [2, [3]], {"y": 1}],
    "empty array": [], "binary": Binary(b"\x00\xff", 0), "user binary": Binary(b"abc", 128),
    "uuid": Binary.from_uuid(UUID(int=7)), "object id": ObjectId("0123456789ab0123456789ab"),
    "true": True, "false": False,
    "date": datetime(2026, 2, 28, 23, 59, 59, 999000), "date before 1970": datetime(1888, 1, 1),
    "date beyond python": DatetimeMS(2**61), "null": None, "regex": Regex("^a.*b$", "im"), "code": Code("f()"),
    "code with scope": Code("f(x)", {"x": 1}), "int": 5, "int32 limit": 2**31 - 1, "long": Int64(5),
    "long limit": 2**63 - 1,
    "timestamp": Timestamp(4_000_000_000, 7), "decimal": Decimal128("1.10"), "decimal large": Decimal128("9.99E+6144"),
    "min": MinKey(), "max": MaxKey(), "reference": DBRef("c", ObjectId("0123456789ab0123456789ab"), "d"),
    "dollar field": {"$price": 1}, "dotted field": {"a.b": 1},
}  # fmt: skip
_NO_IDS = ("regex", "array", "empty array", "dollar field", "reference")
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
Db = Database[dict[str, Any]]


def same(document: dict[str, Any], value: Any, name: str = "v") -> None:
    """The same bytes: types, order of fields and all."""
    assert encode({name: document[name]}, codec_options=CODEC) == encode({name: value}, codec_options=CODEC)


@pytest.mark.parametrize("name", VALUES)
def test_a_value_survives_every_way(db: Db, name: str) -> None:
    value = VALUES[name]
    c = db.get_collection("c", CODEC)
    c.create_index("v", name="v")
    c.insert_one({"_id": 1, "v": value, "other": 1})
    for query in ({}, {"_id": 1}, {"other": 1}):
        same(c.find_one(query) or {}, value)
    same(c.find_one({}, {"v": 1}) or {}, value)
    same(c.find_one({}, {"other": 0}) or {}, value)
    for stages in (
        [{"$match": {"_id": 1}}], [{"$project": {"v": 1}}], [{"$addFields": {"w": 1}}],
        [{"$sort": {"_id": 1}}, {"$limit": 1}],
        [{"$group": {"_id": None, "v": {"$first": "$v"}}}], [{"$group": {"_id": "$_id", "v": {"$last": "$v"}}}],
        [{"$project": {"v": "$v"}}], [{"$replaceRoot": {"newRoot": {"v": "$v"}}}], [{"$unset": "other"}],
        [{"$facet": {"f": [{"$match": {}}]}}, {"$unwind": "$f"}, {"$replaceRoot": {"newRoot": "$f"}}],
        [{"$lookup": {"from": "c", "localField": "_id", "foreignField": "_id", "as": "l"}}, {"$unwind": "$l"},
         {"$replaceRoot": {"newRoot": "$l"}}],
    ):  # fmt: skip
        (found,) = c.aggregate(stages)
        same(found, value)
    c.update_one({"_id": 1}, {"$set": {"w": value}, "$rename": {"v": "moved"}})
    found = c.find_one({"_id": 1}) or {}
    same(found, value, "w")
    same(found, value, "moved")
    c.update_one({"_id": 1}, {"$push": {"list": value}})
    assert encode({"": (c.find_one() or {})["list"][0]}, codec_options=CODEC) == encode(
        {"": value}, codec_options=CODEC
    )
    c.update_one({"_id": 1}, [{"$set": {"again": "$moved"}}])
    same(c.find_one() or {}, value, "again")


@pytest.mark.parametrize("name", [name for name in VALUES if name not in _NO_IDS])
def test_a_value_is_an_id_and_is_found_by_itself(db: Db, name: str) -> None:
    value = VALUES[name]
    c = db.get_collection("c", CODEC)
    c.insert_one({"_id": value})
    assert c.count_documents({"_id": {"$eq": value}}) == 1
    assert c.count_documents({"_id": {"$in": [value]}}) == 1
    assert c.delete_many({}).deleted_count == 1


@pytest.mark.parametrize("name", VALUES)
def test_a_change_stream_tells_the_value(db: Db, name: str) -> None:
    value = VALUES[name]
    c = db.get_collection("c", CODEC)
    with c.watch(full_document="updateLookup") as stream:
        c.insert_one({"_id": 1, "v": value})
        c.update_one({"_id": 1}, {"$set": {"w": value}})
        c.replace_one({"_id": 1}, {"v": value})
        inserted, updated, replaced = (next(stream) for _ in range(3))
    same(inserted["fullDocument"], value)
    same(updated["updateDescription"]["updatedFields"], value, "w")
    same(replaced["fullDocument"], value)


def test_types_that_bson_has_given_up_are_kept_as_they_came(db: Db) -> None:
    symbol = b"\x0e" + b"s\x00" + b"\x04\x00\x00\x00abc\x00"
    undefined = b"\x06" + b"u\x00"
    body = b"\x10_id\x00\x01\x00\x00\x00" + symbol + undefined + b"\x00"
    document = (len(body) + 4).to_bytes(4, "little") + body
    db.c.insert_one(RawBSONDocument(document))
    raw = db.get_collection("c", CodecOptions(document_class=RawBSONDocument))
    found = raw.find_one({"_id": 1})
    assert found is not None
    assert found.raw == document


@pytest.mark.parametrize("size", [1_000, 16 * 1024 * 1024 - 64])
def test_large_documents_pass_and_larger_ones_are_refused(db: Db, size: int) -> None:
    db.c.insert_one({"_id": 1, "v": "x" * size})
    assert len((db.c.find_one() or {})["v"]) == size
    with pytest.raises(Exception, match=r"too large|exceeded|larger"):
        db.c.update_one({"_id": 1}, {"$set": {"w": "y" * (16 * 1024 * 1024 - 1_000), "u": "z" * 1_500}})
