"""Groups and their accumulators: https://www.mongodb.com/docs/manual/reference/operator/aggregation/group/"""

import pytest
from bson import Code, Decimal128, Int64, MaxKey, MinKey

from core.database.embedded.semantics.collation import Collation
from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.values import identical
from tests.embedded.semantics.sales import SALES, aggregate

ACCUMULATORS = [
    ({"$sum": "$qty"}, 43),
    ({"$sum": 1}, 5),
    ({"$sum": "$item"}, 0),
    ({"$sum": "$price"}, 50.5),
    ({"$avg": "$qty"}, 8.6),
    ({"$avg": "$item"}, None),
    ({"$min": "$price"}, 5),
    ({"$max": "$item"}, "xyz"),
    ({"$max": "$nothing"}, None),
    ({"$first": "$item"}, "abc"),
    ({"$last": "$tags"}, None),
    ({"$push": "$tags"}, [["a", "b"], [], ["b"], None]),
    ({"$push": {"i": "$item", "t": "$nothing"}}, [{"i": sale["item"]} for sale in SALES]),
    ({"$addToSet": "$item"}, ["abc", "jkl", "xyz"]),
    ({"$count": {}}, 5),
    ({"$stdDevPop": "$price"}, 5.388877434122992),
    ({"$stdDevSamp": "$nothing"}, None),
    ({"$mergeObjects": {"$arrayToObject": [[["$item", "$qty"]]]}}, {"abc": 10, "jkl": 1, "xyz": 20}),
    ({"$median": {"input": "$qty", "method": "approximate"}}, 10.0),
    ({"$percentile": {"input": "$qty", "p": [0.9, 0.1], "method": "approximate"}}, [20.0, 1.0]),
    ({"$firstN": {"input": "$_id", "n": 2}}, [1, 2]),
    ({"$lastN": {"input": "$_id", "n": 2}}, [4, 5]),
    ({"$maxN": {"input": "$qty", "n": 2}}, [20, 10]),
    ({"$minN": {"input": "$tags", "n": 9}}, [[], ["a", "b"], ["b"]]),
    ({"$top": {"sortBy": {"qty": -1}, "output": "$_id"}}, 4),
    ({"$bottom": {"sortBy": {"qty": -1}, "output": "$_id"}}, 2),
    ({"$topN": {"n": 2, "sortBy": {"price": -1, "_id": 1}, "output": "$_id"}}, [2, 1]),
    ({"$bottomN": {"n": 2, "sortBy": {"price": -1, "_id": 1}, "output": "$_id"}}, [4, 3]),
]


@pytest.mark.parametrize(("accumulator", "expected"), ACCUMULATORS, ids=[str(row[0])[:60] for row in ACCUMULATORS])
def test_an_accumulator_adds_up_as_the_manual_says(accumulator, expected):
    (found,) = aggregate([{"$group": {"_id": None, "x": accumulator}}])
    assert identical(found, {"_id": None, "x": expected}), found


def test_a_leading_group_averages_longs_exactly_another_one_as_doubles():
    longs = [{"v": Int64(2**63 - 1)}, {"v": Int64(-(2**63))}]
    group = {"$group": {"_id": None, "x": {"$avg": "$v"}}}
    assert aggregate([group], longs) == [{"_id": None, "x": -0.5}]
    assert aggregate([{"$unset": "w"}, group], longs) == [{"_id": None, "x": 0.0}]
    stages = [{"$project": {"x": {"$avg": [long["v"] for long in longs]}}}]
    assert aggregate(stages, [{}]) == [{"x": 0.0}]


@pytest.mark.parametrize(
    ("constant", "count", "expected"),
    [
        (0.1, 10, 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1 + 0.1),  # rounded each time, unlike a field
        (2**31 - 1, 2, Int64(2**32 - 2)),
        (Int64(1), 3, Int64(3)),
        (Int64(2**62), 2, 2.0**63),
        (Decimal128("0.1"), 3, Decimal128("0.3")),
        ("text", 3, 0),
    ],
)
def test_a_constant_is_added_once_for_each_document(constant, count, expected):
    found = aggregate([{"$group": {"_id": None, "x": {"$sum": {"$literal": constant}}}}], count * [{}])
    assert identical(found[0]["x"], expected)


