"""Work that ends when nobody waits for its answer any more."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

Answer = TypeVar("Answer")


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Answer]) -> Answer | None:
    """Await ``work``, or cancel it and give None once the client is gone. The request's body has been read."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        await cancelled(task, gone)


async def cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what still runs and wait until it has ended; its outcome is of no interest."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
