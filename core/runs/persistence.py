"""Writes that must not be lost to a moment without a database, or to a cancellation."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from core.errors import Unavailable

log = logging.getLogger("core.runs")

Answer = TypeVar("Answer")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_PASSING = frozenset({91, 112, 11600, 11602, 14031})
"""ShutdownInProgress, WriteConflict, InterruptedAtShutdown, InterruptedDueToReplStateChange, OutOfDiskSpace."""


async def insistently(write: Callable[[], Awaitable[Answer]], patience: float, *, limit: float = 0) -> Answer:
    """Do a write that may be repeated, again and again while there is no connection, for ``patience`` seconds. An
    answer that is under way is waited for up to ``limit`` seconds, where that is longer.

    Raises:
        Unavailable: the database did not take it in that time.
    """
    loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE
    began, clock = loop.time(), asyncio.timeout(max(patience, limit))
    try:
        async with clock:
            while True:
                try:
                    return await write()
                except (ConnectionFailure, OperationFailure) as error:
                    if not _may_pass(error):
                        raise
                    if loop.time() + pause > began + patience:
                        raise Unavailable(f"the database took no write in {patience:g} s") from error
                    log.warning("the database did not take a write, trying again: %s", reason(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
    except TimeoutError as error:
        if not clock.expired():
            raise
        raise Unavailable(f"the database took no write in {max(patience, limit):g} s") from error


def reason(error: PyMongoError) -> str:
    """What went wrong in a line: PyMongo's own text goes on with the server's whole reply."""
    return str(error).partition(", full error:")[0]


def _may_pass(error: PyMongoError) -> bool:
    return isinstance(error, ConnectionFailure) or getattr(error, "code", None) in _PASSING


async def uninterrupted(work: Awaitable[Answer]) -> tuple[Answer, asyncio.CancelledError | None]:
    """Await to the end whatever is cancelled meanwhile; the cancellation comes with the answer, to be raised after."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    return task.result(), cancelled
