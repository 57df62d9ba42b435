"""A database that is down at start is waited for; one that goes away is UNAVAILABLE and comes back by itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.server import Server, free_port, running_server

COUNT = "{ testItems { totalCount } }"


@contextmanager
def _database(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The embedded server in the foreground on a TCP port, as a MongoDB elsewhere would be."""
    command = [sys.executable, "-m", "cli", "db", "serve", "--data-dir", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _until(server: Server, condition: Any, seconds: float = 45.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = server.graphql(COUNT)
        if condition(answer):
            return answer
        time.sleep(0.2)
    raise AssertionError(f"still {server.graphql(COUNT)}\n{server.log.read_text()}")


def _works(answer: dict[str, Any]) -> bool:
    return "errors" not in answer


def _unavailable(answer: dict[str, Any]) -> bool:
    return "errors" in answer and answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


def test_a_server_whose_database_is_down_says_so_and_serves_when_it_comes(tmp_path: Path) -> None:
    port = free_port()
    environment = {"MONGODB_URI": f"mongodb://127.0.0.1:{port}/?directConnection=true", "CORE_DATABASE_TIMEOUT": "1"}
    with running_server(tmp_path, "--no-sample", environment=environment, ready=False) as server:
        assert httpx.get(f"{server.url}/ready").status_code == 503
        assert httpx.get(f"{server.url}/health").json() == {"status": "ok"}
        answer: Any = server.graphql(COUNT)
        assert _unavailable(answer), answer
        _until(server, lambda _: "Trying again" in server.log.read_text())
        assert f"127.0.0.1:{port}" in server.log.read_text()
        with _database(tmp_path / "mongodb", port):
            _until(server, _works)
            assert httpx.get(f"{server.url}/ready").status_code == 200


def test_a_database_that_goes_away_is_unavailable_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    environment = {"MONGODB_URI": f"mongodb://127.0.0.1:{port}/?directConnection=true", "CORE_DATABASE_TIMEOUT": "1"}
    with (
        _database(tmp_path / "mongodb", port) as database,
        running_server(tmp_path, "--no-sample", environment=environment) as server,
    ):
        _until(server, _works)
        database.kill()
        database.wait()
        answer: Any = _until(server, lambda found: not _works(found))
        assert _unavailable(answer), answer
        assert httpx.get(f"{server.url}/health").status_code == 200
        assert httpx.get(f"{server.url}/ready").status_code == 503
        with _database(tmp_path / "mongodb", port):
            _until(server, _works)


def test_the_embedded_server_killed_is_started_again_by_the_next_request(tmp_path: Path) -> None:
    with running_server(tmp_path, "--no-sample") as server:
        made: Any = server.graphql('mutation { createOneTestItem(input: {testItem: {name: "kept", value: 1}}) { id } }')
        assert "errors" not in made, made
        os.kill(_embedded_process(tmp_path / "data"), signal.SIGKILL)
        answer = _until(server, _works)
        assert answer["data"]["testItems"]["totalCount"] == 1


def _embedded_process(data_dir: Path) -> int:
    listed = subprocess.run(["pgrep", "-f", f"core.database.embedded.*{data_dir}"], capture_output=True, text=True)
    return int(listed.stdout.split()[0])
