"""``$lookup`` and ``$graphLookup`` join as the manual says, and ask an index where there is one."""

import pytest
from bson import Regex

from core.database.embedded.semantics.matching import compile_filter
from core.database.embedded.semantics.pipeline import compile_pipeline
from tests.embedded.semantics.sales import COLLECTIONS, STOCK, aggregate, ids


def test_a_lookup_joins_by_equality_also_into_arrays():
    stages = [{"$lookup": {"from": "stock", "localField": "item", "foreignField": "sku", "as": "found"}}]
    assert [ids(sale["found"]) for sale in aggregate(stages)] == [[1], [2], [2], [2], [1]]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ({}, [3, 4]),  # a missing field joins null and missing ones
        ({"k": None}, [3, 4]),
        ({"k": ["abc", "jkl"]}, [1, 2]),
        ({"k": [["xyz", "jkl"]]}, [2]),
        ({"k": [{"x": 1}]}, []),
    ],
)
def test_what_a_lookup_takes_from_the_local_field(local, expected):
    stages = [{"$lookup": {"from": "stock", "localField": "k", "foreignField": "sku", "as": "found"}}]
    (found,) = aggregate(stages, [local])
    assert ids(found["found"]) == expected


def test_a_lookup_follows_the_identifier_of_a_reference():
    stages = [{"$lookup": {"from": "stock", "localField": "link.$id", "foreignField": "_id", "as": "found"}}]
    (found,) = aggregate(stages, [{"link": {"$ref": "stock", "$id": 2}}])
    assert ids(found["found"]) == [2]


def test_a_lookup_runs_a_pipeline_with_variables_of_the_document():
    stages = [
        {
            "$lookup": {
                "from": "sales",
                "let": {"sku": "$sku"},
                "pipeline": [
                    {"$match": {"$expr": {"$eq": ["$item", "$$sku"]}}},
                    {"$group": {"_id": None, "n": {"$sum": "$qty"}}},
                ],
                "as": "sold",
            }
        },
        {"$project": {"n": {"$ifNull": [{"$first": "$sold.n"}, 0]}}},
    ]
    assert [row["n"] for row in aggregate(stages, "stock")] == [12, 0, 0, 0]


def test_a_lookup_joins_documents_of_its_own_pipeline():
    listed = {"$documents": [{"sku": "abc", "n": 1}, {"sku": "xyz", "n": 2}]}
    shown = {"$project": {"n": 1, "price": "$$price"}}
    by_fields = {"localField": "item", "foreignField": "sku"}
    for options, expected in (
        (by_fields, [{"n": 1, "price": 10}]),
        ({}, [{"n": 1, "price": 10}, {"n": 2, "price": 10}]),
    ):
        stage = {"$lookup": {**options, "let": {"price": "$price"}, "pipeline": [listed, shown], "as": "found"}}
        assert aggregate([{"$limit": 1}, stage])[0]["found"] == expected


def test_null_options_of_a_lookup_are_as_good_as_absent():
    stage = {"from": "stock", "localField": None, "foreignField": None, "let": None, "pipeline": [], "as": "found"}
    assert [len(sale["found"]) for sale in aggregate([{"$lookup": stage}])] == [len(STOCK)] * 5


def test_a_lookup_joins_by_fields_and_then_runs_its_pipeline():
    stages = [
        {
            "$lookup": {
                "from": "sales", "localField": "sku", "foreignField": "item", "as": "x",
                "pipeline": [{"$sort": {"qty": -1}}, {"$limit": 1}, {"$project": {"_id": 1}}],
            }
        }
    ]  # fmt: skip
    assert [ids(row["x"]) for row in aggregate(stages, "stock")] == [[5], [4], [], []]


def test_lookups_nest_and_inner_ones_see_outer_variables():
    inner = {
        "$lookup": {
            "from": "staff",
            "let": {"boss": "$name"},
            "pipeline": [{"$match": {"$expr": {"$and": [{"$eq": ["$chief", "$$boss"]}, {"$ne": ["$name", "$$me"]}]}}}],
            "as": "reports",
        }
    }
    stages = [
        {"$match": {"name": "Cy"}},
        {"$lookup": {"from": "staff", "let": {"me": "$name", "c": "$chief"}, "as": "boss",
                     "pipeline": [{"$match": {"$expr": {"$eq": ["$name", "$$c"]}}}, inner]}},
    ]  # fmt: skip
    (found,) = aggregate(stages, "staff")
    assert [report["name"] for report in found["boss"][0]["reports"]] == ["Di"]