def test_a_group_of_nothing_is_no_document():
    assert aggregate([{"$group": {"_id": None, "n": {"$sum": 1}}}], []) == []


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([{"k": 1}, {"k": 1.0}, {"k": Int64(1)}, {"k": Decimal128("1")}], [(1, 4)]),
        ([{"k": True}, {"k": 1}], [(True, 1), (1, 1)]),
        ([{"k": None}, {}], [(None, 2)]),
        ([{"k": [1, 2]}, {"k": [2, 1]}, {"k": [1, 2.0]}], [([1, 2], 2), ([2, 1], 1)]),
        ([{"k": {"a": 1, "b": 2}}, {"k": {"b": 2, "a": 1}}], [({"a": 1, "b": 2}, 1), ({"b": 2, "a": 1}, 1)]),
    ],
)
def test_groups_are_made_by_equality_of_values(documents, expected):
    found = aggregate([{"$group": {"_id": "$k", "n": {"$sum": 1}}}], documents)
    assert [(group["_id"], group["n"]) for group in found] == expected


def test_groups_by_several_fields_and_by_buckets_of_dates():
    month = {"$dateTrunc": {"date": "$at", "unit": "month", "timezone": "Europe/Berlin"}}
    stages = [{"$group": {"_id": {"m": month, "i": "$item"}, "n": {"$sum": "$qty"}}}, {"$sort": {"_id": 1}}]
    assert [(group["_id"]["i"], group["n"]) for group in aggregate(stages)] == [
        ("abc", 2), ("jkl", 1), ("xyz", 10), ("abc", 10), ("xyz", 20),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ({"k": "$k"}, [({"k": None}, 2), ({"k": 1}, 1)]),  # a missing field is null where it is the only one
        ({"k": "$$REMOVE"}, [({"k": None}, 3)]),
        ({"k": "$k", "l": "$l"}, [({"k": None}, 1), ({}, 1), ({"k": 1}, 1)]),
    ],
)
def test_documents_that_identify_groups_tell_missing_fields_from_null_if_they_have_several(identifier, expected):
    found = aggregate([{"$group": {"_id": identifier, "n": {"$sum": 1}}}], [{"k": None}, {}, {"k": 1}])
    assert [(group["_id"], group["n"]) for group in found] == expected


BY_STATE = {"$cond": [{"$eq": ["$state", "CA"]}, 3, 1]}


@pytest.mark.parametrize(
    ("accumulator", "expected"),
    [
        ({"$firstN": {"input": "$v", "n": BY_STATE}}, [[1, 2, 3], [5]]),
        ({"$lastN": {"input": "$v", "n": BY_STATE}}, [[2, 3, 4], [6]]),
        ({"$maxN": {"input": "$v", "n": BY_STATE}}, [[4, 3, 2], [6]]),
        ({"$minN": {"input": "$v", "n": BY_STATE}}, [[1, 2, 3], [5]]),
        ({"$topN": {"output": "$v", "sortBy": {"v": -1}, "n": BY_STATE}}, [[4, 3, 2], [6]]),
        ({"$bottomN": {"output": "$v", "sortBy": {"v": -1}, "n": BY_STATE}}, [[3, 2, 1], [5]]),
    ],
)
def test_how_many_values_a_group_keeps_may_depend_on_the_group(accumulator, expected):
    documents = [{"state": "CA", "v": number} for number in (1, 2, 3, 4)] + [{"state": "NY", "v": 5}, {"v": 6}]
    documents[5]["state"] = "NY"
    found = aggregate([{"$group": {"_id": {"state": "$state"}, "r": accumulator}}], documents)
    assert [row["r"] for row in found] == expected


@pytest.mark.parametrize(
    ("accumulator", "keys", "expected"),
    [
        ({"$top": {}}, [1, 1, 1], 0),
        ({"$bottom": {}}, [1, 1, 1], 0),
        ({"$bottom": {}}, [1, 2, 2], 1),
        ({"$topN": {"n": 2}}, [2, 1, 2, 1], [1, 3]),
        ({"$topN": {"n": 3}}, [2, 1, 2, 1], [1, 3, 0]),
        ({"$bottomN": {"n": 2}}, [1, 1, 1], [0, 1]),
        ({"$bottomN": {"n": 2}}, [1, 1, 2], [1, 2]),  # the first of the lowest makes room
        ({"$bottomN": {"n": 2}}, [2, 1, 1], [1, 0]),
    ],
)
def test_of_documents_that_are_equal_the_first_are_kept(accumulator, keys, expected):
    ((name, options),) = accumulator.items()
    stages = [{"$group": {"_id": None, "r": {name: {"output": "$_id", "sortBy": {"k": 1}, **options}}}}]
    (found,) = aggregate(stages, [{"_id": place, "k": key} for place, key in enumerate(keys)])
    assert found["r"] == expected


