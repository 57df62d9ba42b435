"""Updates: every operator, every way to name elements, every refusal."""

from datetime import datetime

import pytest
from bson import Decimal128, Int64, Regex, Timestamp

from core.database.embedded.semantics.collation import Collation
from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.updates import compile_update
from core.database.embedded.semantics.values import identical

REFERENCE = {"$ref": "b", "$id": 1}
FIELDS = [
    ({"a": [1, {"b": 2}]}, {"$set": {"a.00": 3, "a.01.b": 4, "a.03": 5}}, {"a": [3, {"b": 4}, None, 5]}),
    ({"a": 1}, {"$set": {"a": 2, "b.c": 3}}, {"a": 2, "b": {"c": 3}}),
    ({}, {"$set": {"z": 1, "b": 2, "10": 3, "9": 4}}, {"9": 4, "10": 3, "b": 2, "z": 1}),  # in the order of names
    ({"a": [1]}, {"$set": {"a.3": 9}}, {"a": [1, None, None, 9]}),
    ({"a": [{"b": 1}]}, {"$set": {"a.0.b": 2}}, {"a": [{"b": 2}]}),
    ({"a": {}}, {"$set": {"a.0": 1}}, {"a": {"0": 1}}),
    ({"a": 1}, {"$set": {"a": {"$x": 1}}}, {"a": {"$x": 1}}),
    ({"a": {"$ref": "c", "$id": 1}}, {"$set": {"a.$id": 2}}, {"a": {"$ref": "c", "$id": 2}}),
    ({"a": 1, "b": 2}, {"$unset": {"a": "", "c.d": ""}}, {"b": 2}),
    ({"a": [1, 2]}, {"$unset": {"a.0": 1}}, {"a": [None, 2]}),
    ({"a": 5}, {"$unset": {"a.b": 1}}, {"a": 5}),
    ({"a": 1}, {"$inc": {"a": 2, "b": Int64(1)}}, {"a": 3, "b": Int64(1)}),
    ({"a": 2**31 - 1}, {"$inc": {"a": 1}}, {"a": Int64(2**31)}),
    ({"a": 1}, {"$inc": {"a": 0.5}}, {"a": 1.5}),
    ({"a": Decimal128("0.1")}, {"$inc": {"a": 1}}, {"a": Decimal128("1.1")}),
    ({"a": 3}, {"$mul": {"a": 2, "b": Int64(2), "c": 1.5}}, {"a": 6, "b": Int64(0), "c": 0.0}),
    ({"a": 3}, {"$min": {"a": 2, "b": 5}}, {"a": 2, "b": 5}),
    ({"a": 3}, {"$max": {"a": 2}}, {"a": 3}),
    ({"a": 3}, {"$max": {"a": "text"}}, {"a": "text"}),  # by the order of types
    ({"a": None}, {"$min": {"a": 1}}, {"a": None}),
    ({"a": 1, "b": 2}, {"$rename": {"a": "c.d"}}, {"b": 2, "c": {"d": 1}}),
    ({"a": {"b": 1, "x": 0}, "c": 3}, {"$rename": {"a.b": "c"}}, {"a": {"x": 0}, "c": 1}),
    ({"a": 1}, {"$rename": {"nothing": "b"}}, {"a": 1}),
    ({"a": 1, "b": 1.0}, {"$rename": {"a": "b"}}, {"b": 1}),
    ({"a": 13}, {"$bit": {"a": {"and": 10}, "b": {"or": Int64(4)}}}, {"a": 8, "b": Int64(4)}),
    ({"a": 5}, {"$bit": {"a": {"xor": 1}}}, {"a": 4}),
    ({"a": 1}, {"$setOnInsert": {"b": 1}}, {"a": 1}),
    ({"a": 1}, {"$set": {}}, {"a": 1}),
]
ARRAYS = [
    ({}, {"$push": {"a": 1}}, {"a": [1]}),
    ({"a": [1]}, {"$push": {"a": {"b": 1}}}, {"a": [1, {"b": 1}]}),
    ({"a": [1]}, {"$push": {"a": [2]}}, {"a": [1, [2]]}),
    ({"a": [1, 4]}, {"$push": {"a": {"$each": [2, 3], "$position": 1}}}, {"a": [1, 2, 3, 4]}),
    ({"a": [1, 4]}, {"$push": {"a": {"$each": [3], "$position": -1}}}, {"a": [1, 3, 4]}),
    ({"a": [3, 1]}, {"$push": {"a": {"$each": [2], "$sort": 1}}}, {"a": [1, 2, 3]}),
    ({"a": [1, 2]}, {"$push": {"a": {"$each": [3], "$slice": -2}}}, {"a": [2, 3]}),
    ({"a": [1, 2]}, {"$push": {"a": {"$each": [], "$slice": 0}}}, {"a": []}),
    (
        {"a": [{"s": 5}, {"s": 9}]},
        {"$push": {"a": {"$each": [{"s": 7}], "$sort": {"s": -1}, "$slice": 2}}},
        {"a": [{"s": 9}, {"s": 7}]},
    ),
    ({"a": [1]}, {"$addToSet": {"a": 1.0}}, {"a": [1]}),
    ({"a": [1]}, {"$addToSet": {"a": {"$each": [2, 2, 1]}}}, {"a": [1, 2]}),
    ({"a": [{"x": 1, "y": 2}]}, {"$addToSet": {"a": {"y": 2, "x": 1}}}, {"a": [{"x": 1, "y": 2}, {"y": 2, "x": 1}]}),
    ({"a": [1]}, {"$addToSet": {"a": True}}, {"a": [1, True]}),
    ({"a": [1, 2, 3, 2]}, {"$pull": {"a": 2}}, {"a": [1, 3]}),
    ({"a": [1, 2, 3]}, {"$pull": {"a": {"$gte": 2}}}, {"a": [1]}),
    ({"a": [1, 2, 3]}, {"$pull": {"a": {"$in": [1, 3]}}}, {"a": [2]}),
    ({"a": ["x", "y1"]}, {"$pull": {"a": Regex("^y")}}, {"a": ["x"]}),
    ({"a": [{"x": 1, "y": 1}, {"x": 2}]}, {"$pull": {"a": {"x": 1}}}, {"a": [{"x": 2}]}),
    ({"a": [{"x": 1}, {"x": 5}]}, {"$pull": {"a": {"x": {"$gt": 3}}}}, {"a": [{"x": 1}]}),
    ({"a": [[1], [2]]}, {"$pull": {"a": [1]}}, {"a": [[2]]}),
    ({"a": [[1, 2], [2]]}, {"$pull": {"a": {"$all": [1, 2]}}}, {"a": [[2]]}),
    ({"a": [{"x": 1}, {"x": 3}, 1]}, {"$pull": {"a": {"$or": [{"x": 1}, {"x": 2}]}}}, {"a": [{"x": 3}, 1]}),
    ({"a": [[1, 5], [2], 7]}, {"$pull": {"a": {"$gt": 3}}}, {"a": [[2]]}),
    ({"a": [{"r": [{"q": 1}]}]}, {"$pull": {"a": {"r": {"$elemMatch": {"q": 1}}}}}, {"a": []}),
    ({"a": [REFERENCE, {**REFERENCE, "$id": 2}]}, {"$pull": {"a": REFERENCE}}, {"a": [{**REFERENCE, "$id": 2}]}),
    ({"a": [{**REFERENCE, "x": 1}, 1]}, {"$pull": {"a": {"$id": 1}}}, {"a": [1]}),
    ({"a": [{"x": 1}, 1]}, {"$pull": {"a": {"$comment": "all"}}}, {"a": [1]}),
    ({}, {"$pull": {"a": 1}}, {}),
    ({"a": [1, 2, 1]}, {"$pullAll": {"a": [1]}}, {"a": [2]}),
    ({"a": [1, 2, 3]}, {"$pop": {"a": 1}}, {"a": [1, 2]}),
    ({"a": [1, 2, 3]}, {"$pop": {"a": -1}}, {"a": [2, 3]}),
    ({"a": [1, 2]}, {"$inc": {"a.$[]": 1}}, {"a": [2, 3]}),
    ({"a": [{"b": [1, 2]}, {"b": [3]}]}, {"$mul": {"a.$[].b.$[]": 10}}, {"a": [{"b": [10, 20]}, {"b": [30]}]}),
]
PIPELINES = [
    ({"a": 1}, [{"$set": {"b": {"$add": ["$a", 1]}}}, {"$unset": "a"}], {"b": 2}),
    ({"a": {"x": 1}}, [{"$set": {"a.y": "$a.x"}}], {"a": {"x": 1, "y": 1}}),
    ({"a": [{"x": 1}, {"x": 2}]}, [{"$set": {"a.z": 0}}], {"a": [{"x": 1, "z": 0}, {"x": 2, "z": 0}]}),
    ({"a": 1, "b": 2}, [{"$project": {"b": 1}}], {"b": 2}),
    ({"a": {"k": 1}}, [{"$replaceWith": "$a"}], {"k": 1}),
    ({"a": 1}, [{"$replaceRoot": {"newRoot": {"x": "$a"}}}], {"x": 1}),
    ({"a": 1}, [{"$replaceWith": {"$setField": {"field": {"$literal": "$a"}, "value": 1, "input": "$$ROOT"}}}],
     {"a": 1, "$a": 1}),
    ({"a": 1}, [{"$addFields": {"a": "$$REMOVE"}}], {}),
]  # fmt: skip


