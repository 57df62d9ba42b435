"""The same rules over REST: every path of the OpenAPI document asks for the rights the GraphQL surface asks for."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from core.naming import camel
from tests.access.promises import EMPLOYEE, MAY, MODELS, RUN
from tests.access.world import CANARY, NORTH, ROLES, SOUTH, World

BODIES: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Employee": ({"name": "New", "region": "north"}, {"name": "Renamed"}),
    "Team": ({"name": "red"}, {"name": "red"}),
    "Vault": ({"code": "1"}, {"code": "1"}),
}
"""What a new document is made of, and a change."""

OPERATIONS = ("find_employee", "promote", "whisper", "greet", "knock", "shut_down")
OPEN = frozenset({"GET /health", "GET /ready"})
"""What tells whether the server is well, to whoever asks."""
DESCRIBING = frozenset({"GET /models/", "GET /operations/graph"})
"""What describes the application and holds no data."""

Request = tuple[str, str, Any]


def _paths() -> Mapping[str, tuple[Request, Callable[[str], bool]]]:
    """Each path: an example of a request to it, and who may make it."""
    found: dict[str, tuple[Request, Callable[[str], bool]]] = {}

    def add(method: str, path: str, example: str, body: Any, allowed: frozenset[str]) -> None:
        found[f"{method} {path}"] = (method, example, body), lambda role: role in allowed

    for name, model in MODELS.items():
        many, one = f"/models/{name}/", f"/models/{name}/{{id}}"
        example = one.format(id=model.id)
        add("GET", many, many, None, MAY[name, "read"])
        if name == "TaskRun":
            continue
        new, change = BODIES[name]
        add("GET", one, example, None, MAY[name, "read"])
        add("POST", many, many, new, MAY[name, "create"])
        add("PUT", one, example, change, MAY[name, "update"])
        add("PATCH", one, example, change, MAY[name, "update"])
        add("DELETE", one, example, None, MAY[name, "delete"])
    for operation in OPERATIONS:
        path = f"/operations/{operation}/"
        add("POST", path, path, {"name": "Nora"}, RUN[camel(operation)])
    return found


PATHS = _paths()


def send(world: World, role: str, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
    answer = world.client.request(method, path, json=body, headers=world.headers(role), **options)
    assert answer.status_code < 500, answer.text
    return answer


def test_every_path_of_the_openapi_document_has_a_promise(world: World):
    paths = world.client.get("/openapi.json").json()["paths"]
    served = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert served == PATHS.keys() | OPEN | DESCRIBING | {"GET /models/TaskRun/{id}"}


@pytest.mark.parametrize("path", PATHS)
def test_a_request_has_the_rights_of_whoever_makes_it(world: World, path: str):
    request, allowed = PATHS[path]
    found: dict[str, int] = {}
    for role in ROLES:
        if request[0] != "GET":
            world.plant()
        status = send(world, role, *request).status_code
        found[role] = 200 if status in (200, 201, 204) else status
    refused = {role: 401 if role == "anonymous" else 403 for role in ROLES}
    assert found == {role: 200 if allowed(role) else refused[role] for role in ROLES}


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_hidden_rows_and_fields_stay_hidden(world: World, role: str):
    hidden = [name for name, field in EMPLOYEE.items() if field.read is not None and role not in field.read]
    assert SOUTH not in (one["id"] for one in send(world, role, "GET", "/models/Employee/").json()["items"])
    assert send(world, role, "GET", f"/models/Employee/{SOUTH}").status_code == 404
    assert CANARY not in send(world, role, "GET", f"/models/Employee/{NORTH}").text
    assert CANARY not in send(world, role, "GET", "/models/Employee/", params={"total": "true"}).text
    for name in hidden:
        for given in (
            {"fields": name},
            {"sort": name},
            {"sort": f"-{name}"},
            {"filter": json.dumps({name: {"isNot": True}})},
            {"filter": json.dumps({"not": {name: {"is": True}}})},
        ):
            answer = send(world, role, "GET", "/models/Employee/", params=given)
            assert answer.status_code in (403, 422), (name, given)
            assert CANARY not in answer.text


def test_a_write_answers_with_no_more_than_a_read(world: World):
    changed = send(world, "editor", "PATCH", f"/models/Employee/{NORTH}", {"name": "Renamed"})
    assert changed.json()["name"] == "Renamed"
    assert CANARY not in changed.text
    made = send(world, "intake", "POST", "/models/Employee/", {"name": "New", "region": "north"})
    assert made.json().keys() == {"id"}


def test_whoever_is_not_known_learns_how_to_log_in(world: World):
    answer = send(world, "anonymous", "GET", "/models/Employee/")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "UNAUTHENTICATED"
