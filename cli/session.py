"""One command's work: an event loop, a connected database, the local owner, and errors as exit codes."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from core.database.connection import close_database, init_database
from core.errors import CoreError
from core.renderers import Services
from core.services import build_services
from core.settings import default_settings

EXIT_CODES = {
    "BAD_USER_INPUT": 2, "DECLARATION": 3, "NOT_FOUND": 4, "CONFLICT": 5, "DUPLICATE": 6, "UNAUTHENTICATED": 7,
    "FORBIDDEN": 8, "OPERATION_FAILED": 1, "TIMEOUT": 9, "CANCELLED": 130, "UNAVAILABLE": 10, "LIMIT_EXCEEDED": 11,
}  # fmt: skip
"""Exit status of each error code; anything unforeseen is 70 (EX_SOFTWARE of sysexits.h)."""


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


def fail(error: CoreError) -> NoReturn:
    """Print what is wrong, field by field, and leave with the code's exit status."""
    print(f"error: {error.message}", file=sys.stderr)
    for found in error.field_errors:
        print(f"  {'.'.join(map(str, found.path)) or '(input)'}: {found.message}", file=sys.stderr)
    if error.task_run_id:
        print(f"  run: {error.task_run_id}", file=sys.stderr)
    sys.exit(EXIT_CODES.get(error.code, 70))


def log_to_stderr(level: int = logging.INFO) -> None:
    """Core's own messages, one line each, on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("core").setLevel(level)


def settings_or_exit() -> Any:
    """The environment's settings; a bad one ends the process with its name."""
    try:
        return default_settings()
    except CoreError as error:
        fail(error)
