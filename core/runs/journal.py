"""The journal of a run: lines it logged and progress it reported, in their own append-only collection.

Lines are gathered in memory and written at most twice a second; what a process had not written when it was killed is
lost. Records of the standard ``logging`` module that pass the application's log levels become lines too.
"""

import asyncio
import contextlib
import logging
import threading
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import BulkWriteError, PyMongoError

from core.errors import InputError
from core.runs import store
from core.runs.collections import LOGS, Collection
from core.runs.context import run_or_none
from core.runs.model import TaskRun, now
from core.runs.persistence import reason
from core.runs.stored import Redaction
from core.settings import Settings

log = logging.getLogger("core.runs")

INTERVAL = 0.5
"""Seconds between two writes of one run's journal."""
_DUPLICATE = 11000
_NOT_CAPTURED = ("pymongo", "asyncio", "core.runs")
"""Loggers whose records are about the machinery, not about the run."""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """``seq`` counts a run's lines from 1; ``progress`` is a fraction of 1, on lines that report it."""

    seq: int
    at: datetime
    level: str
    message: str
    progress: float | None = None


class Journal:
    """Gathers one run's lines, from any thread, and writes them on the run's event loop."""

    def __init__(self, run: TaskRun, settings: Settings, redact: Redaction, written: Callable[[], None]) -> None:
        self._run = run
        self._settings = settings
        self._redact = redact
        self._written = written
        self._loop = asyncio.get_running_loop()
        self._lines: deque[dict[str, Any]] = deque()
        self._guard = threading.Lock()
        self._writing = asyncio.Lock()
        self._scheduled = False
        self._closed = False
        self._seq = 0
        self._dropped = 0
        self._progress_told = run.progress

    def add(self, level: int, message: str, progress: float | None = None) -> None:
        """Add a line; once the journal is full it is only counted, and the last line says how many there were."""
        with self._guard:
            if self._closed:
                return
            if self._seq >= self._settings.run_log_lines:
                self._dropped += 1
            else:
                self._append(level, message, progress)
            if self._scheduled:
                return
            self._scheduled = True
        with contextlib.suppress(RuntimeError):  # the loop is gone: a thread outlived its run
            self._loop.call_soon_threadsafe(self._loop.call_later, INTERVAL, self._begin_write)

    def storable(self, message: str) -> str:
        """The message without secrets, and not too long."""
        return _cut(self._redact(message), self._settings.run_log_line_bytes)

    async def close(self) -> None:
        """Write what is left. Lines that come later, from a thread that outlives its run, are dropped.

        Raises:
            PyMongoError: the database did not take them. They are kept: close again, or ``lose`` them.
        """
        with self._guard:
            self._closed = True
            if self._dropped:
                self._append(logging.WARNING, f"the journal is full; {self._dropped} further lines were dropped", None)
                self._dropped = 0
        async with self._writing:
            lines = list(self._lines)
            await self._write_lines(lines)
        if lines:
            self._written()

    async def lose(self, why: str) -> None:
        """Give up what is left of a closed journal, and say so: in a last line, where the database takes that one."""
        message = f"{len(self._lines)} lines were lost: {why}"
        log.warning("the journal of run %s: %s", self._run.id, message)
        self._lines.clear()
        self._append(logging.WARNING, message, None)
        with contextlib.suppress(PyMongoError):
            await self.close()

    def _append(self, level: int, message: str, progress: float | None) -> None:
        self._seq += 1
        line = {
            "run": self._run.id,
            "seq": self._seq,
            "at": now(),
            "level": logging.getLevelName(level).lower(),
            "message": self.storable(message),
            "progress": progress,
        }
        self._lines.append(line)

    def _begin_write(self) -> None:
        task = self._loop.create_task(self._write())
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    async def _write(self) -> None:
        async with self._writing:
            with self._guard:
                self._scheduled = False
                lines = list(self._lines)
            try:
                await self._write_lines(lines)
                await self._write_progress()
            except PyMongoError as error:
                log.warning("the journal of run %s waits: %s", self._run.id, reason(error))
                return
        if lines:
            self._written()

    async def _write_lines(self, lines: list[dict[str, Any]]) -> None:
        if not lines:
            return
        try:
            await journal().insert_many(lines, ordered=False)
        except BulkWriteError as error:  # written before, and the answer was lost
            if any(found["code"] != _DUPLICATE for found in error.details["writeErrors"]):
                raise
        with self._guard:
            for _ in lines:
                self._lines.popleft()

    async def _write_progress(self) -> None:
        told = self._run.progress
        if told is None or told is self._progress_told or self._closed:
            return
        await store.report_progress(store.Claim.of(self._run), told.model_dump())
        self._progress_told = told


def journal() -> Collection:
    """The collection of all lines, through the running loop's client."""
    return store.records().database[LOGS]


async def read(run_id: ObjectId, after: str | None, limit: int) -> list[LogLine]:
    """Lines after the one of that ``seq``, in their order.

    Raises:
        InputError: ``after`` is no number of a line.
    """
    query: dict[str, Any] = {"run": run_id, "seq": {"$gt": _seq(after)}}
    found = journal().find(query, {"_id": 0, "run": 0}).sort("seq", 1).limit(limit)
    return [LogLine(**line) async for line in found]


def capture_logging() -> None:
    """From now on, records logged inside a run go to its journal too.

    A record factory and not a handler: a handler on the root logger would make the application's own
    ``logging.basicConfig`` do nothing, and would silence the standard output of warnings.
    """
    global _capturing
    if not _capturing:
        _capturing = True
        logging.setLogRecordFactory(_capturing_factory(logging.getLogRecordFactory()))


_capturing = False
_tasks: set[asyncio.Task[None]] = set()


def _capturing_factory(make: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        run = run_or_none()
        if run is not None and record.name.split(".")[0] not in _NOT_CAPTURED and record.name not in _NOT_CAPTURED:
            run.log(_text(record), record.levelno)
        return record

    return factory


def _text(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except Exception:  # arguments that do not fit the format; logging itself complains about it
        text = str(record.msg)
    if record.exc_info and record.exc_info[1] is not None:
        text += "\n" + "".join(traceback.format_exception(record.exc_info[1]))
    return text


def _cut(text: str, limit: int) -> str:
    encoded = text.encode()
    return text if len(encoded) <= limit else encoded[:limit].decode(errors="ignore") + "…"


def _seq(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isascii() or not after.isdigit() or len(after) > 15:
        raise InputError(f"{after!r} is no position in a journal; give the seq of a line")
    return int(after)
