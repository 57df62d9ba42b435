"""Every BSON value comes back unchanged, whatever way it takes."""

import itertools
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp, encode
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database
from pymongo.errors import OperationFailure

from core.database.embedded.semantics.offered import OFFERED
from core.database.embedded.semantics.updates import PIPELINE_STAGES

VALUES: dict[str, Any] = {
    "double": 1.5, "negative zero": -0.0, "infinity": float("inf"), "not a number": float("nan"),
    "string": "grün \U0001f600 \x00 end", "empty": "",
    "document": {"z": 1, "a": {"b": [1, {"c": None}]}}, "empty document": {}, "array": [1, "x", [2, [3]], {"y": 1}],
    "empty array": [], "binary": Binary(b"\x00\xff", 0), "user binary": Binary(b"abc", 128),
    "uuid": Binary.from_uuid(UUID(int=7)), "object id": ObjectId("0123456789ab0123456789ab"),
    "true": True, "false": False,
    "date": datetime(2026, 2, 28, 23, 59, 59, 999000), "date before 1970": datetime(1888, 1, 1),
    "date beyond python": DatetimeMS(2**61), "null": None, "regex": Regex("^a.*b$", "im"), "code": Code("f()"),
    "code with scope": Code("f(x)", {"x": 1}), "int": 5, "int32 limit": 2**31 - 1, "long": Int64(5),
    "long limit": 2**63 - 1,
    "decimal not a number": Decimal128("NaN"), "vector": Binary(b"\x03\x00\x01", 9),
    "timestamp": Timestamp(4_000_000_000, 7), "decimal": Decimal128("1.10"), "decimal large": Decimal128("9.99E+6144"),
    "min": MinKey(), "max": MaxKey(), "reference": DBRef("c", ObjectId("0123456789ab0123456789ab"), "d"),
    "dollar field": {"$price": 1}, "dotted field": {"a.b": 1},
}  # fmt: skip
_NO_IDS = ("regex", "array", "empty array", "dollar field")
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
RAW: CodecOptions[RawBSONDocument] = CodecOptions(
    document_class=RawBSONDocument, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
Db = Database[dict[str, Any]]
Stage = dict[str, Any]


def same(document: dict[str, Any] | None, value: Any, name: str = "v") -> None:
    """The same bytes: types, order of fields and all."""
    assert document is not None
    assert encode({name: document[name]}, codec_options=CODEC) == encode({name: value}, codec_options=CODEC)


_FIRST = {"v": {"$first": "$v"}}
_JOINED: list[Stage] = [{"$unwind": "$found"}, {"$replaceWith": "$found"}]
_TO_SELF = {"from": "c", "as": "found"}
_SHAPED = {"$unset": "w"}
"""Behind it MongoDB's engine for groups does not run, which changes code and the greatest and least key."""
STAGES: dict[str, list[list[Stage]]] = {
    "$match": [[{"$match": {"_id": 1}}], [{"$match": {"v": {"$exists": True}}}]],
    "$sort": [[{"$sort": {"v": 1}}]],
    "$limit": [[{"$limit": 1}], [{"$sort": {"_id": 1}}, {"$limit": 1}]],
    "$skip": [[{"$skip": 0}]],
    "$sample": [[{"$sample": {"size": 1}}]],
    "$unwind": [[{"$unwind": "$list"}, {"$project": {"v": "$list"}}]],
    "$collStats": [[{"$collStats": {"count": {}}}, {"$project": {"v": "$$value"}}]],
    "$documents": [[{"$documents": [{"v": "$$value"}]}]],
    "$group": [
        [{"$group": {"_id": None, **_FIRST}}], [{"$group": {"_id": "$_id", "v": {"$last": "$v"}}}],
        [_SHAPED, {"$group": {"_id": "$v"}}, {"$project": {"v": "$_id"}}],
        [{"$group": {"_id": None, "found": {"$push": "$$ROOT"}}}, *_JOINED],
    ],
    "$sortByCount": [[_SHAPED, {"$sortByCount": "$v"}, {"$project": {"v": "$_id"}}]],
    "$count": [[{"$facet": {"n": [{"$count": "n"}], "found": [{"$match": {}}]}}, *_JOINED]],
    "$bucket": [[_SHAPED, {"$bucket": {"groupBy": "$_id", "boundaries": [0, 2], "output": _FIRST}}]],
    "$bucketAuto": [
        [{"$bucketAuto": {"groupBy": "$v", "buckets": 1}}, {"$project": {"v": "$_id.min"}}],
        [{"$bucketAuto": {"groupBy": "$_id", "buckets": 1, "output": _FIRST}}],
    ],
    "$unionWith": [[{"$match": {"_id": 2}}, {"$unionWith": "c"}]],
    "$facet": [[{"$facet": {"found": [{"$match": {}}]}}, *_JOINED]],
    "$lookup": [
        [{"$lookup": {**_TO_SELF, "localField": "_id", "foreignField": "_id"}}, *_JOINED],
        [{"$lookup": {**_TO_SELF, "let": {"v": "$v"}, "pipeline": [{"$project": {"v": "$$v"}}]}}, *_JOINED],
    ],
    "$graphLookup": [
        [{"$graphLookup": {**_TO_SELF, "startWith": "$_id", "connectFromField": "_id", "connectToField": "_id"}},
         *_JOINED],
    ],
    "$project": [[{"$project": {"v": 1}}], [{"$project": {"v": "$v"}}], [{"$project": {"other": 0}}]],
    "$addFields": [[{"$addFields": {"w": 1}}], [{"$addFields": {"w": "$v"}}, {"$project": {"v": "$w"}}]],
    "$set": [[{"$set": {"v": "$v"}}], [{"$set": {"w.v": "$v"}}, {"$replaceWith": "$w"}]],
    "$unset": [[{"$unset": "other"}]],
    "$replaceRoot": [[{"$replaceRoot": {"newRoot": {"v": "$v"}}}]],
    "$replaceWith": [[{"$replaceWith": {"$mergeObjects": ["$$ROOT", {"w": 1}]}}]],
    "$out": [[{"$out": "written"}]],
}  # fmt: skip
"""Pipelines that have each stage offered do its work and leave one document with the value in ``v``."""
SHAPES: dict[str, Stage] = {
    "$set": {"$set": {"w": 1}},
    "$addFields": {"$addFields": {"w": "$v"}},
    "$unset": {"$unset": "other"},
    "$project": {"$project": {"other": 0}},
    "$replaceRoot": {"$replaceRoot": {"newRoot": {"$mergeObjects": ["$$ROOT", {"w": 1}]}}},
    "$replaceWith": {"$replaceWith": {"$mergeObjects": ["$$ROOT", {"w": 1}]}},
}
"""The stages that updates offer, and change streams too: they leave the document's value alone."""
UPDATES: dict[str, Callable[[Any], Any]] = {
    "$set": lambda value: {"$set": {"v": value}},
    "$setOnInsert": lambda value: {"$setOnInsert": {"v": value}},
    "$max": lambda value: {"$max": {"v": value}},
    "$min": lambda value: {"$min": {"v": value}},
    "another field": lambda value: {"$setOnInsert": {"v": value}, "$inc": {"n": 1}, "$unset": {"x": 1}},
    "a literal": lambda value: [{"$set": {"v": {"$literal": value}}}],
}
"""Updates that insert a document with the value in ``v``."""


@pytest.mark.parametrize("name", VALUES)
def test_a_value_survives_every_read(db: Db, name: str) -> None:
    value = VALUES[name]
    c = db.get_collection("c", CODEC)
    c.create_index("v", name="v")
    c.insert_one({"_id": 1, "v": value, "list": [value], "other": 1})
    for query in ({}, {"_id": 1}, {"other": 1}, {"v": {"$exists": True}}):
        same(c.find_one(query), value)
    for projection in ({"v": 1}, {"other": 0}, {"v": "$v"}, {"v": {"$ifNull": ["$v", None]}}):
        same(c.find_one({}, projection), value)
    for stages in itertools.chain.from_iterable(STAGES.values()):
        source = db.with_options(CODEC) if "$documents" in stages[0] else c
        rows = list(source.aggregate(stages, let={"value": {"$literal": value}}))
        (found,) = rows if "$out" not in stages[-1] else db.get_collection("written", CODEC).find()
        same(found, value)


def test_each_stage_offered_has_its_pipelines() -> None:
    assert set(STAGES) == set(OFFERED["Aggregation stages"])
    assert set(SHAPES) == set(PIPELINE_STAGES)
    for name, pipelines in STAGES.items():
        assert all(f"'{name}'" in str(stages) for stages in pipelines), name


@pytest.mark.parametrize("name", VALUES)
def test_a_value_survives_every_update(db: Db, name: str) -> None:
    value = VALUES[name]
    c = db.get_collection("c", CODEC)
    for way, update in UPDATES.items():
        c.update_one({"_id": way}, update(value), upsert=True)
        same(c.find_one({"_id": way}), value)
    c.replace_one({"_id": 1}, {"v": value, "other": 1}, upsert=True)
    for stage in SHAPES.values():
        c.update_one({"_id": 1}, [stage])
        same(c.find_one({"_id": 1}), value)
    same(c.find_one_and_update({"_id": 1}, {"$rename": {"v": "moved"}}), value)
    same(c.find_one({"_id": 1}), value, "moved")
    for way in ("$push", "$addToSet"):
        c.update_one({"_id": 2}, {"$unset": {"list": 1}}, upsert=True)
        c.update_one({"_id": 2}, {way: {"list": value}})
        same(c.find_one({"_id": 2}), [value], "list")
    c.update_one({"_id": 2}, {"$set": {"list.$[each]": value}}, array_filters=[{"each": {"$exists": True}}])
    same(c.find_one({"_id": 2}), [value], "list")


@pytest.mark.parametrize("name", [name for name in VALUES if name not in _NO_IDS])
def test_a_value_is_an_id_and_is_found_by_itself(db: Db, name: str) -> None:
    value = VALUES[name]
    c = db.get_collection("c", CODEC)
    c.insert_one({"_id": value})
    assert c.count_documents({"_id": {"$eq": value}}) == 1
    assert c.count_documents({"_id": {"$in": [value]}}) == 1
    assert c.delete_many({}).deleted_count == 1


@pytest.mark.parametrize(
    "value",
    [
        {"$id": 1, "a": {"$db": "d", "b": [{"x": 1, "$ref": "c", "$id": 2}]}, "$ref": "c"},
        {"$ref": "c", "x": 1, "$id": 2, "$db": 3},
    ],
)
def test_fields_named_as_those_of_a_reference_keep_their_order(db: Db, value: Any) -> None:
    raw = db.get_collection("c", RAW)
    db.c.insert_many([{"_id": 1, "v": value}, {"_id": 2}])
    db.c.update_one({"_id": 1}, {"$set": {"w": 1}})
    db.c.update_one({"_id": 2}, {"$set": {"v": value, "w": 1}})
    for found in (raw.find({"v": value}), raw.aggregate([{"$match": {"v": value}}, {"$set": {"x": "$v"}}])):
        bodies = [one["v"].raw for one in found]
        assert bodies == [encode(value)] * 2


@pytest.mark.parametrize("stages", [[], [{"$match": {}}, *SHAPES.values()]], ids=["plain", "shaped"])
@pytest.mark.parametrize("name", VALUES)
def test_a_change_stream_tells_the_value(db: Db, name: str, stages: list[Stage]) -> None:
    value = VALUES[name]
    c = db.get_collection("c", CODEC)
    with c.watch(stages, full_document="updateLookup") as stream:
        c.insert_one({"_id": 1, "v": value})
        c.update_one({"_id": 1}, {"$set": {"w": value}})
        c.replace_one({"_id": 1}, {"v": value})
        inserted, updated, replaced = (next(stream) for _ in range(3))
    same(inserted["fullDocument"], value)
    same(updated["updateDescription"]["updatedFields"], value, "w")
    same(replaced["fullDocument"], value)


def _bytes(elements: bytes) -> bytes:
    return struct.pack("<i", len(elements) + 5) + elements + b"\0"


def _document(element: bytes) -> RawBSONDocument:
    """The element within an array within a document, after values of other types."""
    before = encode({"_id": 1, **{f"v{place}": value for place, value in enumerate(VALUES.values())}})[4:-1]
    array = struct.pack("<i", len(element) + 5) + element + b"\0"
    inner = struct.pack("<i", len(array) + 8) + b"\x04a\0" + array + b"\0"
    body = before + b"\x03d\0" + inner + b"\0"
    return RawBSONDocument(struct.pack("<i", len(body) + 4) + body, RAW)


DEPRECATED = {
    "undefined": (b"\x06", b""),
    "symbol": (b"\x0e", b"\x04\0\0\0abc\0"),
    "dbPointer": (b"\x0c", b"\x02\0\0\0c\0" + bytes(12)),
}


@pytest.mark.parametrize("field", ["", "0", "name", "a name as long as few are", "€uro", "\x06", "ж", "😀"])
@pytest.mark.parametrize("name", DEPRECATED)
def test_a_deprecated_type_is_refused_for_it_would_not_stay_what_it_is(db: Db, name: str, field: str) -> None:
    kind, value = DEPRECATED[name]
    document = _document(kind + field.encode() + b"\0" + value + b"\x08after\0\1")
    for write in (
        lambda: db.c.insert_one(document),
        lambda: db.c.update_one({"_id": 1}, {"$set": {"v": document}}, upsert=True),
        lambda: db.c.find_one_and_replace({"_id": 1}, document, upsert=True),
        lambda: list(db.c.find({"v": document})),
    ):
        with pytest.raises(OperationFailure, match="undefined, DBPointer or symbol; set MONGODB_URI") as caught:
            write()
        assert caught.value.code == 2
    assert db.c.count_documents({}) == 0


def test_bytes_that_look_like_a_deprecated_type_are_none(db: Db) -> None:
    looks = [b"\x06a\0", "\x0ea\x04", 0x0E610E, {"\x06": "\x0ename"}, ObjectId(b"\x06a\0\x0eb\0\x0cc\0\x06d\0"), 0.1]
    db.c.insert_one({"_id": 1, **{f"\x0e{place}": value for place, value in enumerate(looks)}})
    assert list((db.c.find_one() or {}).values()) == [1, *looks]


@pytest.mark.parametrize(
    "elements",
    [
        b"\x10a\0\1\0\0\0\x10a\0\2\0\0\0",
        b"\x03v\0" + _bytes(b"\x0aa\0\x0aa\0"),
        b"\x04v\0" + _bytes(b"\x030\0" + _bytes(b"\x0aa\0\x02b\0\1\0\0\0\0\x0aa\0")),
    ],
)
def test_a_name_that_stands_twice_is_refused_for_one_of_its_values_would_be_lost(db: Db, elements: bytes) -> None:
    twice = RawBSONDocument(_bytes(elements), RAW)
    for attempt in (
        lambda: db.c.insert_one(twice),
        lambda: db.c.insert_many([twice, twice]),
        lambda: db.c.update_one({}, {"$set": {"v": twice}}, upsert=True),
        lambda: db.c.find_one_and_replace({}, twice, upsert=True),
        lambda: db.c.delete_one({"v": twice}),
        lambda: list(db.c.find({"v": twice})),
        lambda: list(db.c.aggregate([{"$match": twice}])),
    ):
        with pytest.raises(OperationFailure, match="two fields of the name 'a'; set MONGODB_URI"):
            attempt()
    assert db.c.count_documents({}) == 0


def test_names_of_array_items_say_nothing(db: Db) -> None:
    array = _bytes(b"\x0aa\0\x08a\0\1\x10abc\0\2\0\0\0")
    db.c.insert_one(RawBSONDocument(_bytes(b"\x04v\0" + array), RAW))
    assert (db.c.find_one({"v": 2}, {"_id": 0}) or {}) == {"v": [None, True, 2]}


@pytest.mark.parametrize(("levels", "stored"), [(179, True), (180, False), (199, False), (250, False), (700, False)])
@pytest.mark.parametrize("wrap", [lambda value: {"a": value}, lambda value: [value]])
def test_documents_of_more_levels_than_mongodb_stores_are_refused(
    db: Db, levels: int, stored: bool, wrap: Callable[[Any], Any]
) -> None:
    value = _nested(wrap, levels)
    wide = {"wide": [{"n": number} for number in range(500)]}
    for document in ({"_id": 1, "v": value}, {**wide, "_id": 2, "v": value}):
        for write in (
            lambda document=document: db.c.insert_one(document),
            lambda document=document: db.c.replace_one({"_id": document["_id"]}, document, upsert=True),
        ):
            if stored:
                write()
                assert db.c.find_one({"_id": document["_id"]}) == document
                db.c.delete_one({"_id": document["_id"]})
                continue
            with pytest.raises(OperationFailure, match="depth of") as caught:
                write()
            assert caught.value.code == 15
    db.c.insert_one({"_id": 1})
    if not stored:
        with pytest.raises(OperationFailure, match="depth of"):
            db.c.update_one({"_id": 1}, {"$set": {"v": value}})


def test_a_command_has_200_levels_at_most(db: Db) -> None:
    def wrap(value: Any) -> Any:
        return {"a": value}

    db.command("ping", comment=_nested(wrap, 200))
    for levels in (201, 900):
        with pytest.raises(OperationFailure, match="depth of 200") as caught:
            db.command("ping", comment=_nested(wrap, levels))
        assert caught.value.code == 15
    assert db.command("ping")["ok"] == 1


def _nested(wrap: Callable[[Any], Any], levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


@pytest.mark.parametrize("size", [1_000, 16 * 1024 * 1024 - 64])
def test_large_documents_pass_and_larger_ones_are_refused(db: Db, size: int) -> None:
    db.c.insert_one({"_id": 1, "v": "x" * size})
    assert len((db.c.find_one() or {})["v"]) == size
    with pytest.raises(Exception, match=r"too large|exceeded|larger"):
        db.c.update_one({"_id": 1}, {"$set": {"w": "y" * (16 * 1024 * 1024 - 1_000), "u": "z" * 1_500}})
