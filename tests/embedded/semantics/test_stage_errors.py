"""A wrong pipeline is refused with the code MongoDB has for it, before a document is read."""

from typing import Any

import pytest
from bson import Decimal128, Int64

from core.database.embedded.semantics.errors import CommandError
from tests.embedded.semantics.sales import aggregate


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ([{"$setWindowFields": {}}], 40324),
        ([{"$merge": "x"}], 40324),
        ([{"$geoNear": {}}], 40324),
        ([{"$redact": "$$KEEP"}], 40324),
        ([{"$foo": 1}], 40324),
        ([{"$out": "x"}, {"$match": {}}], 40601),
        ([{"$match": {}, "$limit": 1}], 40323),
        ([{}], 40323),
        ([5], 14),
        ([{"$match": 5}], 15959),
        ([{"$limit": 0}], 15958),
        ([{"$limit": "x"}], 5107201),
        ([{"$skip": -1}], 5107200),
        ([{"$sort": {}}], 15976),
        ([{"$sort": {"a": 2}}], 15975),
        ([{"$project": {}}], 51272),
        ([{"$project": {"a": 1, "b": 0}}], 31254),
        ([{"$project": {"a": {"$slice": 1}}}], 28667),
        ([{"$addFields": 5}], 40272),
        ([{"$unset": 5}], 31002),
        ([{"$group": {"n": {"$sum": 1}}}], 15955),
        ([{"$group": 5}], 15947),
        ([{"$group": {"_id": 1, "n": 1}}], 40234),
        ([{"$group": {"_id": 1, "n": {"$foo": 1}}}], 15952),
        ([{"$group": {"_id": 1, "n": {"$sum": 1, "$avg": 1}}}], 40238),
        ([{"$group": {"_id": 1, "a.b": {"$sum": 1}}}], 40235),
        ([{"$count": "$a"}], 40158),
        ([{"$count": ""}], 40157),
        ([{"$unwind": "tags"}], 28818),
        ([{"$unwind": 5}], 15981),
        ([{"$sample": {"size": 0}}], 28747),
        ([{"$replaceRoot": "$a"}], 40229),
        ([{"$replaceWith": "$item"}], 40228),
        ([{"$documents": [{}, 1]}], 40228),
        ([{"$documents": "$$NOW"}], 5858203),
        ([{"$sortByCount": "item"}], 40148),
        ([{"$bucket": {"groupBy": "$price", "boundaries": [1]}}], 40192),
        ([{"$bucket": {"groupBy": "$price", "boundaries": [2, 1]}}], 40194),
        ([{"$bucket": {"groupBy": "$price", "boundaries": [0, 1]}}], 40066),
        ([{"$facet": {}}], 40169),
        ([{"$facet": {"a": [{"$facet": {"b": []}}]}}], 40600),
        ([{"$lookup": {"from": "stock", "as": "x"}}], 9),
        ([{"$lookup": {"from": "stock", "localField": "a", "as": "x"}}], 9),
        ([{"$lookup": {"from": "stock", "pipeline": [{"$foo": 1}], "as": "x"}}], 40324),
        ([{"$match": {"$text": {"$search": "x"}}}], 27),
        ([{"$limit": 1}, {"$documents": []}], 40602),
    ],
)
def test_a_wrong_pipeline_is_refused_with_mongodbs_code(stages, code):
    with pytest.raises(CommandError) as refusal:
        aggregate(stages)
    assert refusal.value.code == code


def _group(accumulator: dict[str, Any]) -> dict[str, Any]:
    return {"$group": {"_id": None, "x": accumulator}}


def _lookup(**options: Any) -> dict[str, Any]:
    given = {"from": "stock", "localField": "item", "foreignField": "sku", "as": "found"} | options
    return {"$lookup": {name: value for name, value in given.items() if value is not ...}}


def _bucket(**options: Any) -> dict[str, Any]:
    return {"$bucket": {"groupBy": "$price", "boundaries": [0, 100]} | options}


def _bucket_auto(**options: Any) -> dict[str, Any]:
    return {"$bucketAuto": {"groupBy": "$price", "buckets": 2} | options}


