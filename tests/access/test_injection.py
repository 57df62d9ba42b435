"""No text of a caller becomes an operator, a path, a pattern or code: the corpus is refused, or taken as the plain
value it is, on every input.
"""

import json
import time
from typing import Any

import httpx
import pytest

from tests.access.world import NORTH, World

OPERATORS: tuple[Any, ...] = (
    {"$gt": ""},
    {"$ne": None},
    {"$regex": ".*"},
    {"$where": "sleep(5000) || true"},
    {"$expr": {"$function": {"body": "function() { return true }", "args": [], "lang": "js"}}},
    {"$in": ["a"]},
    {"$or": [{}]},
    {"$nin": []},
    {"$exists": True},
    {"eq": {"$gt": ""}},
    {"in": [{"$gt": ""}]},
    {"a": {"b": {"$gt": 1}}},
    ["$gt"],
    [{"$gt": ""}],
)
"""Values that are operators to MongoDB."""

TEXTS = (
    "$where",
    "$gt",
    "$name",
    "$$ROOT",
    "name.$",
    "hidden",
    "a\u0000b",
    "'; return true; var x='",
    '{"$gt": ""}',
    "%",
    "_%_",
    ".*",
    "^",
    "(",
    "[",
    "\\",
    "(?s).*",
    "(a+)+$",
    "(.*a){25}",
    "\ud800",
    "\u202e",
    "x" * 5_000,
)
"""Texts that are operators, paths, patterns or code somewhere. As texts they match nothing here, or are refused."""

NAMES = (
    "$where",
    "$expr",
    "$or",
    "__proto__",
    "constructor",
    "name.$gt",
    "home.city",
    "_id",
    "_class_id",
    "",
    "\u0000",
)
"""Keys no object of ours has."""


def ask(world: World, query: str, **variables: Any) -> Any:
    answer = world.ask("hr", query, variables)
    for error in answer.get("errors", ()):
        assert error["extensions"]["code"] in ("BAD_USER_INPUT", "NOT_FOUND", "LIMIT_EXCEEDED"), error
    return answer


@pytest.mark.parametrize("value", OPERATORS, ids=json.dumps)
def test_an_operator_is_no_value(world: World, value: Any):
    before = list(world.database["employees"].find())
    for query, kind in (
        ("{ employees(filter: {name: {eq: $value}}) { totalCount } }", "String"),
        ("{ employees(filter: {name: {iLike: $value}}) { totalCount } }", "String"),
        ("{ employees(filter: {salary: {gt: $value}}) { totalCount } }", "Int"),
        ("{ employees(filter: $value) { totalCount } }", "EmployeeFilter"),
        ("{ employees(search: $value) { totalCount } }", "String"),
        ("{ employees(paging: {after: $value}) { totalCount nodes { id } } }", "String"),
        ("{ employees(sorting: [{field: $value, direction: ASC}]) { totalCount } }", "EmployeeSortFields!"),
        ("{ employee(id: $value) { id } }", "ID!"),
        ("{ taskRun(id: $value) { id } }", "ID!"),
        ("{ findEmployeeRun(id: $value) { taskRun { id } } }", "ID!"),
        ("{ taskRuns(filter: {inputDump: {pathEquals: {path: $value, value: 1}}}) { totalCount } }", "String!"),
        ("{ taskRuns(filter: {inputDump: {hasKey: $value}}) { totalCount } }", "String"),
    ):
        answer = ask(world, f"query ($value: {kind}) {query}", value=value)
        assert answer.get("errors"), (query, answer)
    for query, kind in (
        ("createOneEmployee(input: {employee: $value}) { id }", "CreateEmployee!"),
        ('createOneEmployee(input: {employee: {name: $value, region: "north"}}) { id }', "String!"),
        (f'updateOneEmployee(input: {{id: "{NORTH}", update: {{name: $value}}}}) {{ id }}', "String"),
        ("updateOneEmployee(input: {id: $value, update: {}}) { id }", "ID!"),
        ("updateManyEmployees(input: {filter: {name: {eq: $value}}, update: {}}) { updatedCount }", "String"),
        ("deleteManyEmployees(input: {filter: $value}) { deletedCount }", "EmployeeFilter!"),
        ("deleteOneEmployee(input: {id: $value}) { id }", "ID!"),
        ("findEmployee(input: {name: $value}) { taskRun { id } }", "String!"),
        ("cancelTaskRun(id: $value) { id }", "ID!"),
        ("replayTaskRun(id: $value) { id }", "ID!"),
    ):
        answer = ask(world, f"mutation ($value: {kind}) {{ {query} }}", value=value)
        assert answer.get("errors"), (query, answer)
    assert list(world.database["employees"].find()) == before


