"""What goes wrong is answered by a problem document with a code, and with no more of an exception than its message."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rest.application import SECRET
from tests.server import Server

BOOKS = "/models/Book/"
ABSENT = "0" * 24
JSON = {"Content-Type": "application/json"}


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """It is a problem document of RFC 9457 with this status and code."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["type"] == "about:blank"
    assert body["title"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"{BOOKS}{ABSENT}", 404, "NOT_FOUND"),
        ("GET", f"{BOOKS}no-id", 404, "NOT_FOUND"),
        ("GET", f"{BOOKS}%00", 404, "NOT_FOUND"),
        ("GET", f"{BOOKS}%FF%FE", 404, "NOT_FOUND"),
        ("DELETE", f"{BOOKS}no-id", 404, "NOT_FOUND"),
        ("GET", "/models/Nothing/", 404, "NOT_FOUND"),
        ("GET", "/models/Nothing/1", 404, "NOT_FOUND"),
        ("POST", "/operations/nothing/", 404, "NOT_FOUND"),
        ("GET", "/operations/add_book/", 405, "BAD_USER_INPUT"),
        ("PATCH", BOOKS, 405, "BAD_USER_INPUT"),
        ("POST", f"{BOOKS}{ABSENT}", 405, "BAD_USER_INPUT"),
        ("POST", "/models/TaskRun/", 405, "BAD_USER_INPUT"),
        ("POST", "/models/", 405, "BAD_USER_INPUT"),
    ],
)
def test_a_wrong_address_is_a_problem(client: httpx.Client, method: str, path: str, status: int, code: str):
    answer = client.request(method, path)
    assert_problem(answer, status, code)
    if status == 405:
        assert method not in answer.headers["allow"].split(", ")


def test_allow_names_every_method_of_the_path(client: httpx.Client):
    assert client.request("TRACE", BOOKS).headers["allow"] == "GET, POST"
    assert client.request("TRACE", f"{BOOKS}1").headers["allow"] == "DELETE, GET, PATCH, PUT"


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b'{"title": "x"}', {}, 415, "BAD_USER_INPUT"),
        (b'{"title": "x"}', {"Content-Type": "text/plain"}, 415, "BAD_USER_INPUT"),
        (b"title=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "BAD_USER_INPUT"),
        (b"", JSON, 400, "BAD_USER_INPUT"),
        (b"{", JSON, 400, "BAD_USER_INPUT"),
        (b"[]", JSON, 400, "BAD_USER_INPUT"),
        (b"null", JSON, 400, "BAD_USER_INPUT"),
        (b'{"pages": NaN}', JSON, 400, "BAD_USER_INPUT"),
        (b'{"pages": ' + b"1" * 5000 + b"}", JSON, 400, "BAD_USER_INPUT"),
        (b'{"title": "\xff"}', JSON, 400, "BAD_USER_INPUT"),
        (b'{"title": ' + b"[" * 4000, JSON, 400, "BAD_USER_INPUT"),
        (b'{"title": "' + b"x" * 20000 + b'"}', JSON, 413, "LIMIT_EXCEEDED"),
    ],
)
@pytest.mark.parametrize("path", [BOOKS, "/operations/add_book/"])
def test_a_body_that_cannot_be_read_is_a_problem(
    client: httpx.Client, path: str, content: bytes, headers: dict[str, str], status: int, code: str
):
    assert_problem(client.post(path, content=content, headers=headers), status, code)
    assert client.get(BOOKS).json()["items"] == []


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({}, ["title"], "missing"),
        ({"title": ""}, ["title"], "string_too_short"),
        ({"title": "x", "pages": 0}, ["pages"], "greater_than_equal"),
        ({"title": "x", "pags": 1}, ["pags"], "unknown_field"),
        ({"title": "x", "id": ABSENT}, ["id"], "read_only"),
        ({"title": "x", "genre": "NOVEL"}, ["genre"], "enum"),
        ({"title": "x", "author": {"born": 1}}, ["author", "name"], "missing"),
        ({"title": "x", "keywords": ["a", 1]}, ["keywords", 1], "string_type"),
        ({"title": "x", "published": "yesterday"}, ["published"], None),
    ],
)
def test_a_wrong_field_is_named(client: httpx.Client, given: Any, path: list[Any], code: str | None):
    [found] = assert_problem(client.post(BOOKS, json=given), 422, "BAD_USER_INPUT")["errors"]
    assert found["path"] == path
    assert found["message"]
    assert code in (found["code"], None)


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"filter": "{"}, ["filter"]),
        ({"filter": "[]"}, ["filter"]),
        ({"filter": '{"pages": {"gte": NaN}}'}, ["filter"]),
        ({"filter": '{"pags": {"eq": 1}}'}, ["filter", "pags"]),
        ({"filter": '{"pages": {"$where": "1"}}'}, ["filter", "pages", "$where"]),
        ({"filter": '{"author": {"name": {"eq": 1}}}'}, ["filter", "author", "name", "eq"]),
        ({"sort": "title,-pags"}, ["sort", 1]),
        ({"limit": "many"}, ["limit"]),
        ({"limit": "-1"}, ["limit"]),
        ({"offset": "9" * 30}, ["offset"]),
        ({"after": "not a cursor"}, ["after"]),
        ({"fields": "title,nothing"}, ["fields"]),
        ({"total": "perhaps"}, ["total"]),
        ({"limt": "1"}, ["limt"]),
    ],
)
def test_a_wrong_parameter_is_named(client: httpx.Client, parameters: dict[str, str], path: list[Any]):
    answer = client.get(BOOKS, params=parameters)
    body = assert_problem(answer, 422, "BAD_USER_INPUT")
    assert body["errors"][0]["path"] == path
    assert path[0] in body["title"]


