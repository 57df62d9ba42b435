"""One command's work: an event loop, a connected database, the local owner."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from pymongo.errors import PyMongoError

from cli.errors import fail
from core.database.connection import close_database, init_database, unavailable
from core.errors import CoreError, Unavailable
from core.services import Services, build_services

Work = Callable[[Services], Awaitable[Any]]


def run(work: Work, services: Services | None = None) -> Any:
    """Await ``work`` with connected services; a ``CoreError`` ends the process with its message and exit code.

    Ctrl-C and SIGTERM cancel the work, so that a run is closed before the process ends.
    """
    try:
        return asyncio.run(_connected(work, services or build_services()))
    except CoreError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except asyncio.CancelledError:
        sys.exit(128 + signal.SIGTERM)


async def _connected(work: Work, services: Services) -> Any:
    this: Any = asyncio.current_task()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    documents = [model.document for model in services.catalog.models.values()]
    try:
        await init_database(services.settings, documents=documents)
        return await work(services)
    except PyMongoError as error:
        raise unavailable(error, services.settings) or Unavailable(str(error)) from error
    finally:
        await close_database()