@pytest.mark.parametrize("name", NAMES, ids=json.dumps)
def test_a_key_that_is_no_field_is_refused(world: World, name: str):
    for query, kind, value in (
        ("query ($value: EmployeeFilter) { employees(filter: $value) { totalCount } }", "filter", {name: {"eq": "x"}}),
        (
            "mutation ($value: CreateEmployee!) { createOneEmployee(input: {employee: $value}) { id } }",
            "create",
            {"name": "x", "region": "north", name: "x"},
        ),
        (
            "mutation ($value: UpdateEmployee!) "
            f'{{ updateOneEmployee(input: {{id: "{NORTH}", update: $value}}) {{ id }} }}',
            "update",
            {name: "x"},
        ),
        (
            "mutation ($value: NameInput!) { findEmployee(input: $value) { taskRun { id } } }",
            "run",
            {"name": "x", name: 1},
        ),
    ):
        assert ask(world, query, value=value).get("errors"), kind


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: json.dumps(text)[:30])
def test_a_text_is_only_a_text(world: World, text: str):
    began = time.monotonic()
    matched = 0
    for operator in ("eq", "contains", "startsWith", "iEndsWith", "gt"):
        filtered = f"employees(filter: {{badge: {{{operator}: $value}}}}) {{ nodes {{ id }} }}"
        answer = ask(world, f"query ($value: String) {{ {filtered} }}", value=text)
        if operator != "gt" and "errors" not in answer:
            matched += len(answer["data"]["employees"]["nodes"])
    assert matched == 0
    ask(world, "query ($value: String) { employees(filter: {badge: {iLike: $value}}) { totalCount } }", value=text)
    ask(world, "query ($value: String) { employees(search: $value) { totalCount } }", value=text)
    ask(world, "query ($value: String) { employees(paging: {after: $value}) { nodes { id } } }", value=text)
    ask(world, "query ($value: ID!) { employee(id: $value) { id } }", value=text)
    assert time.monotonic() - began < 5
    renamed = f'updateOneEmployee(input: {{id: "{NORTH}", update: {{name: $value}}}}) {{ name }}'
    written = ask(world, f"mutation ($value: String) {{ {renamed} }}", value=text)
    if "errors" not in written:
        assert written["data"]["updateOneEmployee"]["name"] == text


@pytest.mark.parametrize("value", OPERATORS, ids=json.dumps)
def test_an_operator_in_a_replayed_input_is_refused_or_dropped(world: World, value: Any):
    """A replay's input is free JSON on the way in."""
    again = f'replayTaskRun(id: "{world.runs["findEmployee"]}", input: $value) {{ input }}'
    for given in (value, {"name": value}):
        assert ask(world, f"mutation ($value: JSON) {{ {again} }}", value=given).get("errors"), given
    answer = ask(world, f"mutation ($value: JSON) {{ {again} }}", value={"name": "x", "more": value})
    assert answer["data"]["replayTaskRun"]["input"] == {"name": "x"}


@pytest.mark.slow
def test_the_same_corpus_is_refused_by_rest(world: World):
    def send(method: str, path: str, **options: Any) -> httpx.Response:
        answer = httpx.request(method, f"{world.server.url}{path}", headers=world.headers("hr"), timeout=60, **options)
        assert answer.status_code < 500, answer.text
        return answer

    before = list(world.database["employees"].find())
    for value in OPERATORS:
        for filter_ in (value, {"name": value}, {"name": {"eq": value}}, {"home": {"city": value}}):
            given = {"filter": json.dumps(filter_)}
            assert send("GET", "/models/Employee/", params=given).status_code in (400, 422), filter_
        for body in (value, {"name": value, "region": "north"}, {"name": "x", "region": "north", "home": value}):
            assert send("POST", "/models/Employee/", json=body).status_code in (400, 422), body
            assert send("PATCH", f"/models/Employee/{NORTH}", json=body).status_code in (400, 422), body
        assert send("POST", "/operations/find_employee/", json={"name": value}).status_code in (400, 422)
    for name in NAMES:
        for given in ({"sort": name}, {"fields": name}, {"filter": json.dumps({name: {"eq": 1}})}):
            if name not in ("", "home.city"):
                assert send("GET", "/models/Employee/", params=given).status_code in (400, 422), given
    assert list(world.database["employees"].find()) == before