@pytest.mark.parametrize(("document", "update", "expected"), FIELDS + ARRAYS + PIPELINES)
def test_an_update_changes_as_the_manual_says(document, update, expected):
    before = {"_id": 7, **document}
    found = compile_update(update).apply(before)
    assert identical(found, {"_id": 7, **expected}), found
    assert before == {"_id": 7, **document}


@pytest.mark.parametrize(
    ("document", "query", "update", "expected"),
    [
        ({"a": [1, 5, 6]}, {"a": {"$gt": 4}}, {"$set": {"a.$": 0}}, {"a": [1, 0, 6]}),
        ({"a": [{"x": 1}, {"x": 2}]}, {"a.x": 2}, {"$inc": {"a.$.n": 1}}, {"a": [{"x": 1}, {"x": 2, "n": 1}]}),
        ({"a": [{"x": 1, "y": 1}, {"x": 1, "y": 2}]}, {"a": {"$elemMatch": {"x": 1, "y": 2}}}, {"$set": {"a.$.x": 9}},
         {"a": [{"x": 1, "y": 1}, {"x": 9, "y": 2}]}),
        ({"a": [1, 2]}, {"a": 2}, {"$unset": {"a.$": 1}}, {"a": [1, None]}),
        ({"a": {"b": [1, 2]}}, {"a.b": 2}, {"$set": {"a.b.$": 3}}, {"a": {"b": [1, 3]}}),
        ({"a": [1, 2], "b": [7, 8]}, {"a": 2}, {"$set": {"b.$": 0}}, {"a": [1, 2], "b": [7, 0]}),
        ({"a": [1, 2, 5]}, {"a": {"$gt": 1, "$lt": 5}}, {"$set": {"a.$": 0}}, {"a": [1, 0, 5]}),
        ({"a": ["x", "ab"]}, {"$or": [{"a": Regex("^a")}, {"a": "c"}]}, {"$set": {"a.$": 0}}, {"a": ["x", 0]}),
    ],
)  # fmt: skip
def test_the_positional_operator_is_the_element_the_query_matched(document, query, update, expected):
    assert compile_update(update, query=query).apply(document) == expected