def test_a_page_of_another_site_gets_nothing_through_the_browser_of_this_machine(client: httpx.Client):
    """https://en.wikipedia.org/wiki/DNS_rebinding"""
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        for path in (BOOKS, "/models/", "/openapi.json"):
            assert_problem(client.get(path, headers=headers), 403, "FORBIDDEN")
        assert "Book" not in client.get("/", headers=headers).text


def test_a_value_that_must_be_unique_is_a_duplicate(client: httpx.Client):
    client.post(BOOKS, json={"title": "x", "isbn": "1"})
    body = assert_problem(client.post(BOOKS, json={"title": "y", "isbn": "1"}), 409, "DUPLICATE")
    assert body["errors"][0]["path"] == ["isbn"]


def test_an_error_nobody_foresaw_leaves_its_text_in_the_log(client: httpx.Client, library: Server):
    answer = client.post("/models/Fragile/", json={"name": "x"})
    body = assert_problem(answer, 500, "INTERNAL")
    assert SECRET not in answer.text
    log = library.log.read_text()
    assert SECRET in log
    assert body["title"].split()[2].rstrip(";") in log


TEXT = st.text(max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["title", "pages", "genre", "published", "price", "author", "isbn", "keywords", "id", "$set", "a.b"]
)
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@quick
@given(body=st.dictionaries(NAMES | TEXT, VALUES, max_size=4))
@pytest.mark.parametrize("path", [BOOKS, "/operations/add_book/", "/operations/anything/"])
def test_no_body_is_an_internal_error(client: httpx.Client, path: str, body: dict[str, Any]):
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201, 409, 413, 422), answer.text


@quick
@given(name=st.sampled_from(["filter", "sort", "limit", "offset", "after", "fields", "search", "total"]),
       text=TEXT | VALUES.map(str))  # fmt: skip
def test_no_parameter_is_an_internal_error(client: httpx.Client, name: str, text: str):
    answer = client.get(BOOKS, params={name: text})
    assert answer.status_code in (200, 413, 422), answer.text


@pytest.mark.parametrize("text", [r"\ud800", r"\u0000", r"\udfff\ud800"])
def test_text_that_utf_8_cannot_hold_is_refused(client: httpx.Client, text: str):
    for body in (f'{{"title": "{text}"}}', f'{{"{text}": 1}}', f'{{"title": "x", "keywords": ["{text}"]}}'):
        assert_problem(client.post(BOOKS, content=body.encode(), headers=JSON), 422, "BAD_USER_INPUT")
