"""Runs of real servers: told to end, without their database, with a slow one, two on one database."""

import asyncio
import contextlib
import json
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.runs.conftest import until
from tests.runs.processes import QUICK, REPOSITORY, wire
from tests.server import Server, running_server

pytestmark = pytest.mark.slow

APPLICATION = {**QUICK, "CORE_MODULES": "tests.runs.application", "PYTHONPATH": str(REPOSITORY)}
RUN = "mutation($input: ErrandInput!, $run: RunOptions) { %s(input: $input, run: $run) { taskRun { id status } } }"


async def call(server: Server, operation: str, label: str, seconds: float = 0, **run: Any) -> dict[str, Any]:
    variables = {"input": {"label": label, "seconds": seconds}, "run": run}
    answer = await asyncio.to_thread(server.graphql, RUN % operation, variables)
    assert "errors" not in answer, answer
    return answer["data"][operation]["taskRun"]


async def ended(server: Server, run_id: str) -> dict[str, Any]:
    """The run as another server sees it once it is over."""
    query = "query($id: ID!) { taskRun(id: $id) { status errorCode } }"
    for _ in range(200):
        found = (await asyncio.to_thread(server.graphql, query, {"id": run_id}))["data"]["taskRun"]
        if found["status"] not in ("PENDING", "RUNNING"):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{run_id} is still {found['status']}")


async def test_a_server_told_to_end_with_streams_open_is_gone_in_ten_seconds_and_its_runs_are_closed(
    tmp_path: Path,
) -> None:
    (tmp_path / "again").mkdir()
    environment = {**APPLICATION, "CORE_DATA_DIR": str(tmp_path / "data"), "CORE_RUN_DRAIN": "3"}
    with running_server(tmp_path, "--no-sample", environment=environment) as server:
        background = await call(server, "slow", "background", 60, mode="BACKGROUND")
        awaited = asyncio.create_task(asyncio.to_thread(_post_and_be_dropped, server))
        reading = asyncio.create_task(asyncio.to_thread(_read_stream, server, background["id"]))
        await asyncio.sleep(1.5)
        server.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        assert await asyncio.to_thread(server.process.wait, 15) is not None
        assert time.monotonic() - told < 10
        await awaited
        assert "RUNNING" in await reading
    with running_server(tmp_path / "again", "--no-sample", environment=environment) as server:
        assert await ended(server, background["id"]) == {"status": "INTERRUPTED", "errorCode": "INTERRUPTED"}
        answer = server.graphql("{ taskRuns { nodes { status } } }")
        assert all(one["status"] in ("INTERRUPTED", "CANCELLED") for one in answer["data"]["taskRuns"]["nodes"]), answer


def _post_and_be_dropped(server: Server) -> None:
    with contextlib.suppress(httpx.TransportError, json.JSONDecodeError):
        server.graphql(RUN % "slow", {"input": {"label": "awaited", "seconds": 60}})


def _read_stream(server: Server, run_id: str) -> str:
    query = f'subscription {{ taskRun(id: "{run_id}") {{ status }} }}'
    text = ""
    try:
        with httpx.stream(
            "POST", f"{server.url}/graphql", json={"query": query}, headers={"Accept": "text/event-stream"}, timeout=30
        ) as answer:
            for chunk in answer.iter_text():
                text += chunk
    except httpx.TransportError:
        pass
    return text


async def test_a_database_that_is_down_at_start_is_waited_for(tmp_path: Path) -> None:
    async with wire() as line:
        await line.close()
        environment = {
            **APPLICATION,
            "MONGODB_URI": line.uri,
            "CORE_DATABASE_TIMEOUT": "0.5",
            "CORE_QUERY_TIMEOUT": "2",
        }
        environment["MONGODB_DATABASE"] = f"down_{tmp_path.name}"[:38]
        with await asyncio.to_thread(_Running, tmp_path, environment) as server:
            assert await _status(f"{server.url}/health") == 200
            assert await _status(f"{server.url}/ready") == 503
            await line.open()
            await until(lambda: _is_ready(server), 30)
            assert (await call(server, "quick", "served"))["status"] == "SUCCESS"
            line.delay = 4.0
            began = time.monotonic()
            assert await _status(f"{server.url}/health") == 200
            assert time.monotonic() - began < 3, "a slow database does not slow that down"
            answer = await asyncio.to_thread(server.graphql, RUN % "quick", {"input": {"label": "late"}})
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            assert time.monotonic() - began < 10
            line.delay = 0


class _Running:
    """``running_server`` without waiting for its database, entered in a thread: the wire needs the loop meanwhile."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._server = running_server(folder, "--no-sample", environment=environment, ready=False)
        self._entered = self._server.__enter__()

    def __enter__(self) -> Server:
        return self._entered

    def __exit__(self, *error: Any) -> None:
        self._server.__exit__(*error)


async def _status(url: str) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(url)).status_code


async def _is_ready(server: Server) -> bool:
    return await _status(f"{server.url}/ready") == 200


async def test_two_servers_on_one_database_run_one_key_once(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    environment = {**APPLICATION, "CORE_DATA_DIR": str(tmp_path / "data")}
    with (
        running_server(tmp_path, "--no-sample", environment=environment) as one,
        running_server(tmp_path / "two", "--no-sample", environment=environment) as two,
    ):
        calls = [call(server, "slow", "once", 0.5, idempotencyKey="k") for server in (one, two) for _ in range(10)]
        answers = await asyncio.gather(*calls)
        assert len({answer["id"] for answer in answers}) == 1
        assert {answer["status"] for answer in answers} == {"SUCCESS"}
        effects = two.graphql("{ effects { totalCount } }")
        assert effects["data"]["effects"]["totalCount"] == 1
        queued = [await call(server, "quick", "b", mode="BACKGROUND") for server in (one, two) for _ in range(20)]
        for run in queued:
            assert (await ended(two, run["id"]))["status"] == "SUCCESS"
        effects = one.graphql('{ effects(filter: {label: {eq: "b"}}) { totalCount } }')
        assert effects["data"]["effects"]["totalCount"] == 40
