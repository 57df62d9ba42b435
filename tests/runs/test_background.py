"""Background runs: recorded before the answer, claimed once, retried as declared, limited as set."""

import asyncio
from typing import Any

import pytest

from core import TaskRun, UserError, current_run, operation
from core.access import LOCAL_OWNER
from core.database.connection import Database
from core.errors import InputError, OperationFailed
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.collections import RUNS
from core.runs.hooks import on_failure
from core.runs.options import RunMode, RunOptions
from core.runs.recovery import Recovery
from core.runs.runner import Runner
from core.runs.service import Runs
from core.settings import Settings
from tests.runs import application
from tests.runs.conftest import until
from tests.runs.inputs import Done, Errand

BACKGROUND = RunOptions(mode=RunMode.BACKGROUND)


async def queue(runs: Runs, name: str, data: Any = None, **options: Any) -> TaskRun:
    options = {"mode": RunMode.BACKGROUND, **options}
    done = await runs.start(name, data or {}, principal=LOCAL_OWNER, trigger="rest", options=RunOptions(**options))
    return done.run


async def ended(runs: Runs, run: TaskRun) -> TaskRun:
    async for state in runs.watch(run.id, LOCAL_OWNER):
        run = state
    return run


async def test_the_answer_is_a_pending_run_that_is_in_the_database(runs: Runs, database: Database) -> None:
    run = await queue(runs, "quick", {"label": "x"})
    assert (run.status, run.mode, run.started_at) == ("pending", "background", None)
    assert (await database[RUNS].find_one({"_id": run.id}))["status"] == "pending"


async def test_a_runner_executes_what_was_queued_before_and_after_it_started(runs: Runs) -> None:
    before = await queue(runs, "quick", {"label": "before"})
    await runs.start_runner()
    after = await queue(runs, "quick", {"label": "after"})
    for run, label in ((before, "before"), (after, "after")):
        found = await ended(runs, run)
        assert (found.status, found.output, found.attempt) == ("success", {"label": label}, 1)
        assert found.worker is not None
        assert found.result_refs_total == 1
    await runs.stop_runner()


async def test_only_operations_declared_so_run_in_the_background(app: Registry, database: Database) -> None:
    @operation()
    async def awaited_only(input: Errand) -> Done:
        return Done()

    runs = Runs(take_catalog(app), Settings())
    with pytest.raises(InputError, match="async_enabled=True"):
        await queue(runs, "awaited_only")
    assert await TaskRun.find().count() == 0


async def test_python_can_queue_too(served: Runs) -> None:
    run = await application.quick.in_background()(label="x")
    assert run.status == "pending"
    assert (await ended(served, run)).output == {"label": "x"}


async def test_failures_are_retried_as_often_as_declared_each_attempt_a_document(
    app: Registry, database: Database, settings: Settings
) -> None:
    @operation(async_enabled=True, retries=2)
    async def flaky(input: Errand) -> Done:
        if current_run().attempt < 3:
            raise ValueError(f"attempt {current_run().attempt}")
        return Done(label="at last")

    runs = Runs(take_catalog(app), settings)
    await runs.start_runner()
    run = await queue(runs, "flaky")

    async def all_attempts() -> list[TaskRun] | None:
        found = await runs.attempts(run.id, LOCAL_OWNER)
        return found if found[-1].status == "success" else None

    attempts = await until(all_attempts)
    await runs.stop_runner()
    assert [(one.attempt, one.status) for one in attempts] == [(1, "failed"), (2, "failed"), (3, "success")]
    assert {one.logical_run_id for one in attempts} == {run.id}
    assert len({one.id for one in attempts}) == 3
    assert attempts[1].available_at >= attempts[0].finished_at, "there is a delay"


async def test_what_is_told_to_the_user_is_not_retried_and_neither_is_an_awaited_run(
    app: Registry, database: Database, settings: Settings
) -> None:
    @operation(async_enabled=True, retries=5)
    async def refuses(input: Errand) -> Done:
        raise UserError("no")

    runs = Runs(take_catalog(app), settings)
    await runs.start_runner()
    assert (await ended(runs, await queue(runs, "refuses"))).status == "failed"
    with pytest.raises(OperationFailed):
        await runs.start("refuses", {}, principal=LOCAL_OWNER, trigger="rest")
    await asyncio.sleep(0.5)
    await runs.stop_runner()
    assert await TaskRun.find().count() == 2


