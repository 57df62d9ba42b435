"""Following a run: the state at once, every change, an end; by many readers, slow ones and ones that leave."""

import asyncio
import gc

import pytest
from bson import ObjectId

from core import TaskRun, current_run, operation
from core.access import LOCAL_OWNER
from core.database.connection import Database
from core.errors import NotFound
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.hub import hub
from core.runs.options import RunMode, RunOptions
from core.runs.service import Runs
from core.settings import Settings
from tests.runs.conftest import until
from tests.runs.inputs import Done, Errand

BACKGROUND = RunOptions(mode=RunMode.BACKGROUND)


async def queue(runs: Runs, seconds: float) -> TaskRun:
    done = await runs.start("slow", {"seconds": seconds}, principal=LOCAL_OWNER, trigger="rest", options=BACKGROUND)
    return done.run


async def statuses(runs: Runs, run: TaskRun) -> list[str]:
    return [state.status.value async for state in runs.watch(run.id, LOCAL_OWNER)]


async def test_a_watcher_sees_the_state_at_once_then_every_change_then_the_end(runs: Runs) -> None:
    run = await queue(runs, 0.2)
    watching = asyncio.create_task(statuses(runs, run))
    await asyncio.sleep(0.1)
    await runs.start_runner()
    assert await asyncio.wait_for(watching, 5) == ["pending", "running", "success"]
    assert await statuses(runs, run) == ["success"]
    await runs.stop_runner()


async def test_progress_is_a_change(app: Registry, database: Database) -> None:
    seen = asyncio.Event()

    @operation()
    async def advances(input: Errand) -> Done:
        await current_run().progress(0.5, "half")
        await asyncio.wait_for(seen.wait(), 10)
        return Done()

    runs = Runs(take_catalog(app), Settings())
    call = asyncio.create_task(advances(Errand()))
    run = await until(TaskRun.find_one)
    fractions = []
    async for state in runs.watch(run.id, LOCAL_OWNER):
        if state.progress is not None:
            fractions.append((state.status.value, state.progress.fraction))
            seen.set()
    await call
    assert fractions == [("running", 0.5), ("success", 0.5)]


async def test_what_another_process_does_is_seen_too(runs: Runs, database: Database) -> None:
    run = await queue(runs, 0)
    watching = asyncio.create_task(statuses(runs, run))
    await asyncio.sleep(0.3)
    await database["taskruns"].update_one({"_id": run.id}, {"$set": {"status": "running"}})
    await asyncio.sleep(1)
    await database["taskruns"].update_one({"_id": run.id}, {"$set": {"status": "interrupted"}})
    assert await asyncio.wait_for(watching, 10) == ["pending", "running", "interrupted"]


async def test_a_thousand_watchers_cost_the_run_nothing_and_all_see_its_end(runs: Runs) -> None:
    run = await queue(runs, 0.1)
    watching = [asyncio.create_task(statuses(runs, run)) for _ in range(1000)]
    await asyncio.sleep(0.5)
    await runs.start_runner()
    found = await asyncio.wait_for(asyncio.gather(*watching), 30)
    await runs.stop_runner()
    assert all(states[-1] == "success" for states in found)


async def test_a_slow_watcher_misses_states_in_between_and_never_the_end(app: Registry, database: Database) -> None:
    @operation()
    async def advances(input: Errand) -> Done:
        for number in range(100):
            current_run().progress(number / 100)
            hub().publish((await TaskRun.find_one()).model_copy(update={"progress": current_run()._run.progress}))
        return Done()

    runs = Runs(take_catalog(app), Settings())
    call = asyncio.create_task(advances(Errand()))
    run = await until(TaskRun.find_one)
    states = []
    async for state in runs.watch(run.id, LOCAL_OWNER):
        states.append(state.status.value)
        await asyncio.sleep(0.05)
    await call
    assert states[-1] == "success"
    assert len(states) < 50


async def test_watchers_that_leave_leave_nothing_behind(runs: Runs) -> None:
    run = await queue(runs, 0)
    for _ in range(50):
        watcher = runs.watch(run.id, LOCAL_OWNER)
        assert (await anext(watcher)).status == "pending"
        await watcher.aclose()
        reader = asyncio.create_task(statuses(runs, run))
        await asyncio.sleep(0)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
    gc.collect()
    assert hub().is_idle


async def test_who_comes_while_the_last_watcher_leaves_still_hears_of_other_processes(runs: Runs) -> None:
    run = await queue(runs, 0)
    with hub().watching(ObjectId()):
        await asyncio.sleep(0.1)
    with hub().watching(ObjectId(run.id)) as watcher:
        await TaskRun.find_one(TaskRun.id == run.id).update({"$set": {"status": "cancelled"}})
        async with asyncio.timeout(10):
            while not watcher.states or watcher.states[-1].status != "cancelled":
                await watcher.wake.wait()
                watcher.wake.clear()


async def test_there_must_be_something_to_watch(runs: Runs) -> None:
    with pytest.raises(NotFound):
        await statuses(runs, TaskRun(operation_name="x", id="0" * 24))
    assert hub().is_idle
