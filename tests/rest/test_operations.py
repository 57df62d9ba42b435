"""Operations over REST, through a real server."""

import time
from typing import Any

import httpx
import pytest

from tests.rest.application import SECRET


def test_a_run_answers_with_its_output_and_is_recorded(client: httpx.Client):
    answer = client.post("/operations/add_book/", json={"title": "Dune", "author": {"name": "Frank Herbert"}})
    assert answer.status_code == 200
    assert answer.json()["output"] == {"book_id": answer.json()["output"]["book_id"], "title": "Dune"}
    assert answer.json()["task_run"]["status"] == "success"
    run = client.get(f"/models/TaskRun/{answer.json()['task_run']['id']}").json()
    assert (run["operation_name"], run["status"], run["trigger"]) == ("add_book", "success", "rest")
    assert run["result_refs"][0]["id"] == answer.json()["output"]["book_id"]


def test_a_background_run_is_accepted_and_ends_by_itself(client: httpx.Client):
    answer = client.post("/operations/wait/", params={"mode": "background"}, json={})
    assert answer.status_code == 202
    assert answer.json()["output"] is None
    assert answer.json()["task_run"]["status"] == "pending"
    place = f"/models/TaskRun/{answer.json()['task_run']['id']}"
    deadline = time.monotonic() + 20
    while client.get(place).json()["status"] != "success":
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_an_idempotency_key_runs_once(client: httpx.Client):
    def call(title: str) -> httpx.Response:
        return client.post("/operations/add_book/", json={"title": title}, headers={"Idempotency-Key": "k1"})

    first, again, other = call("Dune"), call("Dune"), call("Emma")
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "CONFLICT")
    assert [book["title"] for book in client.get("/models/Book/").json()["items"]] == ["Dune"]


def test_a_timeout_stops_the_run_and_names_it(client: httpx.Client):
    answer = client.post("/operations/wait/", params={"timeout": 0.2}, json={"seconds": 30})
    assert (answer.status_code, answer.json()["code"]) == (504, "TIMEOUT")
    assert client.get(f"/models/TaskRun/{answer.json()['task_run_id']}").json()["error_code"] == "TIMEOUT"


def test_a_failed_run_says_what_the_operation_meant_to_say_and_no_more(client: httpx.Client):
    refused = client.post("/operations/refuse/", json={})
    assert refused.status_code == 500
    assert refused.json()["code"] == "OPERATION_FAILED"
    assert "the library is closed" in refused.json()["title"]
    crashed = client.post("/operations/crash/", json={})
    assert crashed.json()["code"] == "OPERATION_FAILED"
    assert SECRET not in crashed.text
    assert client.get(f"/models/TaskRun/{crashed.json()['task_run_id']}").json()["status"] == "failed"


def test_input_that_contains_itself_is_read_and_answered(client: httpx.Client):
    given = {"name": "a", "parts": [{"name": "b", "parts": [{"name": "c", "parts": []}]}]}
    assert client.post("/operations/mirror/", json=given).json()["output"] == given


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"mode": "later"}, ["mode"]),
        ({"timeout": "soon"}, ["timeout"]),
        ({"timeuot": "1"}, ["timeuot"]),
        ({"timeout": "-1"}, None),
        ({"timeout": "nan"}, None),
    ],
)
def test_a_wrong_option_is_named_and_runs_nothing(client: httpx.Client, parameters: dict[str, str], path: Any):
    before = client.get("/models/TaskRun/", params={"total": "true"}).json()["total"]
    answer = client.post("/operations/wait/", params=parameters, json={})
    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_USER_INPUT")
    if path:
        assert answer.json()["errors"][0]["path"] == path
    assert "timeout" in answer.text or path
    assert client.get("/models/TaskRun/", params={"total": "true"}).json()["total"] == before


def test_background_is_for_operations_that_allow_it(client: httpx.Client):
    answer = client.post("/operations/add_book/", params={"mode": "background"}, json={"title": "Dune"})
    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({}, ["title"], "missing"),
        ({"title": 1}, ["title"], "string_type"),
        ({"title": "Dune", "author": {}}, ["author", "name"], "missing"),
        ({"title": "Dune", "author": {"name": "F", "born": "long ago"}}, ["author", "born"], "int_parsing"),
    ],
)
def test_wrong_input_names_each_field_and_becomes_no_run(client: httpx.Client, given: Any, path: Any, code: str):
    answer = client.post("/operations/add_book/", json=given)
    assert answer.status_code == 422
    assert [(one["path"], one["code"]) for one in answer.json()["errors"]] == [(path, code)]
    assert "task_run_id" not in answer.json()
