"""What a run says: log lines and progress, in order, bounded, readable while it runs."""

import asyncio
import logging
import threading
from typing import Any

import pytest

from core import TaskRun, current_run, operation
from core.access import LOCAL_OWNER
from core.database.connection import Database
from core.errors import InputError
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.journal import LogLine
from core.runs.service import Runs
from core.settings import Settings
from tests.runs.conftest import Commands, until
from tests.runs.inputs import Done, Errand

log = logging.getLogger("acme.jobs")


async def start(runs: Runs, name: str) -> Any:
    return (await runs.start(name, {}, principal=LOCAL_OWNER, trigger="rest")).run


async def test_lines_progress_and_standard_logging_come_in_order(app: Registry, database: Database) -> None:
    @operation()
    async def talks(input: Errand) -> Done:
        run = current_run()
        run.log("first")
        await run.log("second", "warning")
        log.error("third %s", "of three")
        await run.progress(0.5, "half")
        try:
            raise ValueError("inside")
        except ValueError:
            log.exception("fifth")
        return Done()

    runs = Runs(take_catalog(app), Settings())
    run = await start(runs, "talks")
    lines = await runs.logs(run.id, LOCAL_OWNER)
    assert [(line.seq, line.level, line.message.split("\n")[0], line.progress) for line in lines] == [
        (1, "info", "first", None),
        (2, "warning", "second", None),
        (3, "error", "third of three", None),
        (4, "info", "half", 0.5),
        (5, "error", "fifth", None),
    ]
    assert "ValueError: inside" in lines[4].message
    assert run.progress.fraction == 0.5


async def test_records_from_outside_a_run_stay_out(app: Registry, database: Database) -> None:
    started = asyncio.Event()
    going_on = asyncio.Event()

    @operation()
    async def waits(input: Errand) -> Done:
        started.set()
        await going_on.wait()
        return Done()

    runs = Runs(take_catalog(app), Settings())
    call = asyncio.create_task(start(runs, "waits"))
    await started.wait()
    log.error("from outside")
    going_on.set()
    assert await runs.logs((await call).id, LOCAL_OWNER) == []


async def test_threads_and_functions_in_threads_speak_for_their_run(app: Registry, database: Database) -> None:
    @operation()
    def threaded_talk(input: Errand) -> Done:
        current_run().progress(0.25, "no await needed")
        log.warning("from the thread")
        return Done()

    runs = Runs(take_catalog(app), Settings())
    run = await start(runs, "threaded_talk")
    assert [line.message for line in await runs.logs(run.id, LOCAL_OWNER)] == ["no await needed", "from the thread"]


async def test_a_child_has_a_journal_of_its_own(app: Registry, database: Database) -> None:
    @operation()
    async def inner(input: Errand) -> Done:
        current_run().log("inner")
        return Done()

    @operation()
    async def outer(input: Errand) -> Done:
        current_run().log("before")
        await inner(Errand())
        current_run().log("after")
        return Done()

    runs = Runs(take_catalog(app), Settings())
    run = await start(runs, "outer")
    assert [line.message for line in await runs.logs(run.id, LOCAL_OWNER)] == ["before", "after"]


async def test_a_journal_is_bounded_and_says_how_much_it_dropped(app: Registry, database: Database) -> None:
    @operation()
    async def chatters(input: Errand) -> Done:
        for number in range(500):
            current_run().log(f"{number} " + "é" * 1000)
        return Done()

    runs = Runs(take_catalog(app), Settings(run_log_lines=100, run_log_line_bytes=201))
    run = await start(runs, "chatters")
    lines = await runs.logs(run.id, LOCAL_OWNER, limit=1000)
    assert len(lines) == 101
    assert lines[-1].message == "the journal is full; 400 further lines were dropped"
    assert all(len(line.message.encode()) <= 204 for line in lines)


async def test_writes_are_rate_limited(app: Registry, database: Database, commands: Commands) -> None:
    @operation()
    async def hurries(input: Errand) -> Done:
        for number in range(200):
            await current_run().progress(number / 200)
            await asyncio.sleep(0.005)
        return Done()

    runs = Runs(take_catalog(app), Settings())
    run = await start(runs, "hurries")
    assert len(await runs.logs(run.id, LOCAL_OWNER, limit=1000)) == 200
    writes = [one for one in commands.seen if one in ("insert taskrun_logs", "update taskruns")]
    assert 2 <= len(writes) <= 2 * (run.duration_ms / 500 + 1)


async def test_lines_can_be_read_after_a_place(app: Registry, database: Database) -> None:
    @operation()
    async def counts(input: Errand) -> Done:
        for number in range(5):
            current_run().log(str(number + 1))
        return Done()

    runs = Runs(take_catalog(app), Settings())
    run = await start(runs, "counts")
    assert [line.seq for line in await runs.logs(run.id, LOCAL_OWNER, after="2", limit=2)] == [3, 4]
    for nonsense in ("x", "-1", "", "²", "9" * 30):
        with pytest.raises(InputError, match="no position"):
            await runs.logs(run.id, LOCAL_OWNER, after=nonsense)


async def test_lines_can_be_followed_while_the_run_goes_on(app: Registry, database: Database) -> None:
    heard = asyncio.Event()

    @operation()
    async def converses(input: Errand) -> Done:
        current_run().log("question")
        await asyncio.wait_for(heard.wait(), 10)
        current_run().log("answer")
        return Done()

    runs = Runs(take_catalog(app), Settings())
    call = asyncio.create_task(start(runs, "converses"))
    found: list[LogLine] = []
    run = await until(TaskRun.find_one)
    async for line in runs.watch_logs(run.id, LOCAL_OWNER):
        found.append(line)
        heard.set()
    await call
    assert [line.message for line in found] == ["question", "answer"]


async def test_surrogates_and_nul_do_not_break_a_journal(app: Registry, database: Database) -> None:
    @operation()
    async def babbles(input: Errand) -> Done:
        current_run().log("a\ud800b\0c")
        current_run().progress(0.1, "\udfff")
        log.error("%s %s", "too few")
        return Done()

    runs = Runs(take_catalog(app), Settings())
    raising = logging.raiseExceptions
    logging.raiseExceptions = False  # logging's own complaint about the third line goes to standard error
    try:
        run = await start(runs, "babbles")
    finally:
        logging.raiseExceptions = raising
    messages = [line.message for line in await runs.logs(run.id, LOCAL_OWNER)]
    assert messages == ["a?b\0c", "?", "%s %s"]


def test_outside_a_run_current_run_says_so() -> None:
    with pytest.raises(LookupError, match="called as an operation"):
        current_run()


async def test_a_thread_that_outlives_its_run_adds_nothing(app: Registry, database: Database) -> None:
    ended = threading.Event()
    said = threading.Event()

    @operation(timeout=0.1)
    def outlives(input: Errand) -> Done:
        run = current_run()
        ended.wait(10)
        run.log("too late")
        run.progress(1)
        said.set()
        return Done()

    with pytest.raises(Exception, match="took longer") as caught:
        await outlives(Errand())
    ended.set()
    await asyncio.to_thread(said.wait, 10)
    await asyncio.sleep(0.7)
    runs = Runs(take_catalog(app), Settings())
    assert await runs.logs(caught.value.task_run_id, LOCAL_OWNER) == []


async def test_progress_goes_from_nought_to_one(app: Registry, database: Database) -> None:
    @operation()
    async def exaggerates(input: Errand) -> Done:
        await current_run().progress(1.5)
        return Done()

    with pytest.raises(ValueError, match="from 0 to 1"):
        await exaggerates(Errand())
