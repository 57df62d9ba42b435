"""Following one run: its states, its journal, its end."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

from bson import ObjectId

from core.runs import journal
from core.runs.hub import hub, is_news
from core.runs.journal import LogLine
from core.runs.model import TaskRun

_LINES = 1000
"""Lines of a journal that are read at a time."""

_LOOK = 0.5

Read = Callable[[], Awaitable[TaskRun]]


async def states(run_id: ObjectId, read: Read) -> AsyncGenerator[TaskRun]:
    """The run as it is, then after every change, until it is final. ``read`` gives it as it is, or raises."""
    with hub().watching(run_id) as watcher:
        last = await read()
        yield last
        while not last.status.is_final:
            await watcher.wake.wait()
            watcher.wake.clear()
            while watcher.states:
                run = watcher.states.popleft()
                if is_news(run, last):
                    last = run
                    yield run


async def lines(run_id: ObjectId, read: Read, after: str | None) -> AsyncGenerator[LogLine]:
    """The lines of its journal after that ``seq``, then those that come, until the run is final."""
    with hub().watching(run_id) as watcher:
        run = await read()
        while True:
            found = await journal.read(run_id, after, _LINES)
            for line in found:
                after = str(line.seq)
                yield line
            if len(found) == _LINES:
                continue
            if run.status.is_final:
                return
            with contextlib.suppress(TimeoutError):  # what other processes write to a journal wakes nobody here
                async with asyncio.timeout(_LOOK):
                    await watcher.wake.wait()
            watcher.wake.clear()
            run = watcher.states[-1] if watcher.states else run


async def end(run_id: ObjectId, read: Read) -> TaskRun:
    """The run when it is final."""
    async for run in states(run_id, read):
        if run.status.is_final:
            return run
    raise AssertionError("the states of a run end with a final one")
