"""Writes that must not be lost to a moment without a database, or to a cancellation."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.errors import ConnectionFailure

from core.errors import Unavailable

log = logging.getLogger("core.runs")

Answer = TypeVar("Answer")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


async def insistently(write: Callable[[], Awaitable[Answer]], patience: float) -> Answer:
    """Do a write that may be repeated, again and again while there is no connection, for ``patience`` seconds.

    Raises:
        Unavailable: the database did not answer in that time.
    """
    clock, pause = asyncio.timeout(patience), _FIRST_PAUSE
    try:
        async with clock:
            while True:
                try:
                    return await write()
                except ConnectionFailure as error:
                    log.warning("no answer from the database, trying again: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
    except TimeoutError as error:
        if not clock.expired():
            raise
        raise Unavailable(f"the database did not answer in {patience:g} s") from error


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
