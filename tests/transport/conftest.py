"""A real server on a loopback port, in a thread of its own."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pymongo.errors import ServerSelectionTimeoutError

from core.access import LOCAL_OWNER, Principal
from core.errors import Unauthenticated, Unavailable
from core.renderers import Services
from core.settings import Settings
from graphql_surface.http import GraphQLSurface
from tests.transport.schema import Probe, probe, schema


@dataclass
class Server:
    """``run`` executes a coroutine on the server's own loop; ``tasks`` are those alive there."""

    url: str
    loop: asyncio.AbstractEventLoop

    @property
    def websocket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def tasks(self) -> int:
        async def count() -> int:
            return len(asyncio.all_tasks()) - 1

        return self.run(count())


_REFUSALS: Mapping[str, Exception] = {
    "intruder": Unauthenticated("these credentials are not accepted here"),
    "unlucky": Unavailable("the database does not answer"),
    "unluckier": ServerSelectionTimeoutError("mongodb://user:hunter2@db: timed out"),
}


async def authenticate(headers: Mapping[str, str]) -> Principal:
    """``Bearer NAME`` is NAME, ``Bearer NAME SECONDS`` for that long; those above are refused."""
    _, _, token = headers.get("authorization", "").partition(" ")
    if not token:
        return LOCAL_OWNER
    name, _, seconds = token.partition(" ")
    if name in _REFUSALS:
        raise _REFUSALS[name]
    expires_at = datetime.now(UTC) + timedelta(seconds=float(seconds)) if seconds else None
    return Principal(id=name, expires_at=expires_at)


def services(settings: Settings) -> Services:
    nothing = cast(Any, None)  # the schema of these tests has no models
    return Services(
        settings=settings, catalog=nothing, data=nothing, runs=nothing, feed=nothing, authenticate=authenticate
    )


@contextmanager
def serving(path: str = "/graphql", **settings: Any) -> Iterator[Server]:
    app = FastAPI()
    GraphQLSurface(schema, services(Settings(**settings)), path).mount(app)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1, ws_ping_interval=None)
    )
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}{path}", loops[0])
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def wait_until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """With short times, so that tests need not wait."""
    with serving(graphql_init_timeout=0.5, query_timeout=1.0, send_timeout=0.5, max_body_bytes=1_000_000) as found:
        yield found


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20) as found:
        yield found


@pytest.fixture(autouse=True)
def fresh_probe() -> Probe:
    probe.executed.clear()
    probe.cancelled.clear()
    return probe