@pytest.mark.parametrize(
    ("document", "update", "filters", "expected"),
    [
        ({"a": [1, 5]}, {"$set": {"a.$[e]": 0}}, [{"e": {"$gte": 5}}], {"a": [1, 0]}),
        ({"a": [{"x": 1}, {"x": 2}]}, {"$set": {"a.$[e].y": 1}}, [{"e.x": 2}], {"a": [{"x": 1}, {"x": 2, "y": 1}]}),
        ({"a": [{"b": [1, 9]}]}, {"$inc": {"a.$[].b.$[i]": 1}}, [{"i": {"$gt": 5}}], {"a": [{"b": [1, 10]}]}),
        ({"a": [{"x": 1, "y": 1}, {"x": 1}]}, {"$set": {"a.$[e].z": 1}},
         [{"$and": [{"e.x": 1}, {"e.y": {"$exists": False}}]}], {"a": [{"x": 1, "y": 1}, {"x": 1, "z": 1}]}),
        ({"a": [1, 2]}, {"$set": {"a.$[e]": 0}}, [{"e": 7}], {"a": [1, 2]}),
        ({"a": [1, 2]}, {"$unset": {"a.$[e]": 0}}, [{"e": 2}], {"a": [1, None]}),
    ],
)  # fmt: skip
def test_array_filters_choose_elements(document, update, filters, expected):
    assert compile_update(update, array_filters=filters).apply(document) == expected


