"""Worker processes that are killed, frozen, told to end or have a wrong clock: no run is lost, none stays running."""

import asyncio
import os
import signal
import time
from typing import Any

import pytest

from core import TaskRun
from core.access import LOCAL_OWNER
from core.database.connection import Database
from core.runs.options import RunMode, RunOptions
from core.runs.service import Runs
from tests.runs import application
from tests.runs.conftest import until
from tests.runs.processes import Worker, worker

BACKGROUND = RunOptions(mode=RunMode.BACKGROUND)


async def queue(runs: Runs, name: str, **data: Any) -> TaskRun:
    return (await runs.start(name, data, principal=LOCAL_OWNER, trigger="rest", options=BACKGROUND)).run


async def begun(label: str, by: Worker | None = None) -> None:
    """The effect of the run of that label is there."""
    query: dict[str, Any] = {"label": label}
    if by is not None:
        query["process"] = by.pid
    await until(lambda: application.Effect.find(query).count(), seconds=30)


async def status(runs: Runs, run: TaskRun, wanted: str, seconds: float = 20) -> TaskRun:
    async def reached() -> TaskRun | None:
        found = await runs.get(run.id, LOCAL_OWNER)
        return found if found.status == wanted else None

    return await until(reached, seconds)


async def test_killed_in_the_middle_a_run_becomes_interrupted_and_is_replayable(runs: Runs, database: Database) -> None:
    run = await queue(runs, "slow", label="killed", seconds=60)
    with worker(database) as dying:
        await begun("killed")
        dying.send(signal.SIGKILL)
        killed = time.monotonic()
        await runs.start_runner()
        found = await status(runs, run, "interrupted")
    assert time.monotonic() - killed < 4, "a lease of 1.5 s and a sweep"
    assert (found.error_code, found.worker.split(":")[1]) == ("INTERRUPTED", str(dying.pid))
    assert await application.Effect.find().count() == 1, "not retried: it declares no retries"
    again = await runs.replay(run.id, LOCAL_OWNER, input={"label": "again"})
    assert again.run.status == "success"
    await runs.stop_runner()


async def test_killed_in_the_middle_a_run_with_retries_is_tried_again_by_whoever_is_left(
    runs: Runs, database: Database
) -> None:
    run = await queue(runs, "retried", label="retried", seconds=1)
    with worker(database) as dying:
        await begun("retried", dying)
        with worker(database) as other:
            dying.send(signal.SIGKILL)
            await begun("retried", other)
            first, second = await runs.attempts(run.id, LOCAL_OWNER)
            second = await status(runs, second, "success")
    assert (first.status, second.attempt, second.worker.split(":")[1]) == ("interrupted", 2, str(other.pid))


async def test_a_kill_between_effect_and_status_leaves_the_outcome_marked_unknown(
    runs: Runs, database: Database
) -> None:
    begin = (
        "import core.runs.store as store, os, signal\n"
        "async def die(*args, **kwargs): os.kill(os.getpid(), signal.SIGKILL)\n"
        "store.finish = die"
    )
    run = await queue(runs, "quick", label="done")
    with worker(database, begin=f"exec({begin!r})") as dying:
        assert await dying.ended(30) == -signal.SIGKILL
    await runs.start_runner()
    found = await status(runs, run, "interrupted")
    await runs.stop_runner()
    assert await application.Effect.find({"label": "done"}).count() == 1
    assert "not known" in found.error_message


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("slow", id="awaiting"),
        pytest.param("busy", id="blocking its loop", marks=pytest.mark.slow),
        pytest.param("deaf", id="in a thread", marks=pytest.mark.slow),
    ],
)
async def test_sigterm_drains_then_interrupts_and_the_process_ends_in_time(
    runs: Runs, database: Database, name: str
) -> None:
    long = await queue(runs, name, label="long", seconds=60)
    with worker(database) as ending:
        await status(runs, long, "running", 30)
        await asyncio.sleep(0.3)
        ending.send(signal.SIGTERM)
        told = time.monotonic()
        await ending.ended(10)
    assert time.monotonic() - told < 6
    assert (await runs.get(long.id, LOCAL_OWNER)).status == "interrupted"


