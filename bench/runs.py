"""What auditing costs: a call of an operation against its bare function, and how fast workers claim pending runs.

    python bench/runs.py [CALLS [PENDING]]

A WAIT run is two commands to the database. Claims are measured with four worker processes and 10,000 pending runs.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

FOLDER = tempfile.TemporaryDirectory(prefix="core-bench-")
os.environ.setdefault("CORE_DATA_DIR", FOLDER.name)
os.environ["CORE_MODULES"] = "runs_application"
os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # the workers find the module there, as this script does

import runs_application as application  # noqa: E402  (the settings above come first)

from core.access import LOCAL_OWNER  # noqa: E402
from core.database.connection import close_database, init_database  # noqa: E402
from core.registries import current_registry  # noqa: E402
from core.runs import store  # noqa: E402
from core.runs.options import RunMode, RunOptions  # noqa: E402
from core.services import build_services  # noqa: E402

WORKERS = 4


async def main(calls: int, pending: int) -> None:
    await init_database()
    await overhead(calls)
    await claims(pending)
    await close_database()


async def overhead(calls: int) -> None:
    """The median call, one after the other."""
    for label, call in (("bare function", application.nothing.__wrapped__), ("audited call", application.nothing)):
        times: list[float] = []
        for number in range(calls):
            began = time.perf_counter()
            await call(application.Number(number=number))
            times.append(time.perf_counter() - began)
        print(f"{label:<16} {median(times) * 1e6:10.1f} µs")


async def claims(pending: int) -> None:
    """From the first worker's start-up being over to the last run's end, and the claims of one bare loop."""
    runs = build_services(registry=current_registry()).runs
    options = RunOptions(mode=RunMode.BACKGROUND)
    began = time.perf_counter()
    for number in range(pending):
        await runs.start("nothing", {"number": number}, principal=LOCAL_OWNER, trigger="python", options=options)
    print(f"{'queued':<16} {pending / (time.perf_counter() - began):10.0f} runs/s")
    with _workers():
        first = await _reached(pending - 1)
        last = await _reached(0)
    print(f"{'executed':<16} {pending / (last - first):10.0f} runs/s by {WORKERS} workers")


@contextmanager
def _workers() -> Iterator[None]:
    command = [sys.executable, "-m", "cli", "worker", "--concurrency", "25"]
    started = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(WORKERS)]
    try:
        yield
    finally:
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.wait()


async def _reached(left: int) -> float:
    """When so many runs were left at most."""
    while True:
        if await store.records().count_documents({"status": {"$in": ["pending", "running"]}}) <= left:
            return time.perf_counter()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(main(*(numbers + [1000, 10_000][len(numbers) :])))