@pytest.mark.parametrize(
    ("update", "code"),
    [
        ({"$set": {"a": 1, "a.b": 2}}, 40),
        ({"$set": {"a": 1}, "$inc": {"a": 1}}, 40),
        ({"$rename": {"a": "b"}, "$set": {"b": 1}}, 40),
        ({"$rename": {"a": "a"}}, 2),
        ({"$rename": {"a": 1}}, 2),
        ({"$rename": {"a.$[]": "b"}}, 2),
        ({"$set": 5}, 9),
        ({"$foo": {"a": 1}}, 9),
        ({"$set": {"a": 1}, "b": 1}, 9),
        ({"$rename": {"a": "a.b"}}, 2),
        ({"$set": {"a.$[]": 1, "a.$": 2}}, 40),
        ({"$set": {"a.$[].b": 1, "a.0": 2}}, 40),
        ({"$set": {"a.$[].b.0": 1, "a.$[].b.$[]": 2}}, 40),
        ({"$rename": {"a.b": "a"}}, 2),
        ({"$set": {"": 1}}, 56),
        ({"$set": {"a.": 1}}, 56),
        ({"$set": {"$.a": 1}}, 2),
        ({"$set": {"a.$.b.$": 1}}, 2),
        ({"$rename": {"a": "b\x00"}}, 9867600),
        ({"$inc": {"a": "x"}}, 14),
        ({"$mul": {"a": None}}, 14),
        ({"$push": {"a": {"$each": 1}}}, 2),
        ({"$push": {"a": {"$each": [], "$foo": 1}}}, 2),
        ({"$push": {"a": {"$each": [], "$slice": 1.5}}}, 2),
        ({"$push": {"a": {"$each": [], "$sort": 2}}}, 2),
        ({"$push": {"a": {"$each": [], "$sort": {"x": 2}}}}, 2),
        ({"$push": {"a": {"$each": [], "$sort": {"x.": 1}}}}, 2),
        ({"$addToSet": {"a": {"$each": 1}}}, 14),
        ({"$pop": {"a": 2}}, 9),
        ({"$pullAll": {"a": 1}}, 2),
        ({"$bit": {"a": {"nand": 1}}}, 2),
        ({"$bit": {"a": {"or": 1.5}}}, 2),
        ({"$currentDate": {"a": "date"}}, 2),
        ({"$set": {"a.$[e]": 1}}, 2),
        ([{"$group": {"_id": 1}}], 72),
        ([{"$set": {"a": {"$foo": 1}}}], 168),
    ],
)
def test_a_wrong_update_is_refused_before_any_document(update, code):
    with pytest.raises(CommandError) as refusal:
        compile_update(update)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("document", "update", "code"),
    [
        ({"_id": 1}, {"$set": {"_id": 2}}, 66),
        ({"_id": 1}, {"_id": 2, "a": 1}, 66),
        ({"_id": 1}, [{"$set": {"_id": 2}}], 66),
        ({"_id": 1}, {"$unset": {"_id": 1}}, 66),
        ({"_id": 1}, {"$set": {"_id": 1.0}}, 66),
        ({"_id": {"a": 1}}, {"$set": {"_id.a": Int64(1)}}, 66),
        ({"_id": {"a": 1}}, {"$set": {"_id.b": 1}}, 66),
        ({"_id": {"a": 1}}, {"$unset": {"_id.a": 1}}, 66),
        ({"_id": {"a": 1}}, {"$rename": {"_id.a": "b"}}, 66),
        ({"_id": 1}, {"$max": {"_id": 2}}, 66),
        ({"a": 5}, {"$set": {"a.b": 1}}, 28),
        ({"a": None}, {"$set": {"a.b": 1}}, 28),
        ({"a": [1]}, {"$set": {"a.x": 1}}, 28),
        ({"a": "x"}, {"$inc": {"a": 1}}, 14),
        ({"a": True}, {"$inc": {"a": 1}}, 14),
        ({"a": Int64(2**63 - 1)}, {"$inc": {"a": 1}}, 2),
        ({"a": 1}, {"$push": {"a": 1}}, 2),
        ({"a": 1}, {"$addToSet": {"a": 1}}, 2),
        ({"a": 1}, {"$pull": {"a": 1}}, 2),
        ({"a": [1]}, {"$pull": {"a": {"$not": {"$gt": 1}}}}, 2),
        ({"a": [1]}, {"$pull": {"a": {"$expr": True}}}, 224),
        ({"a": 1}, {"$pop": {"a": 1}}, 14),
        ({"a": 1.5}, {"$bit": {"a": {"or": 1}}}, 2),
        ({"a": 1}, {"$set": {"a.$[]": 1}}, 2),
        ({}, {"$set": {"a.$[]": 1}}, 2),
        ({"a": [1]}, {"$set": {"a.$": 1}}, 2),
        ({"a": [{"b": 1}]}, {"$rename": {"a.0.b": "c"}}, 2),
        ({"a": 1}, {"$rename": {"a": "_id"}}, 66),
        ({"a": 1}, {"$rename": {"a.b": "c"}}, 28),
        ({}, {"$set": {"$a": 1}}, 52),
        ({"$a": 1}, {"$inc": {"$a": 1}}, 52),
        ({"a": 1}, {"$rename": {"a": "$b"}}, 52),
        ({}, {"$set": {"$a.b": 1}}, 52),
        ({"a": 1}, {"b": 1, "$set": {"a": 1}}, 52),
        ({"a": []}, {"$set": {"a.1500001": 1}}, 34),
        ({"a": 1}, [{"$replaceWith": "$a"}], 40228),
    ],
)
def test_an_update_that_cannot_be_made_of_a_document_is_an_error(document, update, code):
    before = {"_id": 1, **document}
    with pytest.raises(CommandError) as refusal:
        compile_update(update).apply(before)
    assert refusal.value.code == code
    assert before == {"_id": 1, **document}


