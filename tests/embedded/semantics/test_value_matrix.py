"""Every BSON type passes unchanged, byte for byte, through each place that handles documents."""

import re
from datetime import datetime

import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

from core.database.embedded.semantics.matching import compile_filter
from core.database.embedded.semantics.pipeline import compile_pipeline
from core.database.embedded.semantics.projection import compile_projection
from core.database.embedded.semantics.updates import compile_update, upsert_base
from core.database.embedded.semantics.values import decode, encode

VALUES = {
    "double": 1.5,
    "double that is whole": 1.0,
    "minus zero": -0.0,
    "not a number": float("nan"),
    "infinity": float("inf"),
    "string": "Größe \x00 €",
    "empty string": "",
    "object": {"a": 1, "b": {"c": [1, {"d": None}]}},
    "empty object": {},
    "object with dollars and dots": {"$a": 1, "b.c": 2},
    "reference": {"$ref": "jobs", "$id": ObjectId("65f000000000000000000001")},
    "array": [1, "two", [3.0, [None]]],
    "empty array": [],
    "binary": b"\x00\xff",
    "binary of a subtype": Binary(b"\x01", 128),
    "uuid": Binary(bytes(16), 4),
    "vector": Binary(b"\x03\x00\x01", 9),
    "objectId": ObjectId("65f000000000000000000001"),
    "true": True,
    "false": False,
    "date": datetime(2024, 2, 29, 1, 2, 3, 456000),
    "date before 1970": datetime(1901, 1, 1),
    "date beyond year 9999": DatetimeMS(2**60),
    "null": None,
    "regex": Regex("^a", "im"),
    "python's regex": re.compile("^a", re.I),
    "code": Code("return 1"),
    "code with scope": Code("return x", {"x": 1}),
    "int": 2**31 - 1,
    "long that is small": Int64(1),
    "long": Int64(-(2**63)),
    "timestamp": Timestamp(2**31, 7),
    "decimal": Decimal128("1.10"),
    "decimal not a number": Decimal128("NaN"),
    "decimal zero of an exponent": Decimal128("-0E+3"),
    "minKey": MinKey(),
    "maxKey": MaxKey(),
}
STAGES = [
    {"$match": {"v": {"$exists": True}}},
    {"$project": {"v": 1, "in": 1}},
    {"$project": {"x": 0}},
    {"$project": {"v": "$v", "in": {"v": "$in.v", "l": ["$v"]}}},
    {"$project": {"v": {"$ifNull": ["$v", None]}, "in": "$in"}},
    {"$set": {"x": "$v"}},
    {"$addFields": {"in.v": "$v"}},
    {"$unset": "x"},
    {"$sort": {"v": 1}},
    {"$skip": 0},
    {"$limit": 1},
    {"$sample": {"size": 1}},
    {"$replaceRoot": {"newRoot": "$$ROOT"}},
    {"$replaceWith": {"$mergeObjects": ["$$ROOT", {"x": 1}]}},
    {"$replaceWith": {"$arrayToObject": {"$objectToArray": "$$ROOT"}}},
    {"$replaceWith": {"$setField": {"field": "x", "input": "$$ROOT", "value": 1}}},
    {"$unionWith": "empty"},
    {"$lookup": {"from": "empty", "localField": "v", "foreignField": "v", "as": "x"}},
]
ROUNDABOUT = [
    [{"$group": {"_id": "$_id", "v": {"$first": "$v"}, "in": {"$last": "$in"}}}],
    [{"$group": {"_id": None, "all": {"$push": "$$ROOT"}}}, {"$unwind": "$all"}, {"$replaceWith": "$all"}],
    [{"$group": {"_id": "$$ROOT"}}, {"$replaceWith": "$_id"}],
    [{"$facet": {"all": []}}, {"$unwind": "$all"}, {"$replaceWith": "$all"}],
    [{"$set": {"l": ["$v"]}}, {"$unwind": "$l"}, {"$set": {"v": "$l"}}, {"$unset": "l"}],
    [{"$set": {"x": {"$map": {"input": ["$v"], "in": "$$this"}}}}, {"$set": {"v": {"$first": "$x"}}}, {"$unset": "x"}],
    [{"$lookup": {"from": "self", "localField": "_id", "foreignField": "_id", "as": "x"}},
     {"$replaceWith": {"$first": "$x"}}],
]  # fmt: skip


@pytest.fixture(params=VALUES, ids=list(VALUES))
def document(request):
    value = VALUES[request.param]
    return decode(encode({"_id": 1, "v": value, "in": {"v": value, "l": [value]}}))


def body(document):
    """The bytes of each place where the value stands."""
    return [encode({"": value}) for value in (document["v"], document["in"]["v"], *document["in"]["l"])]


def run(stages, document):
    sources = {"self": [document]}
    return list(compile_pipeline(stages, sources=lambda name: sources.get(name, [])).run([document]))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: str(stage)[:50])
def test_through_a_stage(document, stage):
    (found,) = run([stage], document)
    assert body(found) == body(document)


@pytest.mark.parametrize("stages", ROUNDABOUT, ids=lambda stages: str(stages)[:60])
def test_through_groups_and_arrays(document, stages):
    (found,) = run(stages, document)
    assert body(found) == body(document)


@pytest.mark.parametrize("spec", [{"v": 1, "in": 1}, {"x": 0}, {"v": "$v", "in": 1}, {"in.l": {"$slice": 5}}])
def test_through_a_projection(document, spec):
    assert body(compile_projection(spec)(document)) == body(document)


def test_through_updates(document):
    value = document["v"]
    for update in (
        {"$set": {"v": value, "in.v": value, "in.l": [value]}},
        {"$set": {"v": value, "in.v": value}, "$push": {"in.l": {"$each": [value]}}},
        {"$max": {"v": value}, "$min": {"in.v": value}, "$addToSet": {"in.l": value}},
        {"v": value, "in": {"v": value, "l": [value]}},
        [{"$set": {"v": {"$literal": value}}}, {"$set": {"in": {"v": "$v", "l": ["$v"]}}}],
    ):
        assert body(compile_update(update).apply({"_id": 1})) == body(document)


def test_an_update_of_another_field_leaves_it_alone(document):
    for update in ({"$set": {"x": 1}}, {"$push": {"x": 1}}, {"$inc": {"x": 1}}, [{"$set": {"x": 1}}]):
        assert body(compile_update(update).apply(document)) == body(document)


def test_a_value_set_and_pulled_is_gone(document):
    value = document["v"]
    if isinstance(value, Regex | dict):
        pytest.skip("a pattern and a document are conditions to $pull")
    held = compile_update({"$addToSet": {"l": value}}).apply({"_id": 1})
    assert encode(held) == encode({"_id": 1, "l": [value]})
    assert compile_update({"$addToSet": {"l": value}}).apply(held) == held
    assert compile_update({"$pull": {"l": value}}).apply(held) == {"_id": 1, "l": []}


def test_equality_finds_it_and_an_upsert_takes_it(document):
    query = {"v": {"$eq": document["v"]}}
    assert compile_filter(query)(document)
    assert encode(upsert_base(query)) == encode({"v": document["v"]})