_DEEP = ".".join(["a"] * 201)
_TEXT = {"$match": {"$text": {"$search": "x"}}}


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        ({"$limit": -1}, 5107201),
        ({"$limit": 2.0**63}, 5107201),
        ({"$skip": Decimal128("1E+30")}, 5107200),
        ({"$sample": {}}, 28749),
        ({"$sample": {"size": "1"}}, 28746),
        ({"$sample": {"size": 1, "seed": 2}}, 28748),
        ({"$sample": {"size": 0.9}}, 28747),
        ({"$sort": {"a": "up"}}, 15974),
        ({"$sort": {"a": {"$foo": 1}}}, 17312),
        ({"$sort": {"a": {"$meta": "nothing"}}}, 31138),
        ({"$sort": {"a.": 1}}, 40353),
        ({"$sort": {_DEEP: 1}}, 15),
        ({"$sort": {f"f{number}": 1 for number in range(33)}}, 13103),
        ({"$unwind": {}}, 28812),
        ({"$unwind": ""}, 28812),
        ({"$unwind": {"path": 1}}, 28808),
        ({"$unwind": {"path": "$a", "preserveNullAndEmptyArrays": 1}}, 28809),
        ({"$unwind": {"path": "$a", "includeArrayIndex": None}}, 28810),
        ({"$unwind": {"path": "$a", "includeArrayIndex": "$i"}}, 28822),
        ({"$unwind": {"path": "$a", "keep": True}}, 28811),
        ({"$unwind": "$a\0"}, 16419),
        ({"$count": "a\0"}, 40159),
        ({"$count": "a.b"}, 40160),
        ({"$count": "_id"}, 9039800),
        ({"$count": 1}, 40156),
        ({"$sortByCount": 1}, 40149),
        ({"$sortByCount": {"a": 1}}, 40147),
        ({"$set": {"a": 1, "a.b": 1}}, 40176),
        ({"$set": {"a": {"b.c": 1}}}, 40183),
        ({"$set": {"a": {"$abs": 1, "$ceil": 1}}}, 40181),
        ({"$unset": []}, 31119),
        ({"$unset": [1]}, 31120),
        ({"$unset": "a\0"}, 9527900),
        ({"$replaceRoot": {}}, 40414),
        ({"$replaceRoot": {"newRoot": "$$ROOT", "old": 1}}, 40415),
        ({"$replaceWith": {"a": {"": 1}}}, 15998),
        ({"$group": {"_id": {"a": 1}}}, 17390),
        (_group({"$sum": ["$qty"]}), 40237),
        (_group({"$count": []}), 40237),
        (_group({"$firstN": {"input": "$qty"}}), 5787906),
        (_group({"$topN": {"output": "$qty", "sortBy": {"qty": 1}}}), 5788003),
        (_group({"$topN": 1}), 5788001),
        (_group({"$top": {"output": "$qty", "sortBy": {"qty": 1}, "n": 1}}), 5788002),
        (_group({"$bottom": {"sortBy": {"qty": 1}}}), 5788004),
        (_group({"$bottom": {"output": 1}}), 5788005),
        (_group({"$bottom": {"output": 1, "sortBy": "qty"}}), 10065),
        (_group({"$minN": 1}), 5787900),
        (_group({"$lastN": 1}), 5787801),
        (_group({"$minN": {"n": 1}}), 5787907),
        (_group({"$firstN": {"n": 1, "input": 1, "x": 1}}), 5787901),
        (
            {"$bucketAuto": {"groupBy": "$qty", "buckets": 2, "output": {"x": {"$minN": {"n": "$a", "input": 1}}}}},
            4544714,
        ),
        (_group({"$percentile": {"input": "$qty", "p": [0.5]}}), 40414),
        (_group({"$percentile": {"input": "$qty", "p": ["$qty"], "method": "approximate"}}), 7750300),
        (_group({"$percentile": {"input": "$qty", "p": ["a"], "method": "approximate"}}), 7750302),
        (_group({"$percentile": {"input": "$qty", "p": [2], "method": "approximate"}}), 7750303),
        (_group({"$percentile": 1}), 7429703),
        (_group({"$median": 1}), 7436100),
        (_group({"$median": {"input": 1, "method": 1}}), 14),
        ({"$set": {"x": {"$percentile": 1}}}, 7436200),
        ({"$set": {"x": {"$median": 1}}}, 7436201),
        ({"$set": {"x": {"$median": {"input": 1}}}}, 40414),
        ({"$set": {"x": {"$median": {"input": 1, "method": "approximate", "p": 1}}}}, 40415),
        ({"$set": {"x": {"$percentile": {"input": 1, "p": "$tags", "method": "approximate"}}}}, 7750300),
        ({"$set": {"x": {"$percentile": {"input": 1, "p": [], "method": "approximate"}}}}, 7750301),
        (_group({"$percentile": {"input": "$qty", "p": [], "method": "approximate"}}), 7750301),
        (_bucket(groupBy=1), 40202),
        (_bucket(boundaries="x"), 40200),
        (_bucket(boundaries=[0, "$qty"]), 40191),
        (_bucket(boundaries=["$$NOW", 10]), 40191),
        (_bucket(boundaries=[0, {"$add": [1, {"$rand": {}}]}]), 40191),
        (_bucket(boundaries=[0, 10], default={"$year": "$$NOW"}), 40195),
        (_bucket(boundaries=[0, "x"]), 40193),
        (_bucket(default="$qty"), 40195),
        (_bucket(default=50), 40199),
        (_bucket(output=1), 40196),
        (_bucket(output={"_id": {"$sum": 1}}), 15948),
        (_bucket(other=1), 40197),
        ({"$bucket": 1}, 40201),
        ({"$bucket": {"groupBy": "$price"}}, 40198),
        (_bucket_auto(groupBy="price"), 40239),
        (_bucket_auto(buckets="2"), 40241),
        (_bucket_auto(buckets=Int64(2**31)), 40242),
        (_bucket_auto(buckets=0), 40243),
        (_bucket_auto(output=[]), 40244),
        (_bucket_auto(other=1), 40245),
        ({"$bucketAuto": 1}, 40240),
        ({"$bucketAuto": {"buckets": 1}}, 40246),
        ({"$facet": {"": []}}, 15998),
        ({"$facet": {"$a": []}}, 16410),
        ({"$facet": {"a.b": []}}, 16412),
        ({"$facet": {"a": 1}}, 40170),
        ({"$facet": {"a": [1]}}, 40171),
        ({"$facet": {"a": [{"$out": "x"}]}}, 40600),
        ({"$facet": {"a": [{"$unionWith": {"coll": "stock", "pipeline": [{"$facet": {"b": []}}]}}]}}, 40600),
        ({"$facet": {"a": [{"$lookup": {"as": "x", "pipeline": [{"$documents": []}]}}]}}, 40600),
        ({"$facet": {"a": [{"$match": {"$text": {"$search": "tea"}}}]}}, 17309),
        ({"$facet": {"a": [{"$limit": 1}, {"$match": {"$text": {"$search": "tea"}}}]}}, 17313),
        (_lookup(**{"as": 1}), 14),
        (_lookup(**{"as": None}), 40414),
        (_lookup(let=1, pipeline=[]), 14),
        (_lookup(let={"a": 1}), 9),
        (_lookup(let={"A": 1}, pipeline=[]), 9),
        (_lookup(pipeline=None), 14),
        (_lookup(localField=1), 14),
        (_lookup(localField=""), 9),
        (_lookup(foreignField=_DEEP), 15),
        (_lookup(other=1), 40415),
        (_lookup(**{"from": 1}), 9),
        (_lookup(**{"from": ...}), 9),
        (_lookup(**{"from": "a\0b"}), 73),
        (_lookup(pipeline=[{"$documents": []}]), 73),
        (_lookup(pipeline=[{"$out": "x"}]), 51047),
        (_lookup(pipeline=[{"$limit": 1}, _TEXT]), 17313),
        ({"$unionWith": {"coll": 1}}, 14),
        ({"$unionWith": {"coll": "stock", "other": 1}}, 40415),
        ({"$unionWith": {"pipeline": []}}, 9),
        ({"$unionWith": {"coll": "stock", "pipeline": [{"$out": "x"}]}}, 31441),
        ({"$graphLookup": {"from": "stock"}}, 40105),
        ({"$graphLookup": {"from": "stock", "other": 1}}, 40104),
        ({"$graphLookup": {"from": "stock", "as": 1}}, 40103),
        ({"$graphLookup": {"as": 1}}, 9),
        ({"$out": 1}, 16990),
    ],
)
def test_a_wrong_stage_is_refused_with_mongodbs_code(stage, code):
    with pytest.raises(CommandError) as refusal:
        aggregate([stage], [])
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ([{"$match": {}}, {"$match": {"$or": [_TEXT["$match"]]}}], 17313),
        ([{"$limit": 0}, {"$limit": -1}], 15958),
        ([{"$limit": -1}, {"$limit": 0}], 5107201),
        ([{"$limit": 1}] * 1001, 7749501),
    ],
)
def test_places_and_lengths_that_no_pipeline_may_have(stages, code):
    with pytest.raises(CommandError) as refusal:
        aggregate(stages, [])
    assert refusal.value.code == code


def test_pipelines_stand_in_pipelines_twenty_deep():
    stages: list[dict[str, Any]] = []
    for _ in range(20):
        stages = [{"$unionWith": {"coll": "stock", "pipeline": stages}}]
    assert len(list(aggregate(stages, []))) == 20 * 4
    with pytest.raises(CommandError) as refusal:
        aggregate([{"$unionWith": {"coll": "stock", "pipeline": stages}}], [])
    assert refusal.value.code == 232


@pytest.mark.parametrize(
    ("accumulator", "leading", "behind"),
    [
        ({"$sum": {"$divide": ["$qty", 0]}}, 4848401, 2),
        ({"$sum": {"$mod": ["$qty", 0]}}, 4848403, 16610),
        ({"$mergeObjects": "$qty"}, 5911200, 40400),
    ],
)
def test_a_leading_group_has_the_codes_of_mongodbs_newer_engine(accumulator, leading, behind):
    for stages, code in (([], leading), ([{"$match": {}}], leading), ([{"$project": {"qty": 1}}], behind)):
        with pytest.raises(CommandError) as refusal:
            list(aggregate([*stages, _group(accumulator)], [{"qty": 1}]))
        assert refusal.value.code == code
