"""Aggregation stages answer as the manual says; what is not offered is refused."""

import pytest
from bson import Binary, Decimal128, Int64

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.pipeline import compile_pipeline
from core.database.embedded.semantics.text_fields import TextIndex
from core.database.embedded.semantics.values import identical
from tests.embedded.semantics.sales import SALES, aggregate, ids

STAGES = [
    ([], SALES),
    ([{"$match": {"item": "abc"}}, {"$project": {"qty": 1}}], [{"_id": 1, "qty": 2}, {"_id": 5, "qty": 10}]),
    (
        [{"$match": {"_id": 2}}, {"$project": {"_id": 0, "total": {"$multiply": ["$price", "$qty"]}, "item": 1}}],
        [{"item": "jkl", "total": 20}],
    ),
    ([{"$match": {"_id": 1}}, {"$project": {"tags": 0, "at": 0}}], [{"_id": 1, "item": "abc", "price": 10, "qty": 2}]),
    ([{"$limit": 1}, {"$unset": ["tags", "at"]}], [{"_id": 1, "item": "abc", "price": 10, "qty": 2}]),
    ([{"$limit": 1}, {"$project": {"a.b": "$qty"}}], [{"_id": 1, "a": {"b": 2}}]),
    ([{"$limit": 1}, {"$set": {"a.b": "$qty"}}, {"$project": {"a": 1}}], [{"_id": 1, "a": {"b": 2}}]),
    (
        [{"$limit": 1}, {"$addFields": {"qty": "$$REMOVE"}}, {"$project": {"qty": 1, "item": 1}}],
        [{"_id": 1, "item": "abc"}],
    ),
    ([{"$sort": {"price": -1, "_id": -1}}, {"$limit": 2}, {"$project": {"_id": 1}}], [{"_id": 2}, {"_id": 5}]),
    ([{"$sort": {"_id": -1}}, {"$skip": 1}, {"$limit": 2}, {"$project": {"_id": 1}}], [{"_id": 4}, {"_id": 3}]),
    ([{"$match": {"item": "none"}}, {"$count": "n"}], []),
    ([{"$count": "n"}], [{"n": 5}]),
    ([{"$limit": 1}, {"$replaceWith": {"i": "$item"}}], [{"i": "abc"}]),
    (
        [{"$limit": 1}, {"$replaceRoot": {"newRoot": {"$mergeObjects": [{"x": 1}, {"i": "$item"}]}}}],
        [{"x": 1, "i": "abc"}],
    ),
    ([{"$documents": [{"a": 1}, {"a": {"$add": [1, 1]}}]}], [{"a": 1}, {"a": 2}]),
    ([{"$sortByCount": "$item"}, {"$limit": 1}], [{"_id": "abc", "count": 2}]),
    (
        [{"$unwind": "$tags"}, {"$project": {"tags": 1}}],
        [{"_id": 1, "tags": "a"}, {"_id": 1, "tags": "b"}, {"_id": 3, "tags": "b"}],
    ),
    (
        [
            {"$unwind": {"path": "$tags", "includeArrayIndex": "i", "preserveNullAndEmptyArrays": True}},
            {"$project": {"tags": 1, "i": 1}},
        ],
        [
            {"_id": 1, "tags": "a", "i": Int64(0)},
            {"_id": 1, "tags": "b", "i": Int64(1)},
            {"_id": 2, "i": None},
            {"_id": 3, "tags": "b", "i": Int64(0)},
            {"_id": 4, "tags": None, "i": None},
            {"_id": 5, "i": None},
        ],
    ),
    ([{"$limit": 1}, {"$unwind": "$item"}, {"$project": {"item": 1}}], [{"_id": 1, "item": "abc"}]),
    (
        [
            {
                "$bucket": {
                    "groupBy": "$price",
                    "boundaries": [0, 6, 15],
                    "default": "more",
                    "output": {"n": {"$sum": "$qty"}},
                }
            }
        ],
        [{"_id": 0, "n": 30}, {"_id": 6, "n": 12}, {"_id": "more", "n": 1}],
    ),
    (
        [{"$bucketAuto": {"groupBy": "$price", "buckets": 2}}],
        [{"_id": {"min": 5, "max": 20}, "count": 4}, {"_id": {"min": 20, "max": 20}, "count": 1}],
    ),
    (
        [
            {
                "$facet": {
                    "n": [{"$count": "n"}],
                    "top": [{"$sort": {"qty": -1}}, {"$limit": 1}, {"$project": {"qty": 1}}],
                }
            }
        ],
        [{"n": [{"n": 5}], "top": [{"_id": 4, "qty": 20}]}],
    ),
    ([{"$match": {"_id": 9}}, {"$facet": {"none": []}}], [{"none": []}]),
    (
        [{"$unionWith": {"coll": "stock", "pipeline": [{"$match": {"sku": "abc"}}]}}, {"$project": {"_id": 1}}],
        [*({"_id": sale["_id"]} for sale in SALES), {"_id": 1}],
    ),
    ([{"$limit": 1}, {"$project": {"_id": 1}}, {"$unionWith": "missing"}], [{"_id": 1}]),
    ([{"$sample": {"size": 9}}, {"$count": "n"}], [{"n": 5}]),
]


