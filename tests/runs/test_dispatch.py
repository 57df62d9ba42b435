"""A background run is recorded, then handed to a dispatcher; what runners and readers look for is found by an index."""

from typing import Any

import pytest

from core import TaskRun
from core.access import LOCAL_OWNER
from core.database.connection import Database
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.collections import LOGS, REFS, RUNS
from core.runs.options import RunMode, RunOptions
from core.runs.service import Runs
from core.settings import Settings

BACKGROUND = RunOptions(mode=RunMode.BACKGROUND)


async def test_a_dispatcher_gets_the_recorded_run(app: Registry, database: Database, settings: Settings) -> None:
    seen: list[Any] = []

    class Engine:
        async def dispatch(self, run: TaskRun) -> None:
            seen.append((await database[RUNS].find_one({"_id": run.id}))["status"])

    runs = Runs(take_catalog(app), settings, Engine())
    await runs.start("quick", {}, principal=LOCAL_OWNER, trigger="rest", options=BACKGROUND)
    await runs.start("quick", {}, principal=LOCAL_OWNER, trigger="rest")
    assert seen == ["pending"], "and not a run that is awaited"


async def test_a_dispatcher_that_fails_loses_no_run(app: Registry, database: Database, settings: Settings) -> None:
    class Broken:
        async def dispatch(self, run: TaskRun) -> None:
            raise OSError("the engine is away")

    runs = Runs(take_catalog(app), settings, Broken())
    done = await runs.start("quick", {}, principal=LOCAL_OWNER, trigger="rest", options=BACKGROUND)
    assert done.run.status == "pending"
    await runs.start_runner()
    assert [run.status async for run in runs.watch(done.run.id, LOCAL_OWNER)][-1] == "success"
    await runs.stop_runner()


@pytest.mark.parametrize(
    ("collection", "query"),
    [
        (REFS, {"model": "Effect", "id": {"$in": ["1", "2"]}}),
        (LOGS, {"run": 1, "seq": {"$gt": 5}}),
        (RUNS, {"status": "pending", "operation_name": "quick"}),
        (RUNS, {"operation_name": "quick", "idempotency_key": "k"}),
        (RUNS, {"retry_due": True}),
        (RUNS, {"operation_name": "quick", "slot": {"$gte": 0}}),
    ],
    ids=["documents of a run", "journal", "pending", "key", "due", "slots"],
)
async def test_an_index_answers(database: Database, collection: str, query: dict[str, Any]) -> None:
    plan = (await database[collection].find(query).explain())["queryPlanner"]["winningPlan"]
    assert plan["inputStage"]["stage"] == "IXSCAN", plan
