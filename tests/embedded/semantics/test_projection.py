"""Projections of find: what stays, in which order, and what is refused."""

import pytest
from bson import Regex

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.projection import compile_projection

DOCUMENT = {
    "_id": 1, "a": {"b": 1, "c": {"d": 2, "e": 3}}, "l": [{"x": 1, "y": 2}, 5, [{"x": 9}], {"y": 3}],
    "n": [1, 2, 3, 4], "s": "t",
}  # fmt: skip

TABLE = [
    ({}, DOCUMENT),
    ({"s": 1}, {"_id": 1, "s": "t"}),
    ({"s": True, "_id": False}, {"s": "t"}),
    ({"s": 1, "a.b": 1}, {"_id": 1, "a": {"b": 1}, "s": "t"}),
    ({"_id": 1}, {"_id": 1}),
    ({"_id": 0}, {key: value for key, value in DOCUMENT.items() if key != "_id"}),
    ({"nothing": 1}, {"_id": 1}),
    ({"nothing.x": 1}, {"_id": 1}),
    ({"s.x": 1}, {"_id": 1}),  # a value that is no document has nothing below it
    ({"a.c.d": 1, "_id": 0}, {"a": {"c": {"d": 2}}}),
    ({"a": {"c": {"d": 1}}, "_id": 0}, {"a": {"c": {"d": 2}}}),
    ({"l.x": 1, "_id": 0}, {"l": [{"x": 1}, [{"x": 9}], {}]}),
    ({"l": 0, "n": 0}, {"_id": 1, "a": DOCUMENT["a"], "s": "t"}),
    ({"l.x": 0, "a": 0, "n": 0}, {"_id": 1, "l": [{"y": 2}, 5, [{}], {"y": 3}], "s": "t"}),
    ({"a.c.d": 0, "_id": 1, "l": 0, "n": 0}, {"_id": 1, "a": {"b": 1, "c": {"e": 3}}, "s": "t"}),
    ({"n": {"$slice": 2}, "l": 0, "a": 0}, {"_id": 1, "n": [1, 2], "s": "t"}),
    ({"n": {"$slice": -1}, "s": 1}, {"_id": 1, "n": [4], "s": "t"}),
    ({"n": {"$slice": [1, 2]}, "s": 1}, {"_id": 1, "n": [2, 3], "s": "t"}),
    ({"n": {"$slice": [-9, 2]}, "s": 1}, {"_id": 1, "n": [1, 2], "s": "t"}),
    ({"n": {"$slice": [9, 2]}, "s": 1}, {"_id": 1, "n": [], "s": "t"}),
    ({"s": {"$slice": 1}, "_id": 1}, {"_id": 1, "s": "t"}),
    ({"n": {"$elemMatch": {"$gt": 2}}}, {"_id": 1, "n": [3]}),
    ({"l": {"$elemMatch": {"y": 3}}}, {"_id": 1, "l": [{"y": 3}]}),
    ({"l": {"$elemMatch": {"y": 99}}}, {"_id": 1}),
    ({"total": {"$sum": "$n"}}, {"_id": 1, "total": 10}),
    ({"s": 1, "twice": {"$concat": ["$s", "$s"]}}, {"_id": 1, "s": "t", "twice": "tt"}),
    ({"copy": "$a.b", "word": "literal", "_id": 0}, {"copy": 1, "word": "literal"}),
    ({"a.z": "$s"}, {"_id": 1, "a": {"z": "t"}}),
    ({"s.z": "$s"}, {"_id": 1, "s": {"z": "t"}}),
    ({"gone": "$nothing", "s": 1}, {"_id": 1, "s": "t"}),
    ({"n": {"$slice": ["$n", 1]}}, {"_id": 1, "n": [1]}),  # the expression: its first argument is an array
    ({"n": {"$slice": 1.9}, "_id": 1}, {"_id": 1, "n": [1]}),
    ({"n": {"$slice": float("nan")}, "_id": 1}, {"_id": 1, "n": []}),
    ({"n": {"$slice": [-1.5, float("inf")]}, "_id": 1}, {"_id": 1, "n": [4]}),
    ({"l.x": {"$slice": 1}, "_id": 1}, {"_id": 1, "l": [{"x": 1}, [{"x": 9}], {}]}),
    ({"n": {"$elemMatch": {"$gt": 2}}, "l": 0}, {"_id": 1, "a": DOCUMENT["a"], "n": [3], "s": "t"}),
]