def test_the_sort_of_an_accumulator_behind_other_stages_reads_paths_as_expressions():
    documents = [{"_id": 1, "a": [{"b": 1}]}, {"_id": 2, "a": [{"c": 1}]}, {"_id": 3}]
    group = {"$group": {"_id": None, "r": {"$topN": {"output": "$_id", "sortBy": {"a.b": 1}, "n": 3}}}}
    for stages, expected in (([group], [2, 3, 1]), ([{"$set": {"x": 1}}, group], [2, 3, 1])):
        assert aggregate(stages, documents)[0]["r"] == expected
    parallel = {"$group": {"_id": None, "r": {"$top": {"output": 1, "sortBy": {"a.b": 1, "a.c": 1}}}}}
    assert aggregate([parallel], documents)[0]["r"] == 1
    with pytest.raises(CommandError, match="parallel arrays"):
        aggregate([{"$set": {"x": 1}}, parallel], documents)


def test_strings_group_by_the_collation():
    collation = Collation.from_spec({"locale": "en", "strength": 2})
    found = aggregate([{"$group": {"_id": "$k", "n": {"$sum": 1}}}], [{"k": "a"}, {"k": "A"}], collation=collation)
    assert found == [{"_id": "a", "n": 2}]


# Leading parts


CHANGED = [
    [{"$group": {"_id": "$v"}}, {"$limit": 1}],
    [{"$group": {"_id": None, "all": {"$push": "$v"}}}, {"$project": {"all": 1}}],
    [{"$group": {"_id": None, "all": {"$push": {"v": "$v"}}}}, {"$project": {"all": 1}}],
    [{"$group": {"_id": None, "v": {"$last": "$v"}}}, {"$out": "other"}],
    [{"$sortByCount": "$v"}],
    [{"$bucket": {"groupBy": "$_id", "boundaries": [0, 2], "output": {"v": {"$last": "$v"}}}}],
    [{"$bucket": {"groupBy": "$v", "boundaries": [0, 2], "default": MinKey()}}],
]
UNCHANGED = [
    [{"$group": {"_id": "$v"}}],
    [{"$unset": "w"}, {"$group": {"_id": "$v"}}, {"$limit": 1}],
    [{"$group": {"_id": None, "all": {"$push": "$$ROOT"}}}, {"$limit": 1}],
    [{"$group": {"_id": None, "n": {"$sum": 1}}}, {"$limit": 1}],
]


@pytest.mark.parametrize("value", [MinKey(), MaxKey(), Code("f"), Code("f", {})], ids=repr)
@pytest.mark.parametrize("stages", CHANGED, ids=str)
def test_what_mongodb_changes_between_a_leading_group_and_a_stage_is_refused(stages, value):
    with pytest.raises(CommandError, match="MONGODB_URI"):
        aggregate(stages, [{"_id": 1, "v": value}])


@pytest.mark.parametrize("stages", UNCHANGED, ids=str)
def test_what_leaves_a_group_unchanged_passes(stages):
    assert aggregate(stages, [{"_id": 1, "v": MinKey()}])


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ({"$group": {"_id": None, "x": {"$avg": "$v"}}}, -0.5),
        ({"$bucket": {"groupBy": "$n", "boundaries": [0, 9], "output": {"x": {"$avg": "$v"}}}}, -0.5),
        ({"$bucketAuto": {"groupBy": "$n", "buckets": 1, "output": {"x": {"$avg": "$v"}}}}, 0.0),
        (
            {"$group": {"_id": None, "x": {"$avg": "$v"}, "m": {"$median": {"input": "$n", "method": "approximate"}}}},
            0.0,
        ),
    ],
)
def test_groups_that_mongodbs_engine_for_groups_does_not_run_average_longs_as_doubles(stage, expected):
    (found,) = aggregate([stage], [{"n": 1, "v": Int64(2**63 - 1)}, {"n": 1, "v": Int64(-(2**63))}])
    assert found["x"] == expected


@pytest.mark.parametrize("operator", ["$min", "$max"])
def test_of_equal_values_a_leading_group_takes_the_last_and_another_one_the_first(operator):
    documents = [{"v": 1}, {"v": Int64(1)}, {"v": None}, {"v": 1.0}, {}]
    group = {"$group": {"_id": None, "x": {operator: "$v"}}}
    assert identical(aggregate([group], documents), [{"_id": None, "x": 1.0}])
    assert identical(aggregate([{"$unset": "w"}, group], documents), [{"_id": None, "x": 1}])
