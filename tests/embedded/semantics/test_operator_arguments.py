"""Operators that take an object check its fields, each with MongoDB's own codes."""

import pytest

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"$cond": {"then": 1, "else": 2}}, 17080),
        ({"$cond": {"if": 1, "else": 2}}, 17081),
        ({"$cond": {"if": 1, "then": 2}}, 17082),
        ({"$cond": {"if": 1, "then": 2, "else": 3, "other": 4}}, 17083),
        ({"$cond": "a"}, 16020),
        ({"$switch": []}, 40060),
        ({"$switch": {"branches": {}}}, 40061),
        ({"$switch": {"branches": [1]}}, 40062),
        ({"$switch": {"branches": [{"case": 1, "then": 1, "other": 1}]}}, 40063),
        ({"$switch": {"branches": [{"then": 1}]}}, 40064),
        ({"$switch": {"branches": [{"case": 1}]}}, 40065),
        ({"$switch": {"branches": [], "other": 1}}, 40067),
        ({"$switch": {"default": 1}}, 40068),
        ({"$let": 1}, 16874),
        ({"$let": {"vars": {}, "in": 1, "other": 1}}, 16875),
        ({"$let": {"in": 1}}, 16876),
        ({"$let": {"vars": {}}}, 16877),
        ({"$let": {"vars": 1, "in": 1}}, 10065),
        ({"$map": []}, 16878),
        ({"$map": {"input": [], "in": 1, "other": 1}}, 16879),
        ({"$map": {"in": 1}}, 16880),
        ({"$map": {"input": []}}, 16882),
        ({"$filter": []}, 28646),
        ({"$filter": {"input": [], "cond": 1, "other": 1}}, 28647),
        ({"$filter": {"cond": 1}}, 28648),
        ({"$filter": {"input": []}}, 28650),
        ({"$reduce": []}, 40075),
        ({"$reduce": {"input": [], "initialValue": 1, "in": 1, "other": 1}}, 40076),
        ({"$reduce": {"initialValue": 1, "in": 1}}, 40077),
        ({"$reduce": {"input": [], "in": 1}}, 40078),
        ({"$reduce": {"input": [], "initialValue": 1}}, 40079),
        ({"$sortArray": []}, 2942500),
        ({"$sortArray": {"input": [], "sortBy": 1, "other": 1}}, 2942501),
        ({"$sortArray": {"sortBy": 1}}, 2942502),
        ({"$sortArray": {"input": []}}, 2942503),
        ({"$sortArray": {"input": [], "sortBy": {"a": 2}}}, 2942505),
        ({"$sortArray": {"input": [], "sortBy": 0}}, 2942506),
        ({"$sortArray": {"input": [], "sortBy": "a"}}, 2942507),
        ({"$rand": 1}, 10065),
        ({"$rand": {"a": 1}}, 3040501),
        ({"$meta": 1}, 17307),
        ({"$meta": "nothing"}, 17308),
    ],
)
def test_each_operator_names_its_own_code_for_a_malformed_argument(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)
    assert refusal.value.code == code


@pytest.mark.parametrize(("limit", "code"), [(1.5, 327391), ("a", 327391), (2**40, 327391), (0, 327392), (-1, 327392)])
def test_a_filters_limit_is_a_positive_32_bit_integer(limit, code):
    with pytest.raises(CommandError) as refusal:
        compile_expression({"$filter": {"input": [1], "cond": True, "limit": limit}})({}, {})
    assert refusal.value.code == code


def test_a_sorted_arrays_elements_are_compared_whole():
    items = [{"a": [3, 1]}, {"a": [2, 9]}, 7, {"b": [5]}]
    assert compile_expression({"$sortArray": {"input": items, "sortBy": {"a": 1}}})({}, {}) == [
        7, {"b": [5]}, {"a": [2, 9]}, {"a": [3, 1]}
    ]  # fmt: skip
    assert compile_expression({"$sortArray": {"input": items, "sortBy": {"b.0": -1}}})({}, {})[0] == {"b": [5]}