async def test_sigterm_lets_what_is_short_end_well_and_claims_no_more(runs: Runs, database: Database) -> None:
    short = await queue(runs, "slow", label="short", seconds=0.6)
    with worker(database, "--concurrency", "1") as ending:
        await begun("short")
        waiting = await queue(runs, "quick", label="waiting")
        ending.send(signal.SIGTERM)
        assert await ending.ended(10) == 0
    assert (await runs.get(short.id, LOCAL_OWNER)).status == "success"
    assert (await runs.get(waiting.id, LOCAL_OWNER)).status == "pending"


async def test_a_frozen_worker_that_wakes_after_its_lease_cannot_overwrite(runs: Runs, database: Database) -> None:
    run = await queue(runs, "slow", label="frozen", seconds=0.5)
    with worker(database) as frozen:
        await begun("frozen")
        frozen.send(signal.SIGSTOP)
        await runs.start_runner()
        found = await status(runs, run, "interrupted")
        frozen.send(signal.SIGCONT)
        await asyncio.sleep(1.5)
        assert await runs.get(run.id, LOCAL_OWNER) == found
        assert frozen.process.poll() is None, "and goes on with other runs"
        await runs.stop_runner()
        later = await queue(runs, "quick", label="later")
        await status(runs, later, "success")


@pytest.mark.slow
async def test_a_loop_that_computes_for_longer_than_its_lease_keeps_it(runs: Runs, database: Database) -> None:
    run = await queue(runs, "busy", label="busy", seconds=4)
    with worker(database), worker(database):
        await begun("busy")
        found = await status(runs, run, "success")
    assert found.duration_ms >= 4000
    assert await application.Effect.find({"label": "busy"}).count() == 1


async def test_a_cancel_reaches_a_worker_by_its_heartbeat(runs: Runs, database: Database) -> None:
    run = await queue(runs, "slow", label="cancelled", seconds=60)
    with worker(database):
        await begun("cancelled")
        await runs.cancel(run.id, LOCAL_OWNER)
        found = await status(runs, run, "cancelled", 5)
    assert found.error_code == "CANCELLED"


@pytest.mark.slow
@pytest.mark.parametrize("hours", [-1, 1])
async def test_clocks_that_are_an_hour_wrong_change_nothing(runs: Runs, database: Database, hours: int) -> None:
    begin = (
        "import datetime, time\n"
        "real, now = time.time, datetime.datetime.now\n"
        f"time.time = lambda: real() + {hours * 3600}\n"
        "class Shifted(datetime.datetime):\n"
        f"    now = classmethod(lambda cls, tz=None: now(tz) + datetime.timedelta(hours={hours}))\n"
        "datetime.datetime = Shifted"
    )
    run = await queue(runs, "slow", label="skewed", seconds=2.5)
    with worker(database, begin=f"exec({begin!r})"), worker(database):
        found = await status(runs, run, "success", 30)
    assert await application.Effect.find({"label": "skewed"}).count() == 1
    assert abs(found.duration_ms - 2500) < 1500
    assert abs((found.finished_at - run.created_at).total_seconds()) < 60


@pytest.mark.slow
async def test_two_workers_share_the_runs_and_each_runs_once(runs: Runs, database: Database) -> None:
    queued = [await queue(runs, "quick", label=str(number)) for number in range(60)]
    with worker(database, "--concurrency", "2") as one, worker(database, "--concurrency", "2") as two:
        for run in queued:
            await status(runs, run, "success", 30)
    effects = await application.Effect.find().to_list()
    assert sorted(int(effect.label) for effect in effects) == list(range(60))
    assert {effect.process for effect in effects} <= {one.pid, two.pid}


async def test_a_worker_refuses_an_operation_there_is_not(database: Database) -> None:
    with worker(database, "--only", "nonsense") as refusing:
        assert await refusing.ended(20) == 2
        assert "no operation nonsense" in refusing.said


async def test_a_worker_waits_for_a_database_and_can_be_ended_while_it_does(database: Database) -> None:
    nowhere = {"MONGODB_URI": "mongodb://127.0.0.1:1/?directConnection=true", "CORE_DATABASE_TIMEOUT": "0.3"}
    with worker(database, environment=nowhere) as waiting:
        await until(lambda: asyncio.to_thread(lambda: "Trying again" in waiting.said), 20)
        waiting.send(signal.SIGTERM)
        assert await waiting.ended(5) == 0
    assert os.getpid() != waiting.pid