async def test_a_hook_hears_of_what_failed_for_good(app: Registry, database: Database, settings: Settings) -> None:
    heard: list[TaskRun] = []

    @operation(async_enabled=True, retries=1)
    async def fails(input: Errand) -> Done:
        raise ValueError("no")

    @on_failure
    async def broken(run: TaskRun) -> None:
        raise RuntimeError("the hook's own matter")

    @on_failure
    async def listen(run: TaskRun) -> None:
        heard.append(run)
        await fails(Errand())

    runs = Runs(take_catalog(app), settings)
    await runs.start_runner()
    run = await queue(runs, "fails")

    async def has_heard() -> bool:
        return bool(heard)

    await until(has_heard)
    await asyncio.sleep(0.3)
    await runs.stop_runner()
    assert [(one.attempt, one.logical_run_id) for one in heard] == [(2, run.id)]


async def test_a_stored_input_that_no_longer_fits_fails_with_the_reason(served: Runs, database: Database) -> None:
    run = await queue(served, "slow", {"seconds": 0})
    second = TaskRun(**{**run.model_dump(), "id": None, "input_dump": {"seconds": "soon"}, "status": "pending"})
    await second.insert()
    found = await ended(served, second)
    assert found.status == "failed"
    assert "does not fit" in found.error_message


async def test_a_record_that_breaks_its_model_costs_the_others_nothing(runs: Runs, database: Database) -> None:
    broken = await queue(runs, "quick")
    await database[RUNS].update_one({"_id": broken.id}, {"$set": {"timeout": "soon"}})
    await runs.start_runner()
    await until(lambda: database[RUNS].find_one({"_id": broken.id, "status": "running"}))
    assert (await ended(runs, await queue(runs, "quick"))).status == "success"
    await runs.stop_runner()


async def test_a_broken_record_keeps_no_other_run_from_its_next_attempt(
    runs: Runs, database: Database, settings: Settings
) -> None:
    due = {"operation_name": "retried", "status": "failed", "max_attempts": 3, "retry_due": True}
    broken = await database[RUNS].insert_one({**due, "attempt": "first"})
    whole = await database[RUNS].insert_one({**due, "attempt": 1})
    await Recovery(settings).sweep()
    (following,) = await database[RUNS].find({"status": "pending"}).to_list()
    assert (following["logical_run_id"], following["attempt"]) == (None, 2)
    assert await database[RUNS].count_documents({"retry_due": True}) == 0
    assert {(await database[RUNS].find_one({"_id": one.inserted_id}))["status"] for one in (broken, whole)} == {
        "failed"
    }


async def test_a_limit_of_an_operation_holds_over_all_runners(runs: Runs, app: Registry, settings: Settings) -> None:
    queued = [await queue(runs, "narrow", {"seconds": 0.05}) for _ in range(8)]
    runners = [Runner(app.operations.values(), settings) for _ in range(3)]
    for runner in runners:
        runner.start()
    for run in queued:
        assert (await ended(runs, run)).status == "success"
    for runner in runners:
        await runner.stop()
    at_once = most = 0
    for effect in await application.Effect.find().sort("+_id").to_list():
        at_once += 1 if effect.label == "begin" else -1
        most = max(most, at_once)
    assert most == 2


async def test_a_runner_executes_no_more_at_once_than_it_is_told(runs: Runs, app: Registry, settings: Settings) -> None:
    for _ in range(12):
        await queue(runs, "slow", {"seconds": 0.3})
    runner = Runner(app.operations.values(), settings.model_copy(update={"run_concurrency": 3}))
    runner.start()
    counts: list[int] = []

    async def done() -> bool:
        counts.append(await TaskRun.find({"status": "running"}).count())
        return await TaskRun.find({"status": "success"}).count() == 12

    await until(done)
    await runner.stop()
    assert max(counts) == 3


async def test_stopping_drains_then_interrupts_and_queues_what_may_be_retried(
    runs: Runs, app: Registry, settings: Settings
) -> None:
    short, long, again = (
        await queue(runs, "slow", {"seconds": 0.2}),
        await queue(runs, "slow", {"seconds": 60}),
        await queue(runs, "retried", {"seconds": 60}),
    )
    await runs.start_runner()

    async def all_begun() -> bool:
        return await application.Effect.find().count() == 3

    await until(all_begun)
    await runs.stop_runner()
    assert [(await runs.get(run.id, LOCAL_OWNER)).status for run in (short, long, again)] == [
        "success", "interrupted", "interrupted",
    ]  # fmt: skip
    _, following = await runs.attempts(again.id, LOCAL_OWNER)
    assert (following.status, following.attempt) == ("pending", 2)


async def test_an_operation_this_runner_does_not_know_stays_for_another(
    runs: Runs, app: Registry, settings: Settings
) -> None:
    run = await queue(runs, "quick")
    runner = Runner([app.operations["slow"]], settings)
    runner.start()
    await asyncio.sleep(0.4)
    await runner.stop()
    assert (await runs.get(run.id, LOCAL_OWNER)).status == "pending"
