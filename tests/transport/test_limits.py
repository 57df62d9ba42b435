"""Every hostile query is answered at once, with one clear error, without validating or executing anything."""

import json
import time
from typing import Any

import httpx
import pytest

from core.errors import LimitExceeded
from core.settings import Settings
from graphql_surface.execution import Execution, Refused, Request
from graphql_surface.payloads import decode, to_request
from tests.transport.conftest import Server, services
from tests.transport.schema import Probe, schema

CHAINED = "{ thing { ...F0 } }" + "".join(
    f" fragment F{n} on Thing {{ parent {{ ...F{n + 1} }} parent {{ ...F{n + 1} }} }}" for n in range(22)
) + " fragment F22 on Thing { name }"  # fmt: skip
CHAINED_FLAT = "{ thing { ...F0 } }" + "".join(
    f" fragment F{n} on Thing {{ ...F{n + 1} ...F{n + 1} }}" for n in range(22)
) + " fragment F22 on Thing { name }"  # fmt: skip
CYCLE = "{ thing { ...A } } fragment A on Thing { parent { ...B } } fragment B on Thing { parent { ...A } }"

HOSTILE: dict[str, tuple[str, dict[str, Any]]] = {
    "22 chained fragments, nested": (CHAINED, {}),
    "22 chained fragments, side by side": (CHAINED_FLAT, {}),
    "10,000 aliases": ("{" + " ".join(f"a{n}: hello" for n in range(10_000)) + "}", {}),
    "31 aliases": ("{ thing {" + " ".join(f"a{n}: name" for n in range(31)) + "} }", {}),
    "1 MB of directives": ("{ hello " + "@a" * 330_000 + "}", {}),
    "10 directives at one place": ("{ hello " + "@include(if: true)" * 10 + "}", {}),
    "30 KB of one field": ("{" + "hello " * 5_000 + "}", {}),
    "21 of one field": ("{ thing {" + "name " * 21 + "} }", {}),
    "21 root fields": ("{" + " ".join(f"...on Query {{ a{n}: hello }}" for n in range(21)) + "}", {}),
    "11 levels": ("{ thing {" + "parent {" * 9 + "name" + "}" * 11, {}),
    "400 levels": ("{ thing {" + "parent {" * 400 + "name" + "}" * 402, {}),
    "pages of pages": ("{ things(paging: {limit: 100}) { nodes { things(paging: {limit: 100}) { nodes {"
                       " things(paging: {limit: 100}) { nodes { name } } } } } } }", {}),
    "pages of pages, in variables": ("query($p: OffsetPaging) { things(paging: $p) { nodes { things(paging: $p) { nodes"
                                     " { things(paging: $p) { nodes { name } } } } } } }", {"p": {"limit": 100}}),
    "pages of pages, by default of a variable": (
        "query($p: OffsetPaging = {limit: 100}) { things(paging: $p) { nodes { things(paging: $p) { nodes"
        " { things(paging: $p) { nodes { name } } } } } } }", {}),
    "40,000 ids": ("query($f: ThingFilter) { things(filter: $f) { nodes { name parent { name } } } }",
                   {"f": {"id": {"in": ["x"] * 40_000}}}),
    "a huge list in a variable": ("query($f: ThingFilter) { things(filter: $f) { nodes { name } } }",
                                  {"f": {"id": {"in": [0] * 200_000}}}),
    "900 KB of text in the query": ('{ hello(name: "' + "x" * 900_000 + '") }', {}),
    "900 KB of commas": ("{ hello " + "," * 900_000 + "}", {}),
    "100,000 comments": ("{ hello " + "#\n" * 45_000 + "}", {}),
    "everything twice": (CHAINED + " query Other { thing { name } }", {}),
}  # fmt: skip


PAGES = "things(paging: $p) { nodes { things(paging: $p) { nodes { things(paging: $p) { nodes { name } } } } } }"


@pytest.fixture
def execution() -> Execution:
    return Execution(schema, services(Settings()))


