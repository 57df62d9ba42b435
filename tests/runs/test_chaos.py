"""Three workers under random kill -9, SIGSTOP and cut connections. Only four things are checked: no acknowledged run is
lost, none is stuck, a key has at most one success, and every transition is a legal one.

``CHAOS_RUNS=5000 CHAOS_SEED=7 make chaos`` for more of it, or for the same again.
"""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import ObjectId

from core.access import LOCAL_OWNER
from core.database.connection import Database
from core.runs.collections import RUNS
from core.runs.lifecycle import FINAL, TaskRunStatus, may_follow
from core.runs.options import RunMode, RunOptions
from core.runs.service import Runs
from tests.runs.conftest import until
from tests.runs.processes import Wire, Worker, wire, worker

RUNS_AT_LEAST = int(os.environ.get("CHAOS_RUNS", "2000"))
SEED = int(os.environ.get("CHAOS_SEED", random.randrange(2**32)))
WORKERS = 3


@pytest.mark.slow
async def test_none_lost_none_stuck_one_success_a_key_legal_transitions(runs: Runs, database: Database) -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    asked: dict[str, ObjectId] = {}
    async with recorded_transitions(database) as transitions:
        quarrels = [
            asyncio.create_task(troubled_worker(database, random.Random(dice.random()))) for _ in range(WORKERS)
        ]
        await ask_for_runs(runs, dice, asked)
        await until_quiet(database, seconds=RUNS_AT_LEAST / 5 + 120)
        for task in quarrels:
            task.cancel()
        await asyncio.gather(*quarrels, return_exceptions=True)
        with worker(database):
            await until_quiet(database, seconds=60, entirely=True)
        await asyncio.sleep(1)
    await check_nothing_is_lost_or_stuck(database, set(asked.values()))
    await check_one_success_a_key(database, asked)
    check_transitions(transitions)


async def ask_for_runs(runs: Runs, dice: random.Random, asked: dict[str, ObjectId]) -> None:
    """Queue them, a third with a key that is used again now and then."""
    for number in range(RUNS_AT_LEAST):
        name = dice.choice(["quick", "quick", "retried", "slow"])
        data = {"label": str(number), "seconds": 0.0 if name == "quick" else dice.choice([0, 0.02, 0.3])}
        key = f"key {number}"
        options = RunOptions(mode=RunMode.BACKGROUND, idempotency_key=key if number % 3 == 0 else None)
        done = await runs.start(name, data, principal=LOCAL_OWNER, trigger="python", options=options)
        asked[key] = ObjectId(done.run.id)
        if number % 9 == 0:
            again = await runs.start(name, data, principal=LOCAL_OWNER, trigger="python", options=options)
            assert again.run.logical_run_id == done.run.id
        await asyncio.sleep(0.005)


async def troubled_worker(database: Database, dice: random.Random) -> None:
    """A worker that something happens to every second or so; killed ones are started anew."""
    async with wire() as line:
        while True:
            environment = {"MONGODB_URI": line.uri}
            with contextlib.suppress(_Killed), worker(database, environment=environment) as troubled:
                while True:
                    await asyncio.sleep(dice.uniform(0.3, 3.0))
                    await dice.choice([_kill, _freeze, _cut, _cut])(troubled, line, dice)


class _Killed(Exception): ...


async def _kill(troubled: Worker, line: Wire, dice: random.Random) -> None:
    troubled.send(signal.SIGKILL)
    await troubled.ended(5)
    raise _Killed


async def _freeze(troubled: Worker, line: Wire, dice: random.Random) -> None:
    troubled.send(signal.SIGSTOP)
    await asyncio.sleep(dice.uniform(0.1, 4.0))  # the lease is 1.5 s
    troubled.send(signal.SIGCONT)


async def _cut(troubled: Worker, line: Wire, dice: random.Random) -> None:
    line.cut()


@contextlib.asynccontextmanager
async def recorded_transitions(database: Database) -> AsyncIterator[dict[Any, list[str]]]:
    """Every status that each run was given, in order, from the change stream."""
    found: dict[Any, list[str]] = defaultdict(list)

    async def record() -> None:
        async with await database[RUNS].watch() as stream:
            ready.set()
            async for change in stream:
                document = change.get("fullDocument") if change["operationType"] != "update" else None
                fields = change["updateDescription"]["updatedFields"] if document is None else document
                if "status" in fields:
                    found[change["documentKey"]["_id"]].append(fields["status"])

    ready = asyncio.Event()
    recording = asyncio.create_task(record())
    await ready.wait()
    try:
        yield found
    finally:
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)


async def until_quiet(database: Database, seconds: float, *, entirely: bool = False) -> None:
    """Until (almost) every run is over."""

    async def quiet() -> bool:
        left = await database[RUNS].count_documents({"status": {"$nin": FINAL}})
        return left == 0 if entirely else left < 20

    await until(quiet, seconds)


async def check_nothing_is_lost_or_stuck(database: Database, asked: set[ObjectId]) -> None:
    found = {run["_id"]: run async for run in database[RUNS].find()}
    assert asked <= found.keys(), "lost"
    assert {run["status"] for run in found.values()} <= set(FINAL), "stuck"
    attempts = Counter(run["logical_run_id"] for run in found.values())
    for run in found.values():
        assert not run.get("retry_due"), "an attempt was never queued"
        unfinished = run["status"] in ("failed", "interrupted") and run["attempt"] < run["max_attempts"]
        assert not unfinished or attempts[run["logical_run_id"]] > run["attempt"], "an attempt is lost"
    print(Counter(run["status"] for run in found.values()), "attempts above the first:", len(found) - len(attempts))


async def check_one_success_a_key(database: Database, asked: dict[str, ObjectId]) -> None:
    successes = Counter(
        [run["logical_run_id"] async for run in database[RUNS].find({"status": "success"}, {"logical_run_id": 1})]
    )
    assert max(successes.values()) == 1
    assert len(set(asked.values())) == len(asked)


def check_transitions(transitions: dict[Any, list[str]]) -> None:
    assert len(transitions) >= RUNS_AT_LEAST
    for run_id, statuses in transitions.items():
        before = None
        for status in map(TaskRunStatus, statuses):
            if status != before:
                assert may_follow(before, status), f"{run_id}: {statuses}"
            before = status
        assert statuses[-1] in FINAL