@pytest.mark.parametrize(
    ("update", "filters", "code"),
    [
        ({"$set": {"a.$[e]": 1}}, [{"e": 1}, {"e": 2}], 9),
        ({"$set": {"a": 1}}, [{"e": 1}], 9),
        ({"$set": {"a.$[e]": 1}}, [{"e": 1, "f": 2}], 9),
        ({"$set": {"a.$[E]": 1}}, [{"E": 1}], 2),
        ({"a": 1}, [{"e": 1, "f": 2}], 9),
        ([{"$set": {"a": 1}}], [{"e": 1}], 9),
    ],
)
def test_wrong_array_filters_are_refused(update, filters, code):
    with pytest.raises(CommandError) as refusal:
        compile_update(update, array_filters=filters)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "update",
    [
        {"a.$[].b.$[j]": 1, "a.$[i].b.$[j]": 2},
        {"a.$[].b.$[j]": 1, "a.$[i].b.0": 2},
        {"a.$[].b.$[j].c": 1, "a.$[i].b.$[j]": 2},
        {"a.$[].b.$[j]": 1, "a.$[i].b": 2},
    ],
    ids=str,
)
def test_filters_that_meet_at_an_element_conflict_below_it_though_nothing_matches_there(update):
    filters = [{"i.x": 1}, {"j": 99}]
    compiled = compile_update({"$set": update}, array_filters=filters)
    with pytest.raises(CommandError) as refusal:
        compiled.apply({"a": [{"x": 1, "b": [5]}]})
    assert refusal.value.code == 40
    assert compiled.apply({"a": [{"x": 2, "b": [5]}]}) == {"a": [{"x": 2, "b": [5]}]}
    assert compiled.apply({"a": []}) == {"a": []}


def test_a_replacement_keeps_the_identifier_and_puts_it_first():
    update = compile_update({"a": {"$b": 1}, "c.d": 2})
    assert update.replacement
    assert list(update.apply({"_id": 5, "x": 1}).items()) == [("_id", 5), ("a", {"$b": 1}), ("c.d", 2)]
    assert list(compile_update({"a": 1, "_id": 5}).apply({"_id": 5})) == ["_id", "a"]


@pytest.mark.parametrize("update", [{"_id": 1.0, "a": 1}, {"a": 1, "_id": 1.0}, [{"$set": {"_id": 1.0}}]])
def test_a_whole_document_may_give_the_identifier_another_type(update):
    assert identical(compile_update(update).apply({"_id": 1, "a": 1}), {"_id": 1.0, "a": 1})


def test_fields_appear_in_the_order_of_their_names_however_their_element_is_named():
    both, document = [{"e.a": 1}], {"a": [{"a": 1}]}
    for update in ({"a.$[e].b": 1, "a.$[].z": 2}, {"a.$[e].z": 2, "a.$[].b": 1}):
        found = compile_update({"$set": update}, array_filters=both).apply(document)
        assert list(found["a"][0].items()) == [("a", 1), ("b", 1), ("z", 2)]
    for update in ({"a.$.b": 1, "a.0.z": 2}, {"a.$.z": 2, "a.0.b": 1}):
        found = compile_update({"$set": update}, query={"a.a": 1}).apply(document)
        assert list(found["a"][0].items()) == [("a", 1), ("b", 1), ("z", 2)]


