"""A real server for tests: ``jobhunter serve`` as a process of its own, on a free loopback port."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

START_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """``url`` is ``http://127.0.0.1:PORT``; ``log`` holds what the process printed."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def websocket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/graphql"

    def graphql(self, query: str, variables: Mapping[str, object] | None = None, **headers: str) -> dict[str, object]:
        """The whole answer, errors included."""
        body = {"query": query, "variables": dict(variables or {})}
        answer = httpx.post(f"{self.url}/graphql", json=body, headers=headers, timeout=60)
        return answer.json()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_server(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, ready: bool = True
) -> Iterator[Server]:
    """Serve from ``folder`` (working directory and data directory) until the block ends; SIGTERM then.

    ``ready=False`` returns as soon as the port answers, for servers whose database is down.
    """
    port = free_port()
    log = folder / "server.log"
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port), *arguments]
    settings = {"CORE_DATA_DIR": str(folder / "data"), **(environment or {})}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CORE_", "MONGODB_"))}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env={**kept, **settings}, stdout=output, stderr=output)
    server = Server(url=f"http://127.0.0.1:{port}", process=process, log=log)
    try:
        _wait(server, "/ready" if ready else "/health")
        yield server
    finally:
        _stop(process)


def _wait(server: Server, path: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            if httpx.get(server.url + path, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{server.log.read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
