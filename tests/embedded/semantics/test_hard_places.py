"""What in-memory imitations of MongoDB are known to answer wrongly: right here, or refused."""

import pytest
from bson import Int64

from core.database.embedded.semantics.collation import Collation
from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression
from core.database.embedded.semantics.matching import compile_filter
from core.database.embedded.semantics.pipeline import compile_pipeline
from core.database.embedded.semantics.projection import compile_projection
from core.database.embedded.semantics.sorting import compile_sort
from core.database.embedded.semantics.text_fields import TextIndex
from core.database.embedded.semantics.updates import compile_update


def found(query, *documents, **options):
    match = compile_filter(query, **options)
    return [place for place, document in enumerate(documents) if match(document)]


def test_null_below_a_missing_parent():
    assert found({"a.b": None}, {}, {"a": {}}, {"a": {"b": None}}, {"a": {"b": 0}}, {"a": 1}) == [0, 1, 2, 4]


def test_true_is_not_one():
    assert found({"a": 1}, {"a": True}, {"a": 1}) == [1]
    assert found({"a": True}, {"a": 1}, {"a": True}) == [1]
    assert found({"a": {"$in": [0]}}, {"a": False}) == []
    assert compile_update({"$addToSet": {"a": True}}).apply({"a": [1]}) == {"a": [1, True]}


def test_at_least_null_is_null():
    assert found({"a": {"$gte": None}}, {}, {"a": None}, {"a": 1}) == [0, 1]


def test_mod_cuts_towards_zero_and_skips_what_is_no_number():
    assert found({"a": {"$mod": [3, -1]}}, {"a": -4}, {"a": 2}, {"a": "4"}, {"a": None}, {}) == [0]


def test_type_null_is_not_missing():
    assert found({"a": {"$type": "null"}}, {}, {"a": None}) == [1]


def test_arrays_sort_by_their_least_upwards_and_their_greatest_downwards():
    documents = [{"a": [5, 1]}, {"a": 3}, {"a": []}, {"a": None}]
    assert sorted(documents, key=compile_sort({"a": 1})) == [{"a": []}, {"a": None}, {"a": [5, 1]}, {"a": 3}]
    assert sorted(documents, key=compile_sort({"a": -1})) == [{"a": [5, 1]}, {"a": 3}, {"a": None}, {"a": []}]


def test_fields_under_one_array_sort_together():
    documents = [{"_id": 1, "a": [{"x": 1, "y": 5}, {"x": 2, "y": 1}]}, {"_id": 2, "a": [{"x": 1, "y": 3}]}]
    assert [one["_id"] for one in sorted(documents, key=compile_sort({"a.x": 1, "a.y": 1}))] == [2, 1]
    assert [one["_id"] for one in sorted(documents, key=compile_sort({"a.x": -1, "a.y": -1}))] == [1, 2]


@pytest.mark.parametrize("document", [{"a": [1, 2], "b": [1, 2]}, {"a": [1], "b": []}, {"a": [{"b": [1]}], "b": [1]}])
def test_arrays_side_by_side_have_no_order(document):
    with pytest.raises(CommandError, match="parallel arrays") as refusal:
        compile_sort({"a": 1, "b": 1})(document)
    assert refusal.value.code == 2


def test_a_push_sorts_by_whole_arrays():
    push = {"$push": {"a": {"$each": [], "$sort": {"b": 1, "c.0": -1}}}}
    items = [{"b": [2]}, {"b": [1, 5]}, {"b": 9}, {}, 5, {"b": None, "c": [3]}]
    expected = [{"b": None, "c": [3]}, {}, 5, {"b": 9}, {"b": [1, 5]}, {"b": [2]}]
    assert compile_update(push).apply({"a": items}) == {"a": expected}


def test_collation_in_filters_and_sorts():
    collation = Collation.from_spec({"locale": "en", "strength": 2})
    assert found({"a": "BONN"}, {"a": "bonn"}, {"a": "Bönn"}, collation=collation) == [0]
    documents = [{"a": "b"}, {"a": "C"}, {"a": "A"}]
    assert [one["a"] for one in sorted(documents, key=compile_sort({"a": 1}, collation))] == ["A", "b", "C"]


