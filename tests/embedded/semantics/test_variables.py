"""Variables and paths: where they begin, what may be named, and where a command's are there."""

import pytest
from bson import Int64

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import command_variables, compile_expression
from core.database.embedded.semantics.values import MISSING


def evaluated(spec, document=None):
    variables = command_variables()
    return compile_expression(spec, names=variables.keys())(document or {}, variables)


def code_of(spec, names=("NOW",)):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec, names=names)
    return refusal.value.code


def test_the_time_is_one_for_a_command():
    first, second = evaluated(["$$NOW", "$$NOW"])
    assert first == second
    assert first.microsecond % 1000 == 0


@pytest.mark.parametrize("name", ["NOW", "CLUSTER_TIME", "USER_ROLES"])
def test_what_a_command_knows_is_not_there_without_one(name):
    """So in ``count``, ``distinct`` and the values of ``let``."""
    assert code_of(f"$${name}", names=()) == 51144


@pytest.mark.parametrize("name", ["CLUSTER_TIME", "USER_ROLES", "KEEP"])
def test_a_system_variable_that_is_not_offered_is_refused(name):
    assert code_of(f"$${name}") == 168


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"$map": {"input": "$rows", "as": "CURRENT", "in": "$n"}}, [1, 2]),
        ({"$map": {"input": "$rows", "as": "CURRENT", "in": "$$CURRENT.n"}}, [1, 2]),
        ({"$map": {"input": "$rows", "as": "CURRENT", "in": "$$ROOT.n"}}, [9, 9]),
        ({"$let": {"vars": {"CURRENT": {"n": 5}}, "in": {"$add": ["$n", "$$ROOT.n"]}}}, 14),
        ({"$map": {"input": "$rows", "in": "$n"}}, [9, 9]),
        ({"$let": {"vars": {}, "in": "$n"}}, 9),
        ({"$let": {"vars": {"é": 1}, "in": "$$é"}}, 1),
        ("$$REMOVE.n", MISSING),
    ],
)
def test_a_path_begins_at_the_document_or_at_what_current_was_bound_to(spec, expected):
    assert evaluated(spec, {"n": 9, "rows": [{"n": 1}, {"n": 2}]}) == expected


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("$$", 9),
        ("$$$n", 9),
        ("$$.n", 9),
        ("$$9", 9),
        ("$$a-b", 9),
        ("$$ROOT2", 17276),
        ("$$ROOT.", 40353),
        ("$n.", 40353),
        ("$n..m", 15998),
        ("$$ROOT.$n", 16410),
        ("$n\0m", 16411),
    ],
)
def test_a_malformed_path_is_refused(spec, code):
    assert code_of(spec) == code


@pytest.mark.parametrize("name", ["", "Big", "_x", "1x", "a.b", "a b", "ROOT", "NOW", "REMOVE"])
def test_a_users_variable_begins_with_a_small_letter_and_holds_word_characters(name):
    assert code_of({"$let": {"vars": {name: 1}, "in": 1}}) == 9


def test_the_variables_of_a_command_may_use_those_before_them():
    found = command_variables({"price": Int64(2), "twice": {"$multiply": ["$$price", 2]}})
    assert found["twice"] == 4


@pytest.mark.parametrize(
    ("let", "code"),
    [
        ({"a": "$$b", "b": 1}, 17276),
        ({"a": "$field"}, 4890500),
        ({"a": "$$ROOT"}, 4890500),
        ({"a": {"$getField": "field"}}, 4890500),
        ({"a": "$$NOW"}, 51144),
        ({"NOW": 1}, 4738901),
        ({"ROOT": 1}, 9),
        ({"Big": 1}, 9),
        ({"a": {"$divide": [1, 0]}}, 2),
    ],
)
def test_the_variables_of_a_command_read_no_document(let, code):
    with pytest.raises(CommandError) as refusal:
        command_variables(let)
    assert refusal.value.code == code
