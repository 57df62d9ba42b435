"""The real command and server: not starting open to others, and not serving what a foreign page has a browser send."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.access.test_keys_command import command_of
from tests.server import Server, running_server


def test_serve_refuses_to_listen_beyond_loopback_without_authentication(tmp_path: Path):
    found = command_of(tmp_path)("serve", "--host", "0.0.0.0", "--port", "8000")
    assert found.returncode == 3
    assert "lets other machines in" in found.stderr
    assert "--insecure-no-authentication" in found.stderr
    assert "Traceback" not in found.stderr


def test_serve_refuses_settings_that_pin_too_little_of_a_token(tmp_path: Path):
    found = command_of(tmp_path, CORE_JWT_ISSUER="https://issuer.example")("serve", "--port", "8000")
    assert found.returncode == 3
    assert "CORE_JWT_AUDIENCE" in found.stderr


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without authentication on loopback."""
    with running_server(tmp_path_factory.mktemp("local"), "--no-sample") as found:
        yield found


QUERY = {"query": "{ taskRuns { totalCount } }"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:5173"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_an_open_server_serves_its_own_machine_only(local: Server, headers: dict[str, str], status: int):
    for method, path, body in (
        ("POST", "/graphql", QUERY),
        ("GET", "/models/TaskRun/", None),
        ("GET", "/models/", None),
    ):
        answer = httpx.request(method, local.url + path, json=body, headers=headers)
        assert answer.status_code == status, (path, answer.text)
        assert status == 200 or "FORBIDDEN" in answer.text


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_foreign_page_gets_no_websocket(local: Server, origin: str):
    with (
        pytest.raises(InvalidStatus),
        connect(local.websocket_url, subprotocols=["graphql-transport-ws"], origin=origin),  # type: ignore[list-item, arg-type]
    ):
        pass


def test_a_page_of_this_machine_gets_one(local: Server):
    with connect(
        local.websocket_url,
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
        origin=local.url,  # type: ignore[arg-type]
    ) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(20))["type"] == "connection_ack"
