"""The journal of a run as a subscription: past lines at once, others as they come, until the run has ended."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel

from core import current_run, operation
from core.access import LOCAL_OWNER
from core.registries import Registry
from graphql_surface.context import make_context
from tests.graphql.api import Api, serving

LINES = "subscription ($id: ID!, $after: String) { taskRunLogs(id: $id, after: $after) { seq level message progress } }"


class Nothing(BaseModel):
    pass


@pytest.fixture
async def go_on() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def api(registry: Registry, go_on: asyncio.Event) -> AsyncIterator[Api]:
    @operation()
    async def talk() -> Nothing:
        await current_run().log("first", "warning")
        await asyncio.wait_for(go_on.wait(), 10)
        await current_run().progress(0.5, "half")
        return Nothing()

    async with serving(registry) as found:
        yield found


async def lines(api: Api, run: str, after: str | None = None) -> AsyncIterator[dict[str, Any]]:
    context = make_context(api.services, LOCAL_OWNER)
    variables = {"id": run, "after": after}
    source: Any = await api.schema.subscribe(LINES, variable_values=variables, context_value=context)
    async for result in source:
        assert result.errors is None, result.errors
        yield result.data["taskRunLogs"]


async def running(api: Api) -> str:
    for _ in range(100):
        nodes = (await api.ask("{ taskRuns(filter: {status: {eq: RUNNING}}) { nodes { id } } }"))["taskRuns"]["nodes"]
        if nodes:
            return nodes[0]["id"]
        await asyncio.sleep(0.05)
    raise AssertionError("the run did not begin")


async def test_lines_come_as_they_are_written_and_end_with_the_run(api: Api, go_on: asyncio.Event):
    call = asyncio.create_task(api.ask("mutation { talk { taskRun { status } } }"))
    run = await running(api)
    seen: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        async for line in lines(api, run):
            seen.append(line)
            go_on.set()
    assert (await call)["talk"]["taskRun"]["status"] == "SUCCESS"
    assert [(one["level"], one["message"], one["progress"]) for one in seen] == [
        ("warning", "first", None),
        ("info", "half", 0.5),
    ]
    assert [line async for line in lines(api, run, after=str(seen[0]["seq"]))] == seen[1:]
