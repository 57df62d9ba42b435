"""What is constant is computed before the first document: its errors come even where nothing needs it."""

import pytest

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.evaluation import Constant
from core.database.embedded.semantics.expressions import compile_expression

FAILS = {"$divide": [1, 0]}


@pytest.mark.parametrize(
    "spec",
    [
        FAILS,
        {"a": [FAILS]},
        {"$add": ["$a", FAILS]},
        {"$cond": ["$a", 1, FAILS]},
        {"$cond": [True, 1, FAILS]},
        {"$ifNull": [1, FAILS]},
        {"$and": [False, FAILS]},
        {"$switch": {"branches": [{"case": True, "then": 1}], "default": FAILS}},
        {"$switch": {"branches": [{"case": "$a", "then": FAILS}], "default": 1}},
        {"$map": {"input": "$a", "in": FAILS}},
        {"$convert": {"input": "$a", "to": "int", "onError": FAILS}},
    ],
)
def test_the_error_of_a_constant_comes_before_the_first_document(spec):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)
    assert refusal.value.code == 2


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"$switch": {"branches": [{"case": True, "then": 1}, {"case": FAILS, "then": FAILS}]}}, 1),
        ({"$switch": {"branches": [{"case": 0, "then": FAILS}, {"case": "$a", "then": 2}], "default": 3}}, 3),
        ({"$switch": {"branches": [{"case": "$one", "then": 2}, {"case": 1, "then": 3}]}}, 2),
        ({"$or": [{"$divide": [1, "$zero"]}, "yes"]}, True),
        ({"$and": [{"$divide": [1, "$zero"]}, None]}, False),
        ({"$cond": ["$one", 1, {"$divide": [1, "$zero"]}]}, 1),
        ({"$ifNull": ["$one", {"$divide": [1, "$zero"]}]}, 1),
    ],
)
def test_what_is_not_reached_is_not_evaluated(spec, expected):
    assert compile_expression(spec)({"one": 1, "zero": 0}, {}) == expected


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ([FAILS, {"$unknown": 1}], 168),
        ({"$switch": {"branches": [{"case": True, "then": 1}, {"case": 1, "then": {"$add": "$$x"}}]}}, 17276),
        ({"$switch": {"branches": [{"case": False, "then": {"$abs": [1, 2]}}], "default": 1}}, 16020),
    ],
)
def test_an_error_of_form_comes_before_that_of_a_constant_and_also_from_what_is_not_reached(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)
    assert refusal.value.code == code


@pytest.mark.parametrize("spec", [{"$rand": {}}, "$a", "$$ROOT", {"$getField": "a"}, {"$meta": "textScore"}])
def test_what_differs_from_document_to_document_is_no_constant(spec):
    assert not isinstance(compile_expression([spec, 1], score=lambda document: 1.0), Constant)


def test_a_constant_is_not_shared_between_documents_that_change_it():
    evaluate = compile_expression({"$mergeObjects": [{"a": {"b": 1}}, "$o"]})
    assert evaluate({"o": {"c": 1}}, {}) == {"a": {"b": 1}, "c": 1}
    assert evaluate({"o": {"d": 1}}, {}) == {"a": {"b": 1}, "d": 1}