@pytest.mark.parametrize(("spec", "expected"), TABLE)
def test_a_projection_shapes_as_the_manual_says(spec, expected):
    found = compile_projection(spec)(DOCUMENT)
    assert found == expected
    assert list(found) == list(expected)


@pytest.mark.parametrize(
    ("query", "spec", "expected"),
    [
        ({"n": {"$gt": 2}}, {"n.$": 1}, {"_id": 1, "n": [3]}),
        ({"n": 4}, {"n.$": 1, "s": 1}, {"_id": 1, "n": [4], "s": "t"}),
        ({"l.y": 3}, {"l.$": 1}, {"_id": 1, "l": [{"y": 3}]}),
        ({"l": {"$elemMatch": {"y": 2}}}, {"l.$": 1, "_id": 0}, {"l": [{"x": 1, "y": 2}]}),
        ({"$and": [{"s": "t"}, {"n": {"$in": [2, 7]}}]}, {"n.$": 1}, {"_id": 1, "n": [2]}),
        ({"$or": [{"n": 77}, {"n": 4}]}, {"n.$": 1}, {"_id": 1, "n": [4]}),
        ({"$or": [{"n": {"$in": [4]}}, {"$and": [{"n": {"$eq": 3}}]}]}, {"n.$": 1}, {"_id": 1, "n": [3]}),
        ({"$and": [{"n": {"$gt": 1}}, {"n": {"$lt": 4}}]}, {"n.$": 1}, {"_id": 1, "n": [2]}),  # $lt is tried first
        ({"n": {"$all": [2, 4]}}, {"n.$": 1}, {"_id": 1, "n": [4]}),
        ({"l.y": {"$exists": True}}, {"l.$": 1, "_id": 0}, {"l": [{"x": 1, "y": 2}]}),
        ({"s": "t"}, {"s.$": 1}, {"_id": 1, "s": "t"}),  # no array, nothing to choose from
        ({"s": "t"}, {"nothing.$": 1}, {"_id": 1}),
        ({"n": 2}, {"n.$": 1, "l": {"$slice": 1}, "_id": 0}, {"l": [{"x": 1, "y": 2}], "n": [2]}),
    ],
)
def test_a_positional_projection_gives_the_element_that_matched(query, spec, expected):
    assert compile_projection(spec, query=query)(DOCUMENT) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"s": "t"},
        {"$or": [{"n": 2}, {"s": "t"}]},
        {"$or": [{"n": 2}, {"n": {"$in": [3, 4]}}]},
        {"$or": [{"n": 2}, {"n": {"$eq": 3, "$ne": 4}}]},
        {"n": {"$size": 4}},
        {"n": [1, 2, 3, 4]},
        {"n": {"$not": {"$lt": 0}}},
        {"n.0": 1},
    ],
)
def test_a_positional_projection_without_a_matched_element_is_an_error(query):
    project = compile_projection({"n.$": 1}, query=query)
    with pytest.raises(CommandError) as refusal:
        project(DOCUMENT)
    assert refusal.value.code == 51246


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (Regex("^a"), "ab"), ({"$regex": "^a"}, "ab"), ({"$regex": "^A", "$options": "i"}, "Ax"),
        ({"$regex": Regex("^A"), "$options": "i"}, "Ax"), ({"$in": [Regex("b$")]}, "ab"),
        ({"$eq": Regex("^a")}, None),  # the pattern itself: no member of an $in
    ],
)  # fmt: skip
def test_patterns_and_values_of_one_path_are_one_condition(pattern, found):
    project = compile_projection({"w.$": 1, "_id": 0}, query={"$or": [{"w": pattern}, {"w": "z"}]})
    document = {"_id": 1, "w": ["q", "Ax", "ab", "z"]}
    if found is not None:
        assert project(document) == {"w": [found]}
        return
    with pytest.raises(CommandError, match="matching element"):
        project(document)