@pytest.mark.parametrize(("query", "variables"), HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_query_is_one_clear_error_at_once(
    server: Server, client: httpx.AsyncClient, query: str, variables: dict[str, Any], fresh_probe: Probe,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr("graphql_surface.execution.validate", _never)
    monkeypatch.setattr("graphql_surface.execution.execute", _never)
    body = json.dumps({"query": query, "variables": variables})
    begun = time.perf_counter()
    answer = await client.post(server.url, content=body, headers={"content-type": "application/json"})
    seconds = time.perf_counter() - begun
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED", error
    assert "graphql_max_" in error["message"] or "nested too deeply" in error["message"]
    assert seconds < 5  # 0.1 s on a quiet machine; checking a whole one of these takes far longer
    assert fresh_probe.executed == []


@pytest.mark.parametrize(("query", "variables"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_query_is_refused_within_a_tenth_of_a_second(
    execution: Execution, query: str, variables: dict[str, Any]
):
    """Of this thread's own processor time, which no other process can disturb; Python's own tidying up may, once."""
    body = json.dumps({"query": query, "variables": variables})

    def seconds() -> float:
        begun = time.thread_time()
        with pytest.raises((Refused, LimitExceeded)):
            execution.prepare(to_request(decode(body, Settings().graphql_max_values)))
        return time.thread_time() - begun

    assert min(seconds() for _ in range(3)) <= 0.1


def _never(*_: object, **__: object) -> None:
    raise AssertionError("a hostile query must not come this far")


def test_measuring_takes_time_in_proportion_to_the_text(execution: Execution):
    """Counted in steps of the interpreter, which no other process can disturb."""
    assert _steps(execution, _chain(60)) < 2.5 * _steps(execution, _chain(30))


def _chain(length: int) -> str:
    links = (f"fragment F{n} on Thing {{ name ...F{n + 1} ...F{n + 1} }}" for n in range(length))
    return "{ thing { ...F0 } }" + " ".join(links) + f" fragment F{length} on Thing {{ name }}"


def _steps(execution: Execution, query: str) -> int:
    import sys

    count = 0

    def step(*_: object) -> Any:
        nonlocal count
        count += 1
        return step

    sys.settrace(step)
    try:
        with pytest.raises(Refused):
            execution.prepare(Request(query=query))
    finally:
        sys.settrace(None)
    return count


def test_a_cycle_of_fragments_ends_and_is_reported_by_validation(execution: Execution):
    with pytest.raises(Refused) as refused:
        execution.prepare(Request(query=CYCLE))
    assert "Cannot spread fragment" in refused.value.errors[0]["message"]


def test_the_variables_that_count_are_those_of_the_operation_that_is_executed(execution: Execution):
    query = (
        f"query Small($p: OffsetPaging = {{limit: 1}}) {{ ...F }} fragment F on Query {{ {PAGES} }}"
        " query Large($p: OffsetPaging = {limit: 100}) { ...F }"
    )
    execution.prepare(Request(query=query, operation_name="Small"))
    with pytest.raises(Refused) as refused:
        execution.prepare(Request(query=query, operation_name="Large"))
    assert "graphql_max_cost" in refused.value.errors[0]["message"]


async def test_introspection_passes(server: Server, client: httpx.AsyncClient):
    from graphql import get_introspection_query

    query = get_introspection_query(input_value_deprecation=True, schema_description=True, specified_by_url=True)
    answer = await client.post(server.url, json={"query": query})
    assert "errors" not in answer.json()
    assert answer.json()["data"]["__schema"]["queryType"] == {"name": "Query", "kind": "OBJECT"}


async def test_introspection_cannot_be_used_to_multiply(server: Server, client: httpx.AsyncClient):
    query = "{ __schema { types {" + "fields { type {" * 5 + "name" + "}}" * 5 + "} } }"
    answer = await client.post(server.url, json={"query": query})
    assert "data" not in answer.json()


async def test_what_providers_send_passes(server: Server, client: httpx.AsyncClient):
    """A limit meant as "all" is clamped; ids asked for count as they are; filters nest."""
    for variables in (
        {"p": {"limit": 2_147_483_647}},
        {"f": {"id": {"in": ["x"] * 1_000}}},
        {"f": {"and": [{"and": [{"name": {"eq": "a"}}]}]}},
        {},
    ):
        query = "query($p: OffsetPaging, $f: ThingFilter) { things(paging: $p, filter: $f) { nodes { name } } }"
        answer = await client.post(server.url, json={"query": query, "variables": variables})
        assert "errors" not in answer.json()


@pytest.mark.parametrize(
    ("setting", "value", "query"),
    [
        ("graphql_max_tokens", 5, "{ thing { name } }"),
        ("graphql_max_query_length", 10, "{ thing { name } }"),
        ("graphql_max_depth", 1, "{ thing { name } }"),
        ("graphql_max_aliases", 0, "{ a: hello }"),
        ("graphql_max_root_fields", 1, "{ hello whoami }"),
        ("graphql_max_repeats", 1, "{ hello hello }"),
        ("graphql_max_directives", 0, "{ hello @skip(if: false) }"),
        ("graphql_max_directives", 0, "query @skip(if: false) { hello }"),
        ("graphql_max_directives", 0, "{ ...F @skip(if: false) } fragment F on Query { hello }"),
        ("graphql_max_directives", 0, "fragment F on Query @skip(if: false) { hello } { ...F }"),
        ("graphql_max_directives", 0, "query($a: Int @skip(if: false)) { hello }"),
        ("graphql_max_cost", 2, "{ things { nodes { name } } }"),
    ],
)
def test_each_limit_is_a_setting_and_is_named(setting: str, value: int, query: str):
    strict = Execution(schema, services(Settings(**{setting: value})))
    with pytest.raises(Refused) as refused:
        strict.prepare(Request(query=query))
    assert setting in refused.value.errors[0]["message"]
    assert refused.value.errors[0]["extensions"]["code"] == LimitExceeded.code
