"""Cancelling a run that waits, works, or is over."""

import asyncio

import pytest

from core import TaskRun
from core.access import LOCAL_OWNER
from core.errors import RunCancelled
from core.runs.options import RunMode, RunOptions
from core.runs.service import Runs
from tests.runs.conftest import until

BACKGROUND = RunOptions(mode=RunMode.BACKGROUND)


async def running() -> TaskRun | None:
    return await TaskRun.find_one({"status": "running"})


async def test_a_pending_run_is_cancelled_at_once_and_never_starts(runs: Runs) -> None:
    done = await runs.start("quick", {}, principal=LOCAL_OWNER, trigger="rest", options=BACKGROUND)
    run = await runs.cancel(done.run.id, LOCAL_OWNER)
    assert (run.status, run.error_code) == ("cancelled", "CANCELLED")
    assert run.finished_at is not None
    await runs.start_runner()
    await asyncio.sleep(0.3)
    await runs.stop_runner()
    assert (await runs.get(run.id, LOCAL_OWNER)).status == "cancelled"


@pytest.mark.parametrize("name", ["slow", "threaded"], ids=["at its next await", "where it asks"])
async def test_a_running_run_ends_soon_and_its_caller_hears_why(runs: Runs, name: str) -> None:
    call = asyncio.create_task(runs.start(name, {"seconds": 30}, principal=LOCAL_OWNER, trigger="rest"))
    run = await until(running)
    await runs.cancel(run.id, LOCAL_OWNER)
    with pytest.raises(RunCancelled) as caught:
        await asyncio.wait_for(call, 5)
    assert caught.value.task_run_id == str(run.id)
    assert (await runs.get(run.id, LOCAL_OWNER)).status == "cancelled"


async def test_a_function_that_never_asks_is_seen_to_its_end(runs: Runs) -> None:
    call = asyncio.create_task(runs.start("deaf", {"seconds": 0.5}, principal=LOCAL_OWNER, trigger="rest"))
    run = await until(running)
    assert (await runs.cancel(run.id, LOCAL_OWNER)).cancel_requested
    assert (await call).run.status == "success"


async def test_a_run_of_another_process_hears_of_it_by_its_heartbeat(runs: Runs, served: Runs) -> None:
    done = await runs.start("slow", {"seconds": 30}, principal=LOCAL_OWNER, trigger="rest", options=BACKGROUND)
    await until(running)
    await TaskRun.get_pymongo_collection().update_one({"_id": done.run.id}, {"$set": {"cancel_requested": True}})
    async for state in runs.watch(done.run.id, LOCAL_OWNER):
        last = state
    assert last.status == "cancelled"


async def test_a_run_that_is_over_stays_as_it_is(runs: Runs) -> None:
    done = await runs.start("quick", {}, principal=LOCAL_OWNER, trigger="rest")
    after = await runs.cancel(done.run.id, LOCAL_OWNER)
    assert (after.status, after.cancel_requested) == ("success", False)