def test_an_array_of_one_element_is_not_the_element():
    project = compile_projection({"a.$": 1}, query={"a": [1]})
    with pytest.raises(CommandError, match="matching element"):
        project({"a": [1]})


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"a": 1, "s": 0}, 31254),
        ({"a": 0, "s": 1}, 31253),
        ({"a": 0, "x": "$s"}, 31310),
        ({"a": 0, "x": {"$add": [1, 2]}}, 31252),
        ({"x": "$s", "a": 0}, 31254),
        ({"a.b": 1, "a": {"b": {"c": 1}}}, 31250),
        ({"a": 1, "a.b": 1}, 31249),
        ({"a.b": 1, "a": 1}, 31250),
        ({"": 1}, 40352),
        ({"a.": 1}, 40353),
        ({"a..b": 1}, 15998),
        ({"$a": 1}, 16410),
        ({"a": {}}, 51270),
        ({"n.$": 1, "l.$": 1}, 31276),
        ({"n.$": 0}, 31395),
        ({"n.$": "x"}, 31308),
        ({"n.$": {"$slice": 1}}, 31271),
        ({"l.$.x": 1}, 31394),
        ({"$": 1}, 16410),
        ({"n.$": 1, "n.x": 1}, 31249),
        ({"n.$": 1, "n": {"$slice": 1}}, 28667),
        ({"n": {"$slice": 1}, "n.$": 1}, 31250),
        ({"n.$": 1, "l": {"$elemMatch": {"x": 1}}}, 31255),
        ({"l": {"$elemMatch": {"x": 1}}, "n.$": 1}, 31256),
        ({"l": {"$elemMatch": 1}}, 31274),
        ({"l": {"$elemMatch": {"x": 1}, "$slice": 1}}, 16410),
        ({"a.b": {"$elemMatch": {"x": 1}}}, 31275),
        ({"a": {"$foo": 1}}, 31325),
        ({"a": {"$meta": "textScore"}}, 40218),
        ({"a": {"$meta": "sortKey"}}, 168),
        ({"n": {"$slice": "x"}}, 28667),
        ({"n": {"$slice": [1]}}, 28667),
        ({"n": {"$slice": [0, 0]}}, 28724),
        ({"n": {"$slice": [1, 2, 3]}}, 28724),
    ],
)
def test_a_contradictory_projection_is_refused_with_mongodbs_code(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_projection(spec, query={"n": 1})
    assert refusal.value.code == code


def test_the_text_score_joins_the_whole_document():
    project = compile_projection({"score": {"$meta": "textScore"}}, score=lambda document: 1.5)
    assert project({"_id": 1, "a": 2}) == {"_id": 1, "a": 2, "score": 1.5}


@pytest.mark.parametrize(
    ("spec", "code"), [({"n": {"$slice": 1}}, 28667), ({"n.$": 1}, 31324), ({"n": {"$elemMatch": {"$gt": 1}}}, 168)]
)
def test_a_view_has_no_operators_of_find(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_projection(spec, view=True)
    assert refusal.value.code == code


@pytest.mark.parametrize(("query", "code"), [({"$expr": True}, 224), ({"n": 1, "$text": {"$search": "x"}}, 2)])
def test_a_positional_projection_needs_conditions_on_fields(query, code):
    with pytest.raises(CommandError) as refusal:
        compile_projection({"n.$": 1}, query=query)
    assert refusal.value.code == code
