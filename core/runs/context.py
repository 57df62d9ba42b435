"""``current_run()``: what code inside a run may ask and tell."""

import asyncio
import logging
import threading
from collections.abc import Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from bson import ObjectId

from core.errors import RunCancelled
from core.runs.model import Progress, TaskRun

if TYPE_CHECKING:
    from core.runs.journal import Journal


class RunContext:
    """The run that this code is part of. Its methods may be called from any thread."""

    def __init__(self, run: TaskRun, journal: "Journal") -> None:
        self._run = run
        self._journal = journal
        self._stop = threading.Event()

    @property
    def id(self) -> ObjectId:
        """Key of the TaskRun document."""
        return ObjectId(self._run.id)

    @property
    def operation_name(self) -> str:
        return self._run.operation_name

    @property
    def principal(self) -> str:
        """Id of whoever asked for the run."""
        return self._run.principal

    @property
    def attempt(self) -> int:
        """From 1; higher where earlier attempts failed or were interrupted."""
        return self._run.attempt

    @property
    def is_cancelled(self) -> bool:
        """Somebody asked the run to stop, its time is over, or its process ends."""
        return self._stop.is_set()

    def raise_if_cancelled(self) -> None:
        """For loops without an ``await`` and for functions in threads.

        Raises:
            RunCancelled: the run is to stop.
        """
        if self.is_cancelled:
            raise RunCancelled("the run was asked to stop", task_run_id=str(self.id))

    def progress(self, fraction: float, message: str = "") -> "Said":
        """Tell how far the run is: ``fraction`` from 0 to 1. It can be awaited or not, and is written a few times a
        second at most.

        Raises:
            ValueError: ``fraction`` is not between 0 and 1.
        """
        if not 0 <= fraction <= 1:
            raise ValueError(f"progress goes from 0 to 1, not {fraction}")
        self._run.progress = Progress(fraction=fraction, message=self._journal.storable(message))
        self._journal.add(logging.INFO, message, progress=fraction)
        return Said()

    def log(self, message: str, level: int | str = logging.INFO) -> "Said":
        """Add a line to the run's journal. ``level`` is one of ``logging``: ``logging.WARNING`` or ``"warning"``."""
        self._journal.add(logging.getLevelName(level.upper()) if isinstance(level, str) else level, message)
        return Said()

    def stop(self) -> None:
        """Make ``is_cancelled`` true."""
        self._stop.set()


class Said:
    """What a note to the journal returns: done already, but functions that await it let others run."""

    def __await__(self) -> Generator[None, None, None]:
        return asyncio.sleep(0).__await__()


_current: ContextVar[RunContext | None] = ContextVar("core_current_run", default=None)


def current_run() -> RunContext:
    """The run that this code is part of.

    Raises:
        LookupError: it is part of none; call the operation itself, not its ``__wrapped__`` function.
    """
    found = _current.get()
    if found is None:
        raise LookupError("no run here: current_run() works inside an operation that was called as an operation")
    return found


def run_or_none() -> RunContext | None:
    return _current.get()


def enter(context: RunContext) -> None:
    """Make it the current run of this ``contextvars`` context and of the tasks and threads started in it."""
    _current.set(context)
