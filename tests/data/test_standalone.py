"""On a server without transactions and change streams everything works that can, and the rest names the remedy."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_OWNER
from core.actions import Data, GroupBy, Query, Sort
from core.database.connection import client_of_loop
from core.database.embedded.process import ensure_server, socket_path
from core.errors import Conflict, CoreError, Duplicate, LimitExceeded, OperationTimeout, Unavailable
from core.events import ChangeFeed
from core.runs.lifecycle import TaskRunStatus
from core.runs.model import TaskRun, now
from core.settings import Settings
from core.specs import Catalog
from core.testing import test_database
from tests.data.models import REGISTRY
from tests.data.standalone import Standalone, error, standalone


@pytest.fixture
async def server(settings: Settings, tmp_path: Path) -> AsyncIterator[Standalone]:
    ensure_server(settings.data_dir)
    async with standalone(socket_path(settings.data_dir.resolve()), tmp_path / "mongod.sock") as made:
        yield made


@pytest.fixture
async def alone(catalog: Catalog, server: Standalone) -> AsyncIterator[Data]:
    documents = [info.document_cls for info in REGISTRY.models.values()]
    reached = Settings(mongodb_uri=server.uri, query_timeout=7)  # type: ignore[arg-type]
    async with test_database(documents, reached) as database:
        yield Data(catalog, reached.model_copy(update={"mongodb_database": database.name}))


async def test_the_server_is_a_standalone_one(alone: Data) -> None:
    hello = await client_of_loop().admin.command("hello")
    assert "setName" not in hello


async def test_many_forms_write_in_order_and_say_how_far_they_came(alone: Data, catalog: Catalog) -> None:
    model = catalog.models["Player"]
    assert len(await alone.create_many(model, LOCAL_OWNER, [{"name": "a"}, {"name": "b"}])) == 2
    with pytest.raises(Duplicate, match="1 of 3 were written before it, and stay") as caught:
        await alone.create_many(model, LOCAL_OWNER, [{"name": "c"}, {"name": "a"}, {"name": "d"}])
    assert caught.value.field_errors[0].path == (1, "name")
    assert [row["name"] for row in (await alone.list(model, LOCAL_OWNER, Query())).rows] == ["a", "b", "c"]
    assert await alone.update_many(model, LOCAL_OWNER, {}, {"salary": 5}) == 3
    assert await alone.delete_many(model, LOCAL_OWNER, {}) == 3


async def test_models_cannot_be_followed_and_the_remedy_is_named(alone: Data, catalog: Catalog) -> None:
    feed = ChangeFeed(catalog, alone.settings)
    with pytest.raises(Unavailable, match="run MongoDB as a replica set"):
        await feed.subscribe(catalog.models["Player"], LOCAL_OWNER).__aenter__()
    assert feed.subscribers == 0


async def test_runs_are_followed_all_the_same(alone: Data, catalog: Catalog) -> None:
    model = catalog.models["TaskRun"]
    feed = ChangeFeed(catalog, alone.settings)
    tasks = asyncio.all_tasks()
    await TaskRun(operation_name="before", status=TaskRunStatus.SUCCESS).insert()
    running = await TaskRun(operation_name="running", status=TaskRunStatus.RUNNING).insert()
    async with feed.subscribe(model, LOCAL_OWNER, kinds=["created", "updated"]) as changes, asyncio.timeout(10):
        await asyncio.sleep(0.3)
        await running.set({"status": "success"})
        new = await TaskRun(operation_name="new").insert()
        found = {(change := await anext(changes)).id: change.kind for _ in range(2)}
        assert found == {running.id: "updated", new.id: "created"}
        await new.set({"status": "failed"})
        last = await anext(changes)
        assert (last.kind, last.id, last.document and last.document["status"]) == ("updated", new.id, "failed")
    await asyncio.sleep(0.1)
    assert asyncio.all_tasks() == tasks


async def _run_of(status: TaskRunStatus, **fields: Any) -> TaskRun:
    return await TaskRun(operation_name="old", status=status, **fields).insert()


def _reads(server: Standalone) -> list[dict[str, Any]]:
    return [command for command in server.seen if command.get("find") == "taskruns"]


async def test_following_runs_again_reads_nothing_of_the_time_between(
    alone: Data, server: Standalone, catalog: Catalog
) -> None:
    feed = ChangeFeed(catalog, alone.settings)
    model = catalog.models["TaskRun"]

    async def began_at() -> datetime:
        server.seen.clear()
        async with feed.subscribe(model, LOCAL_OWNER, kinds=["created"]):
            await asyncio.sleep(0.3)
        wanted = [read["filter"]["created_at"]["$gte"] for read in _reads(server) if "created_at" in read["filter"]]
        return wanted[0].replace(tzinfo=UTC)

    hours_ago, minutes_ago = now() - timedelta(hours=2), now() - timedelta(minutes=2)
    await _run_of(TaskRunStatus.SUCCESS, created_at=hours_ago)
    assert await began_at() == hours_ago - timedelta(seconds=10)
    await _run_of(TaskRunStatus.SUCCESS, created_at=minutes_ago)
    assert await began_at() == minutes_ago - timedelta(seconds=10)


async def test_waiting_and_running_runs_are_not_read_whole_and_the_waiting_ones_not_all(
    alone: Data, server: Standalone, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.events.polling._MOST_WAITING", 2)
    feed = ChangeFeed(catalog, alone.settings)
    waiting = [
        await _run_of(TaskRunStatus.PENDING, created_at=now() - timedelta(hours=9 - place), output="x" * 1000)
        for place in range(5)
    ]
    await _run_of(TaskRunStatus.SUCCESS)
    model = catalog.models["TaskRun"]
    async with feed.subscribe(model, LOCAL_OWNER, kinds=["created", "updated"]) as changes, asyncio.timeout(10):
        await asyncio.sleep(0.3)
        server.seen.clear()
        await asyncio.sleep(0.8)
        assert _reads(server)
        assert all("output" not in read["projection"] and "status" in read["projection"] for read in _reads(server))
        assert {read["limit"] for read in _reads(server) if read["filter"].get("status") == "pending"} == {2}
        await waiting[0].set({"status": "success"})  # the third moves up, which is no change
        assert (await anext(changes)).id == waiting[0].id
        await waiting[4].set({"status": "running"})  # it was not looked at while it waited
        change = await anext(changes)
        assert (change.id, change.kind) == (waiting[4].id, "updated")
        await waiting[4].set({"status": "failed"})
        change = await anext(changes)
        assert (change.id, change.document and change.document["status"]) == (waiting[4].id, "failed")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (50, OperationTimeout),
        (112, Conflict),
        (10334, LimitExceeded),
        (13, Unavailable),
        (91, Unavailable),
        (8000, Unavailable),
    ],
)
async def test_what_the_server_refuses_has_a_name(
    alone: Data, server: Standalone, catalog: Catalog, code: int, expected: type[CoreError]
) -> None:
    model = catalog.models["Thing"]
    row = await alone.create(model, LOCAL_OWNER, {"text": "a"})
    for command, call in {
        "find": lambda: alone.list(model, LOCAL_OWNER, Query()),
        "aggregate": lambda: alone.count(model, LOCAL_OWNER),
        "insert": lambda: alone.create(model, LOCAL_OWNER, {}),
        "findAndModify": lambda: alone.update(model, LOCAL_OWNER, row["_id"], {"text": "b"}),
        "delete": lambda: alone.delete(model, LOCAL_OWNER, row["_id"]),
        "update": lambda: alone.update_many(model, LOCAL_OWNER, {}, {"text": "c"}),
    }.items():
        server.faults[command] = error(code)
        with pytest.raises(expected):
            await call()
        del server.faults[command]
    assert (await alone.get(model, LOCAL_OWNER, row["_id"]))["text"] == "a"


async def test_every_read_has_a_deadline(alone: Data, server: Standalone, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    await alone.create(model, LOCAL_OWNER, {"text": "a"})
    server.seen.clear()
    await alone.list(model, LOCAL_OWNER, Query(search="a"))
    await alone.list(model, LOCAL_OWNER, Query(sorting=[Sort(field="text", nulls="last")]))
    await alone.count(model, LOCAL_OWNER)
    await alone.aggregate(model, LOCAL_OWNER, None, [GroupBy(field="text")], {})
    await alone.get_many(model, LOCAL_OWNER, ["0" * 24])
    reads = [command for command in server.seen if next(iter(command)) in ("find", "aggregate")]
    assert [command.get("maxTimeMS") for command in reads] == [7000] * 5
