"""Filters: and/or/not, embedded objects, lists, JSON, links, null and absent; LIKE against a plain reading of it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import LOCAL_OWNER
from core.actions import Data, Query
from core.database.embedded.semantics.matching import compile_filter as compile_mongo
from core.errors import InputError, LimitExceeded
from core.queries import MAX_CONDITIONS, MAX_DEPTH, MAX_TEXT, MAX_VALUES, compile_filter
from core.specs import Catalog
from core.stored import matches
from tests.data.conftest import ANN
from tests.data.test_scalars import like

ROWS: list[dict[str, Any]] = [
    {"text": "one", "number": 1, "address": {"city": "Bonn", "street": {"name": "Am Hof", "number": 2}}},
    {"text": "two", "number": 2, "address": {"city": "Köln", "countryCode": "DE"}, "tags": ["a", "b"]},
    {"text": "three", "number": 3, "address": None, "tags": ["b", "c"], "data": {"a": {"b": 1}, "c": None}},
    {"text": None, "number": None, "tags": [], "addresses": [{"city": "Bonn"}, {"city": "Ulm", "countryCode": "AT"}]},
    {"text": "five", "number": 5, "addresses": [{"city": "Bonn"}], "numbers": [1, 2, 2], "pet": {"kind": "cat"}},
    {"text": "six", "pet": {"kind": "dog", "tricks": ["roll"]}, "colors": ["red"], "anything": [1, {"x": 2}]},
]

CASES: list[tuple[dict[str, Any], set[int]]] = [
    ({}, {0, 1, 2, 3, 4, 5}),
    ({"and": []}, {0, 1, 2, 3, 4, 5}),
    ({"or": []}, set()),
    ({"not": {}}, set()),
    ({"or": [{"text": {"eq": "one"}}, {"and": [{"number": {"gt": 1}}, {"number": {"lt": 3}}]}]}, {0, 1}),
    ({"not": {"or": [{"text": {"eq": "one"}}, {"number": {"gte": 2}}]}}, {3, 5}),
    ({"not": {"not": {"text": {"in": ["six", None]}}}}, {3, 5}),
    ({"text": {"eq": None}}, {3}),
    ({"text": {"is": None}}, {3}),
    ({"text": {"isNot": None}, "number": {"is": None}}, {5}),
    ({"number": {"neq": 1}}, {1, 2, 3, 4, 5}),
    ({"number": {"notIn": [1, 2, 3]}}, {3, 4, 5}),
    ({"number": {"gte": 2, "lt": 5}}, {1, 2}),
    ({"address": {"city": {"eq": "Bonn"}}}, {0}),
    ({"address": {"street": {"name": {"iContains": "HOF"}, "number": {"gt": 1}}}}, {0}),
    ({"address": {"countryCode": {"eq": "DE"}}}, {0, 1}),
    ({"address": {"or": [{"city": {"eq": "Köln"}}, {"street": {"isNot": None}}]}}, {0, 1}),
    ({"address": {"is": None}}, {2, 3, 4, 5}),
    ({"tags": {"has": "b"}}, {1, 2}),
    ({"tags": {"hasAny": ["a", "c"]}}, {1, 2}),
    ({"tags": {"hasAll": ["b", "c"]}}, {2}),
    ({"tags": {"hasAll": []}}, {0, 1, 2, 3, 4, 5}),
    ({"tags": {"hasAny": []}}, set()),
    ({"tags": {"isEmpty": False}}, {1, 2}),
    ({"tags": {"isEmpty": True, "size": 0}, "number": {"gt": 0}}, {0, 4}),
    ({"tags": {"size": 2}}, {1, 2}),
    ({"numbers": {"has": 2}}, {4}),
    ({"colors": {"has": "red"}}, {5}),
    ({"addresses": {"some": {"city": {"eq": "Bonn"}}}}, {3, 4}),
    ({"addresses": {"some": {"city": {"eq": "Bonn"}, "countryCode": {"eq": "AT"}}}}, set()),
    ({"addresses": {"every": {"city": {"eq": "Bonn"}}, "isEmpty": False}}, {4}),
    ({"addresses": {"every": {"city": {"eq": "Bonn"}}}}, {0, 1, 2, 4, 5}),
    ({"addresses": {"none": {"countryCode": {"eq": "AT"}}}}, {0, 1, 2, 4, 5}),
    ({"addresses": {"some": {"not": {"city": {"startsWith": "B"}}}}}, {3}),
    ({"data": {"hasKey": "a"}}, {2}),
    ({"data": {"hasKey": "a.b"}}, {2}),
    ({"data": {"hasKey": "a.x"}}, set()),
    ({"data": {"pathEquals": {"path": "a.b", "value": 1}}}, {2}),
    ({"data": {"pathEquals": {"path": "a", "value": {"b": 1}}}}, {2}),
    ({"anything": {"isNot": None}}, {5}),
    ({"pet": {"kind": {"eq": "cat"}}}, {4}),
    ({"pet": {"lives": {"gte": 9}}}, {4}),
    ({"pet": {"tricks": {"has": "roll"}}}, {5}),
    ({"pet": {"is": None}}, {0, 1, 2, 3}),
]


async def test_filters_mean_what_the_documentation_says(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    rows = await data.create_many(model, LOCAL_OWNER, ROWS)
    place = {row["_id"]: number for number, row in enumerate(rows)}
    for filter, expected in CASES:
        found = await data.list(model, LOCAL_OWNER, Query(filter=filter), ["text"])
        assert {place[row["_id"]] for row in found.rows} == expected, filter
        assert await data.count(model, LOCAL_OWNER, filter) == len(expected)
        # What a subscription decides about a document in hand is the same.
        query = compile_filter(catalog, model, LOCAL_OWNER, filter).query
        assert {number for number, row in enumerate(rows) if matches(query, row)} == expected, filter


UNUSABLE: list[tuple[Any, tuple[Any, ...], str]] = [
    ({"nothing": {"eq": 1}}, ("nothing",), "unknown_field"),
    ({"password": {"eq": "x"}}, ("password",), "unknown_field"),
    ({"$where": "1"}, ("$where",), "unknown_field"),
    ({"text": {"$gt": ""}}, ("text", "$gt"), "unknown_operator"),
    ({"text": {"has": "x"}}, ("text", "has"), "unknown_operator"),
    ({"address": {"eq": {}}}, ("address", "eq"), "unknown_field"),
    ({"address": {"street": {"nowhere": {"eq": 1}}}}, ("address", "street", "nowhere"), "unknown_field"),
    ({"text": None}, ("text",), "filter_type"),
    ({"text": "x"}, ("text",), "filter_type"),
    ([], (), "filter_type"),
    ({"and": 5}, ("and",), "list_type"),
    ({"and": [None]}, ("and", 0), "filter_type"),
    ({"text": {"gt": None}}, ("text", "gt"), "null"),
    ({"number": {"in": 5}}, ("number", "in"), "list_type"),
    ({"number": {"between": {"lower": 1}}}, ("number", "between"), "range_type"),
    ({"number": {"between": {"lower": 1, "upper": None}}}, ("number", "between", "upper"), "null"),
    ({"tags": {"isEmpty": None}}, ("tags", "isEmpty"), "bool_type"),
    ({"tags": {"size": -1}}, ("tags", "size"), "invalid_value"),
    ({"text": {"is": "x"}}, ("text", "is"), "bool_type"),
    ({"addresses": {"some": {"$where": "1"}}}, ("addresses", "some", "$where"), "unknown_field"),
    ({"data": {"hasKey": "$where"}}, ("data", "hasKey"), "invalid_key"),
    ({"data": {"hasKey": "a..b"}}, ("data", "hasKey"), "invalid_key"),
    ({"data": {"hasKey": ""}}, ("data", "hasKey"), "invalid_key"),
    (
        {"data": {"pathEquals": {"path": "a", "value": {"$gt": 1}}}},
        ("data", "pathEquals", "value", "$gt"),
        "invalid_key",
    ),
    ({"text": {"like": "\0"}}, ("text", "like"), "invalid_text"),
    ({"text": {"like": 5}}, ("text", "like"), "string_type"),
    ({"id": {"eq": "x"}}, ("id", "eq"), "invalid_id"),
]


@pytest.mark.parametrize(("filter", "path", "code"), UNUSABLE, ids=str)
def test_an_unusable_filter_names_the_place(catalog: Catalog, filter: Any, path: tuple[Any, ...], code: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_filter(catalog, catalog.models["Thing"], LOCAL_OWNER, filter)
    error = caught.value.field_errors[0]
    assert (error.path, error.code) == (path, code)


def _deep(levels: int) -> dict[str, Any]:
    filter: dict[str, Any] = {"text": {"eq": "x"}}
    for _ in range(levels):
        filter = {"not": filter}
    return filter


HUGE = [
    _deep(MAX_DEPTH + 1),
    {"or": [{"text": {"eq": "x"}}] * MAX_CONDITIONS},
    {"number": {"in": list(range(MAX_VALUES + 1))}},
    {"text": {"like": "%" * (MAX_TEXT + 1)}},
    {"text": {"eq": "x" * (MAX_TEXT + 1)}},
]


@pytest.mark.parametrize("filter", HUGE, ids=["deep", "many", "values", "pattern", "text"])
def test_a_filter_has_a_largest_size(catalog: Catalog, filter: Any) -> None:
    with pytest.raises(LimitExceeded):
        compile_filter(catalog, catalog.models["Thing"], LOCAL_OWNER, filter)


def test_a_hidden_field_is_refused_in_the_words_for_an_unknown_one(catalog: Catalog) -> None:
    model = catalog.models["Player"]
    said: set[str] = set()
    for name in ("salary", "code", "wages"):
        with pytest.raises(InputError) as caught:
            compile_filter(catalog, model, ANN, {name: {"eq": 1}})
        said.add(caught.value.message.replace(name, "…"))
    assert len(said) == 1


_PATTERN = st.text(st.sampled_from("ab%_\\.$^(\n*ß"), max_size=8)
_TEXT = st.text(st.sampled_from("ab%_\\.$^(\n*ß"), max_size=10)


@given(pattern=_PATTERN, text=_TEXT, ignore_case=st.booleans())
def test_like_is_anchored_escaped_and_as_long_as_the_text(pattern: str, text: str, ignore_case: bool) -> None:
    from core.filters import OPERATORS

    key, flags = ("iLike", re.IGNORECASE) if ignore_case else ("like", 0)
    match = compile_mongo({"text": OPERATORS[key].mongo(pattern)})
    assert match({"text": text}) == like(pattern, text, flags)


@given(piece=_TEXT, text=_TEXT)
def test_pieces_of_text_are_found_as_they_stand(piece: str, text: str) -> None:
    from core.filters import OPERATORS

    def holds(key: str) -> bool:
        return compile_mongo({"text": OPERATORS[key].mongo(piece)})({"text": text})

    assert holds("contains") == (piece in text)
    assert holds("startsWith") == text.startswith(piece)
    assert holds("endsWith") == text.endswith(piece)


_LEAF = st.one_of(
    st.builds(
        lambda op, v: {"number": {op: v}}, st.sampled_from(["eq", "neq"]), st.one_of(st.none(), st.integers(0, 3))
    ),
    st.builds(lambda op, v: {"number": {op: v}}, st.sampled_from(["gt", "gte", "lt", "lte"]), st.integers(0, 3)),
    st.builds(
        lambda op, v: {"number": {op: v}}, st.sampled_from(["in", "notIn"]), st.lists(st.integers(0, 3), max_size=2)
    ),
    st.builds(lambda v: {"text": {"contains": v}}, st.sampled_from(["a", "b", ""])),
    st.builds(lambda op: {"address": {op: None}}, st.sampled_from(["is", "isNot"])),
    st.builds(lambda v: {"address": {"city": {"neq": v}}}, st.sampled_from(["a", "b"])),
)
_FILTER = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"and": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"or": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda one, other: {**one, "and": [other]}, _LEAF, inner),
    ),
    max_leaves=8,
)
_ROW = st.fixed_dictionaries(
    {},
    optional={
        "number": st.one_of(st.none(), st.integers(0, 3)),
        "text": st.one_of(st.none(), st.text("ab", max_size=2)),
        "address": st.one_of(st.none(), st.fixed_dictionaries({"city": st.sampled_from("ab")})),
    },
)


def _holds(filter: dict[str, Any], row: dict[str, Any]) -> bool:
    """The documented meaning: null and absent are one; a comparison needs a value, its negation does not."""
    tests = {
        "and": lambda parts: all(_holds(part, row) for part in parts),
        "or": lambda parts: any(_holds(part, row) for part in parts),
        "not": lambda part: not _holds(part, row),
        "number": lambda given: all(_compares(operator, row.get("number"), v) for operator, v in given.items()),
        "text": lambda given: row.get("text") is not None and given["contains"] in row["text"],
        "address": lambda given: _address(given, row.get("address")),
    }
    return all(tests[name](value) for name, value in filter.items())


def _compares(operator: str, x: Any, v: Any) -> bool:
    return {
        "eq": lambda: x == v,
        "neq": lambda: x != v,
        "in": lambda: x in v,
        "notIn": lambda: x not in v,
        "gt": lambda: x is not None and x > v,
        "gte": lambda: x is not None and x >= v,
        "lt": lambda: x is not None and x < v,
        "lte": lambda: x is not None and x <= v,
    }[operator]()


def _address(given: dict[str, Any], address: Any) -> bool:
    if "city" in given:
        return (address or {}).get("city") != given["city"]["neq"]
    return (address is None) == ("is" in given)


@given(filter=_FILTER, row=_ROW)
def test_any_filter_is_read_as_documented(catalog: Catalog, filter: dict[str, Any], row: dict[str, Any]) -> None:
    query = compile_filter(catalog, catalog.models["Thing"], LOCAL_OWNER, filter).query
    assert matches(query, row) == _holds(filter, row)


async def test_search_uses_the_text_index_or_every_word_in_the_searchable_fields(data: Data, catalog: Catalog) -> None:
    article, thing = catalog.models["Article"], catalog.models["Thing"]
    await data.create_many(article, LOCAL_OWNER, [{"title": "Python jobs"}, {"title": "Cooking", "body": "no snakes"}])
    await data.create_many(
        thing,
        LOCAL_OWNER,
        [{"text": "Senior (Python)", "nickName": "x"}, {"text": "Python", "nickName": "senior"}, {"text": "a.c"}],
    )
    found = await data.list(article, LOCAL_OWNER, Query(search="python"))
    assert [row["title"] for row in found.rows] == ["Python jobs"]
    for words, expected in (("python SENIOR", 2), ("(python)", 1), (".", 1), ("nothing", 0), ("  ", 3)):
        assert await data.count(thing, LOCAL_OWNER, search=words) == expected, words
    for words in ("\0", "\ud800"):
        with pytest.raises(InputError):
            await data.count(thing, LOCAL_OWNER, search=words)
    with pytest.raises(LimitExceeded):
        await data.count(thing, LOCAL_OWNER, search="x" * (MAX_TEXT + 1))
    with pytest.raises(LimitExceeded):
        await data.count(thing, LOCAL_OWNER, search="x " * 21)