@pytest.mark.parametrize(("stages", "expected"), STAGES, ids=[str(row[0])[:70] for row in STAGES])
def test_a_pipeline_answers_as_the_manual_says(stages, expected):
    found = aggregate(stages)
    assert found == expected
    assert all(identical(one, other) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("stages", "leading"),
    [
        ([{"$match": {"a": 1}}, {"$sort": {"a": 1}}, {"$skip": 2}, {"$limit": 3}], ({"a": 1}, {"a": 1}, 2, 3)),
        ([{"$match": {"a": 1}}, {"$match": {"b": 1}}], ({"$and": [{"a": 1}, {"b": 1}]}, None, None, None)),
        ([{"$limit": 3}, {"$match": {"a": 1}}], (None, None, None, 3)),
        ([{"$project": {"a": 1}}, {"$match": {"a": 1}}], (None, None, None, None)),
    ],
)
def test_the_part_an_index_can_serve_is_shown(stages, leading):
    found = compile_pipeline(stages, sources=lambda name: ())
    assert (found.leading_match, found.leading_sort, found.leading_skip, found.leading_limit) == leading


def test_the_rest_after_the_leading_part_gives_the_same_answer():
    stages = [
        {"$match": {"qty": {"$gt": 1}}}, {"$sort": {"qty": 1, "_id": 1}}, {"$skip": 1}, {"$limit": 2},
        {"$group": {"_id": None, "ids": {"$push": "$_id"}}},
    ]  # fmt: skip
    pipeline = compile_pipeline(stages, sources=lambda name: ())
    chosen = sorted((sale for sale in SALES if sale["qty"] > 1), key=lambda sale: (sale["qty"], sale["_id"]))[1:3]
    assert list(pipeline.rest.run(chosen)) == list(pipeline.run(SALES)) == [{"_id": None, "ids": [3, 5]}]


def test_stages_stream_as_far_as_they_can():
    def endless():
        number = 0
        while True:
            yield {"_id": number}
            number += 1

    stages = [{"$match": {"_id": {"$mod": [2, 0]}}}, {"$set": {"x": 1}}, {"$skip": 1}, {"$limit": 2}]
    assert ids(compile_pipeline(stages, sources=lambda name: ()).run(endless())) == [2, 4]


def test_an_out_stage_is_handed_to_the_caller():
    pipeline = compile_pipeline([{"$match": {}}, {"$out": "copy"}], sources=lambda name: ())
    assert pipeline.out == "copy"
    assert list(pipeline.run([{"_id": 1}])) == [{"_id": 1}]


def test_a_text_score_orders_and_shows():
    documents = [{"_id": 1, "t": "red"}, {"_id": 2, "t": "blue tea"}, {"_id": 3, "t": "tea"}]
    stages = [
        {"$match": {"$text": {"$search": "tea"}}},
        {"$sort": {"score": {"$meta": "textScore"}}},
        {"$project": {"score": {"$meta": "textScore"}}},
    ]
    found = aggregate(stages, documents, text=TextIndex(fields=("t",)))
    assert ids(found) == [3, 2]
    assert found[0]["score"] == pytest.approx(1.1)


SCORE = {"$meta": "textScore"}


