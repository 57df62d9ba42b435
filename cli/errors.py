"""How commands fail and what they say: one message on standard error, and an exit status for each error code."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

from core.errors import CoreError, FieldPath, InputError

EXIT_CODES = {
    "BAD_USER_INPUT": 2, "DECLARATION": 3, "NOT_FOUND": 4, "CONFLICT": 5, "DUPLICATE": 6, "UNAUTHENTICATED": 7,
    "FORBIDDEN": 8, "OPERATION_FAILED": 1, "TIMEOUT": 9, "CANCELLED": 130, "UNAVAILABLE": 10, "LIMIT_EXCEEDED": 11,
}  # fmt: skip
"""Exit status of each error code; anything unforeseen is 70 (EX_SOFTWARE of sysexits.h)."""


def fail(error: CoreError) -> NoReturn:
    """Print what is wrong, field by field, and leave with the code's exit status."""
    print(f"error: {error.message}", file=sys.stderr)
    for found in error.field_errors:
        told = f"{'.'.join(map(str, found.path)) or '(input)'}: {found.message}"
        if told != error.message:
            print(f"  {told}", file=sys.stderr)
    if error.task_run_id:
        print(f"  run: {error.task_run_id}", file=sys.stderr)
    sys.exit(EXIT_CODES.get(error.code, 70))


@contextmanager
def naming_options(message: str, rename: Callable[[FieldPath], FieldPath]) -> Iterator[None]:
    """Wrong input names the command's options (``--pages``) instead of fields, under ``message``."""
    try:
        yield
    except InputError as error:
        if not error.field_errors:
            raise
        found = [replace(one, path=rename(one.path)) for one in error.field_errors]
        raise InputError(message, field_errors=found, task_run_id=error.task_run_id) from error


def log_to_stderr(level: int = logging.INFO) -> None:
    """Core's own messages, one line each, on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("core").setLevel(level)
