"""Ten thousand runs at a concurrency of a hundred: no errors, and no memory that grows with them."""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from core.access import LOCAL_OWNER
from core.database.connection import Database
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.collections import RUNS
from core.runs.options import RunMode, RunOptions
from core.runs.service import Runs
from core.settings import Settings
from tests.runs.conftest import until

COUNT = int(os.environ.get("LOAD_RUNS", "10000"))
CONCURRENCY = 100
GROWTH = 30_000_000
"""Bytes that a process may grow from a fifth of the way to the end."""

pytestmark = pytest.mark.slow


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def hammer(runs: Runs, mode: RunMode) -> list[int]:
    """Ask for all runs, a hundred at a time; the memory after each fifth."""
    memory: list[int] = []
    numbers = iter(range(COUNT))

    async def ask() -> None:
        for number in numbers:
            await runs.start(
                "quick", {"label": str(number)}, principal=LOCAL_OWNER, trigger="rest", options=RunOptions(mode=mode)
            )
            if number % (COUNT // 5) == 0:
                memory.append(resident())

    await asyncio.gather(*(ask() for _ in range(CONCURRENCY)))
    return memory


@pytest.fixture
async def runs(database: Database, app: Registry, settings: Settings) -> Runs:
    """With a server's own lease."""
    update = {"run_concurrency": CONCURRENCY, "run_lease": 30.0}
    return Runs(take_catalog(app), settings.model_copy(update=update))


async def test_awaited_runs(runs: Runs, database: Database) -> None:
    began = time.monotonic()
    memory = await hammer(runs, RunMode.WAIT)
    print(f"{COUNT / (time.monotonic() - began):.0f} runs/s; memory {[one // 1_000_000 for one in memory]} MB")
    assert await statuses(database) == {"success": COUNT}
    assert await database["effects"].count_documents({}) == COUNT
    assert memory[-1] - memory[1] < GROWTH


async def test_background_runs(runs: Runs, database: Database) -> None:
    await hammer(runs, RunMode.BACKGROUND)
    assert await statuses(database) == {"pending": COUNT}
    began, memory = time.monotonic(), list[int]()
    await runs.start_runner()

    async def over() -> bool:
        memory.append(resident())
        await asyncio.sleep(0.5)
        return await database[RUNS].count_documents({"status": "success"}) == COUNT

    await until(over, 600)
    await runs.stop_runner()
    print(f"{COUNT / (time.monotonic() - began):.0f} runs/s; memory {memory[0] // 10**6} to {memory[-1] // 10**6} MB")
    assert await statuses(database) == {"success": COUNT}
    assert await database["effects"].count_documents({}) == COUNT
    assert memory[-1] - memory[len(memory) // 5] < GROWTH


async def statuses(database: Database) -> Counter[str]:
    return Counter([run["status"] async for run in database[RUNS].find({}, {"status": 1})])