@pytest.mark.parametrize(
    "changing",
    [
        [{"$project": {"_id": 1, "s": SCORE}}],
        [{"$project": {"n": "$_id"}}, {"$match": {"n": {"$gt": 1}}}, {"$addFields": {"l": [1]}}, {"$unwind": "$l"}],
        [{"$replaceWith": {"_id": "$_id"}}, {"$lookup": {"from": "stock", "pipeline": [], "as": "l"}}],
        [{"$replaceRoot": {"newRoot": {"$literal": {"_id": 0}}}}],
    ],
)
def test_a_text_score_stays_with_documents_that_are_changed(changing):
    documents = [{"_id": 1, "t": "red"}, {"_id": 2, "t": "blue tea"}, {"_id": 3, "t": "tea"}]
    search = {"$match": {"$text": {"$search": "tea"}}}
    last = [{"$sort": {"s": SCORE}}, {"$project": {"last": SCORE}}]
    found = aggregate([search, *changing, *last], documents, text=TextIndex(fields=("t",)))
    assert [row["last"] for row in found] == pytest.approx([1.1, 0.75])


def test_a_text_score_behind_a_stage_that_makes_documents_of_many_is_refused():
    stages = [{"$match": {"$text": {"$search": "tea"}}}, {"$group": {"_id": None}}, {"$set": {"s": SCORE}}]
    with pytest.raises(CommandError, match="set MONGODB_URI"):
        aggregate(stages, [{"_id": 1, "t": "tea"}], text=TextIndex(fields=("t",)))


def test_numbers_of_stages_are_cut_as_mongodb_cuts_them():
    assert ids(aggregate([{"$sort": {"_id": -1.9}}])) == [5, 4, 3, 2, 1]
    assert ids(aggregate([{"$sort": {"_id": Decimal128("-0.6")}}])) == [5, 4, 3, 2, 1]
    assert len(aggregate([{"$sample": {"size": 2.9}}])) == 2
    assert len(aggregate([{"$sample": {"size": Decimal128("2.5")}}])) == 2  # half to even
    assert len(aggregate([{"$sample": {"size": float("inf")}}])) == 5


def test_set_takes_an_empty_object_for_a_value_and_an_empty_specification():
    document = {"_id": 1, "a": {"x": 1}, "b": {"x": 1}}
    assert aggregate([{"$set": {}}], [document]) == [document]
    assert aggregate([{"$set": {"a": {"y": 2}, "b": {}}}], [document]) == [{"_id": 1, "a": {"x": 1, "y": 2}, "b": {}}]


def test_buckets_of_nothing_are_none_and_of_no_output_are_counted():
    assert aggregate([{"$bucketAuto": {"groupBy": "$x", "buckets": 3}}], []) == []
    (bucket,) = aggregate([{"$bucketAuto": {"groupBy": "$x", "buckets": 1, "output": {}}}], [{"x": 1}, {"x": 2}])
    assert bucket == {"_id": {"min": 1, "max": 2}, "count": 2}
    assert aggregate([{"$bucket": {"groupBy": "$x", "boundaries": [0, 9], "output": {}}}], [{"x": 1}]) == [{"_id": 0}]


def test_old_binaries_count_the_length_that_is_stored_with_them():
    values = [Binary(b"12345678", subtype) for subtype in (0, 5, 128, 2)] + [Binary(b"123456789", 0)]
    found = aggregate([{"$sort": {"v": -1}}], [{"v": value} for value in values])
    assert [(len(row["v"]), getattr(row["v"], "subtype", 0)) for row in found] == [
        (8, 2), (9, 0), (8, 128), (8, 5), (8, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("query", [{"a.$c": 1}, {"$or": [{"b": 1}, {"a.$c.d": {"$gt": 1}}]}], ids=str)
def test_a_path_with_a_dollar_is_matched_in_front_only(query):
    found = compile_pipeline([{"$match": query}], sources=lambda name: ()).run([{"a": {"$c": 1}}, {"a": 1}])
    assert len(list(found)) == ("a.$c" in query)
    with pytest.raises(CommandError, match="set MONGODB_URI"):
        compile_pipeline([{"$set": {"x": 1}}, {"$match": query}], sources=lambda name: ())
    behind = compile_pipeline([{"$set": {"x": 1}}, {"$match": {"link.$id": 1}}], sources=lambda name: ())
    assert ids(behind.run([{"_id": 1, "link": {"$ref": "c", "$id": 1}}, {"_id": 2}])) == [1]


def test_what_a_facet_gathers_is_100_mb_at_most():
    documents = [{"_id": place, "text": "x" * 4_000_000} for place in range(27)]
    pipeline = compile_pipeline([{"$facet": {"a": [], "b": []}}], sources=lambda name: ())
    (found,) = pipeline.run(documents[:13])
    assert (len(found["a"]), len(found["b"])) == (13, 13)
    with pytest.raises(CommandError) as refusal:
        list(pipeline.run(documents[:14]))
    assert refusal.value.code == 4031700