@pytest.mark.parametrize(
    ("strength", "classes"),
    [
        (None, [["a"], ["A"], ["á"], ["Á"], ["ab"], ["b"], ["B"]]),
        (3, [["a"], ["A"], ["á"], ["Á"], ["ab"], ["b"], ["B"]]),
        (2, [["a", "A"], ["á", "Á"], ["ab"], ["b", "B"]]),
        (1, [["a", "A", "á", "Á"], ["ab"], ["b", "B"]]),
    ],
)
def test_the_strength_of_a_collation_says_what_is_equal(strength, classes):
    collation = Collation.from_spec({"locale": "en", **({"strength": strength} if strength else {})})
    texts = ["B", "b", "ab", "Á", "á", "A", "a"]
    keys = sorted({collation.key(text) for text in texts})
    assert [{text for text in texts if collation.key(text) == key} for key in keys] == [set(group) for group in classes]


@pytest.mark.parametrize(
    "spec", [{"locale": "de"}, {"locale": "en", "strength": 4}, {"locale": "en", "caseLevel": True}]
)
def test_other_collations_are_refused(spec):
    with pytest.raises(CommandError, match="MONGODB_URI"):
        Collation.from_spec(spec)


def test_a_positional_projection():
    assert compile_projection({"a.$": 1}, query={"a": {"$gt": 1}})({"_id": 1, "a": [1, 2, 3]}) == {"_id": 1, "a": [2]}


@pytest.mark.parametrize(
    ("document", "update", "expected"),
    [
        ({}, {"$mul": {"a": Int64(2)}}, {"a": Int64(0)}),
        ({"a": 5}, {"$bit": {"a": {"and": 3}}}, {"a": 1}),
        ({"a": {"b": 1}}, {"$rename": {"a.b": "c.d"}}, {"a": {}, "c": {"d": 1}}),
        ({"a": [1, 2]}, {"$inc": {"a.$[]": 1}}, {"a": [2, 3]}),
    ],
)
def test_update_operators(document, update, expected):
    assert compile_update(update).apply(document) == expected


def test_array_filters():
    update = compile_update({"$set": {"a.$[big].x": 0}}, array_filters=[{"big.x": {"$gt": 1}}])
    assert update.apply({"a": [{"x": 1}, {"x": 2}]}) == {"a": [{"x": 1}, {"x": 0}]}


def test_text_search_needs_its_index_and_ignores_case_and_marks():
    documents = ({"t": "Größe und Farbe"}, {"t": "farblos"})
    index = TextIndex(fields=("t",))
    assert found({"$text": {"$search": "GROßE"}}, *documents, text=index) == [0]
    assert found({"$text": {"$search": "farbe -große"}}, *documents, text=index) == []
    with pytest.raises(CommandError):
        compile_filter({"$text": {"$search": "x"}})


def aggregate(stages, *documents):
    return list(compile_pipeline(stages, sources=lambda name: ()).run(documents))


def test_a_count_of_nothing_is_no_document():
    assert aggregate([{"$match": {"a": 1}}, {"$count": "n"}]) == []


def test_reduce_merge_and_truncate():
    total = {"$reduce": {"input": "$l", "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}}
    assert compile_expression(total)({"l": [1, 2]}, {}) == 3
    assert compile_expression({"$mergeObjects": ["$a", "$none", {"y": 2}]})({"a": {"x": 1}}, {}) == {"x": 1, "y": 2}
    assert compile_expression({"$dateTrunc": {"date": "$none", "unit": "day"}})({}, {}) is None


@pytest.mark.parametrize("stage", ["$setWindowFields", "$merge", "$geoNear", "$densify", "$fill", "$search", "$redact"])
def test_what_is_not_offered_is_refused_by_name(stage):
    with pytest.raises(CommandError, match=rf"\{stage}.*MONGODB_URI") as refusal:
        aggregate([{stage: {}}])
    assert refusal.value.code == 40324


@pytest.mark.parametrize("operator", ["$near", "$nearSphere", "$geoWithin", "$geoIntersects"])
def test_places_are_refused_by_name(operator):
    with pytest.raises(CommandError, match=rf"\{operator}.*MONGODB_URI"):
        compile_filter({"a": {operator: {}}})