@pytest.mark.parametrize("other", ["$sku", "$$ROOT.sku", "$$CURRENT.sku", "$$sku", "$$REMOVE"])
def test_a_first_equality_of_a_pipeline_is_read_whatever_it_compares_with(other):
    stages = [
        {
            "$lookup": {
                "from": "stock",
                "let": {"sku": "abc"},
                "pipeline": [{"$match": {"$expr": {"$eq": ["$sku", other]}}}],
                "as": "found",
            }
        }
    ]
    (found,) = aggregate(stages, [{}])
    assert ids(found["found"]) == {"$$sku": [1], "$$REMOVE": [4]}.get(other, [1, 2, 3, 4])


def test_a_graph_lookup_finds_what_can_be_reached_each_once():
    stages = [
        {"$match": {"name": "Ada"}},
        {"$graphLookup": {"from": "staff", "startWith": "$name", "connectFromField": "name", "connectToField": "chief",
                          "as": "below", "depthField": "depth"}},
    ]  # fmt: skip
    (found,) = aggregate(stages, "staff")
    assert [(row["name"], row["depth"]) for row in found["below"]] == [("Bo", 0), ("Cy", 1), ("Di", 1)]


def test_a_graph_ends_where_a_field_is_missing():
    stages = [
        {"$match": {"name": "Di"}},
        {"$graphLookup": {"from": "staff", "startWith": "$chief", "connectFromField": "chief",
                          "connectToField": "name", "as": "above", "restrictSearchWithMatch": {"_id": {"$lt": 9}}}},
        {"$project": {"above.name": 1}},
    ]  # fmt: skip
    (found,) = aggregate(stages, "staff")
    assert found["above"] == [{"name": "Bo"}, {"name": "Ada"}]


@pytest.mark.parametrize(
    ("document", "expected"),
    [({"chief": None}, [2]), ({"chief": [None, 1]}, [1, 2]), ({}, []), ({"chief": []}, [])],
)
def test_a_graph_lookup_tells_null_from_a_missing_field(document, expected):
    stages = [
        {"$graphLookup": {"from": "nodes", "startWith": "$chief", "connectFromField": "_id", "connectToField": "to",
                          "as": "found", "maxDepth": 0}},
    ]  # fmt: skip
    nodes = [{"_id": 1, "to": 1}, {"_id": 2, "to": None}, {"_id": 3}]
    (found,) = compile_pipeline(stages, sources=lambda name: nodes).run([document])
    assert ids(found["found"]) == expected


BY_FIELDS = {"from": "sales", "localField": "sku", "foreignField": "item", "as": "x"}
BY_EXPRESSION = {
    "from": "sales", "let": {"s": "$sku"}, "as": "x",
    "pipeline": [{"$match": {"$expr": {"$and": [{"$gt": ["$qty", 1]}, {"$eq": ["$$s", "$item"]}]}}}],
}  # fmt: skip


@pytest.mark.parametrize("lookup", [BY_FIELDS, BY_EXPRESSION], ids=["fields", "expression"])
def test_a_lookup_asks_for_what_it_needs_where_the_caller_has_an_index(lookup):
    asked = []

    def search(name, path, values):
        asked.append((name, path, values))
        match = compile_filter({path: {"$in": values}})
        return [document for document in COLLECTIONS[name] if match(document)]

    def nothing(name):
        raise AssertionError(f"{name} was read as a whole")

    stages = [{"$lookup": lookup}]
    pipeline = compile_pipeline(stages, sources=nothing, search=search)
    assert list(pipeline.run(STOCK)) == aggregate(stages, "stock")
    assert asked[0] == ("sales", "item", ["abc"])


def test_a_lookup_takes_a_pattern_for_the_value_it_is():
    documents = [{"_id": 1, "k": Regex("^a")}, {"_id": 2, "k": {"$gt": ""}}]
    stages = [{"$lookup": {"from": "stock", "localField": "k", "foreignField": "sku", "as": "found"}}]
    pipeline = compile_pipeline(stages, sources=lambda name: STOCK, search=lambda name, path, values: 1 / 0)
    assert [row["found"] for row in pipeline.run(documents)] == [[], []]
