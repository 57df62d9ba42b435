"""One command's work: an event loop, a connected database, the local owner."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from cli.errors import fail
from core.database.connection import close_database, init_database
from core.errors import CoreError
from core.services import Services, build_services


def run(work: Callable[[Services], Awaitable[Any]], services: Services | None = None) -> Any:
    """Await ``work`` with connected services; a ``CoreError`` ends the process with its message and exit code."""
    try:
        return asyncio.run(_connected(work, services or build_services()))
    except CoreError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


async def _connected(work: Callable[[Services], Awaitable[Any]], services: Services) -> Any:
    documents = [model.document for model in services.catalog.models.values()]
    try:
        await init_database(services.settings, documents=documents)
        return await work(services)
    finally:
        await close_database()