def test_an_identifier_may_be_set_to_what_it_is_and_made_by_an_upsert_once():
    assert compile_update({"$set": {"_id": 1, "a": 2}}).apply({"_id": 1, "a": 1}) == {"_id": 1, "a": 2}
    assert compile_update({"$set": {"_id.a": 1}}).apply({}, inserting=True) == {"_id": {"a": 1}}
    with pytest.raises(CommandError) as refusal:
        compile_update({"$set": {"_id.a": 1, "_id.b": 1}}).apply({}, inserting=True)
    assert refusal.value.code == 66


def test_an_array_is_filled_up_to_a_million_and_a_half_places_on():
    assert len(compile_update({"$set": {"a.1500000": 1}}).apply({"_id": 1, "a": []})["a"]) == 1_500_001


def test_names_that_begin_with_a_dollar_are_for_fields_below_and_for_inserts():
    assert compile_update({"$set": {"a.$b": 1}}).apply({"_id": 1}) == {"_id": 1, "a": {"$b": 1}}
    assert compile_update({"$unset": {"$a": 1}, "$min": {"$b": 9}}).apply({"$a": 1, "$b": 5}) == {"$b": 5}
    assert compile_update({"$setOnInsert": {"$a": 1}}).apply({"_id": 1}, inserting=True) == {"_id": 1, "$a": 1}
    assert compile_update({"a": 1, "$b": 2}).apply({"_id": 1}, inserting=True) == {"_id": 1, "a": 1, "$b": 2}
    assert compile_update({"$set": {"$a.b": 2}}).apply({"$a": {"b": 1}}) == {"$a": {"b": 2}}


@pytest.mark.parametrize(
    ("old", "update"),
    [
        (-0.0, {"$inc": {"a": 0.0}}),
        (-0.0, {"$mul": {"a": -0.0}}),
        (Decimal128("1.0"), {"$inc": {"a": Decimal128("0.00")}}),
    ],
)
def test_arithmetic_that_gives_an_equal_number_writes_nothing(old, update):
    assert identical(compile_update(update).apply({"_id": 1, "a": old}), {"_id": 1, "a": old})


def test_the_current_date_is_a_date_or_a_timestamp():
    found = compile_update({"$currentDate": {"d": True, "t": {"$type": "timestamp"}}}).apply({"_id": 1})
    assert type(found["d"]) is datetime
    assert type(found["t"]) is Timestamp


def test_sets_and_pulls_compare_by_the_collation():
    collation = Collation.from_spec({"locale": "en", "strength": 2})
    document = {"_id": 1, "a": ["Bonn"]}
    assert compile_update({"$addToSet": {"a": "BONN"}}, collation=collation).apply(document) == document
    assert compile_update({"$pull": {"a": "BONN"}}, collation=collation).apply(document) == {"_id": 1, "a": []}
    assert compile_update({"$max": {"a.0": "BONN"}}, collation=collation).apply(document) == document


@pytest.mark.parametrize(
    "value",
    [
        {"$cond": [{"$eq": ["$n", 2]}, {"$divide": [1, 0]}, "ok"]},
        {"$ifNull": ["ok", {"$toInt": "x"}]},
        {"$switch": {"branches": [{"case": {"$eq": ["$n", 1]}, "then": "ok"}], "default": {"$add": ["x", 1]}}},
    ],
    ids=str,
)
def test_constants_of_a_pipeline_are_computed_only_where_a_document_needs_them(value):
    """Unlike those of an ``aggregate``: MongoDB does not optimize the pipeline of an update."""
    assert compile_update([{"$set": {"a": value}}]).apply({"_id": 1, "n": 1}) == {"_id": 1, "n": 1, "a": "ok"}
    compiled = compile_update([{"$set": {"a": {"$add": ["x", 1]}}}])
    with pytest.raises(CommandError):
        compiled.apply({"_id": 1})


def test_a_place_that_is_also_a_name_leaves_the_position_open():
    update = compile_update({"$set": {"a.$": 9}}, query={"a.1": 1})
    with pytest.raises(CommandError, match="set MONGODB_URI"):
        update.apply({"a": [{"1": 1}, 1]})
