"""The one place where the file is written: commands queue, and those that wait together are committed together.

The thread at the head of the queue does the work of all that stand behind it, in one SQLite transaction with one
fsync, and wakes them after it: nothing is acknowledged before it is on disk. A multi-document transaction takes the
head of the queue and keeps it until it ends (see ``transactions``).
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from .semantics.errors import CommandError

Result = TypeVar("Result")
_LARGEST_GROUP = 64
_GROUP_SECONDS = 0.02
WAIT_SECONDS = 20.0
"""How long a write outside a transaction waits while a transaction holds the writer."""
_CHECK_SECONDS = 0.1
"""How often a write that waits looks whether it still should."""


def go_on() -> None:
    """No reason to stop waiting."""


def _refusal(check: Callable[[], None], until: float) -> CommandError | None:
    try:
        check()
    except CommandError as error:
        return error
    if time.monotonic() < until:
        return None
    return CommandError("LockTimeout", "a transaction has held the database's one writer for too long")


class _Job(Generic[Result]):
    def __init__(self, work: "Callable[[Writing], Result] | None") -> None:
        self.work = work
        self.turn = threading.Event()
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None


class Writing:
    """What one SQLite transaction of the writer touches; told to ``committed`` once it is on disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.sqlite = connection
        self.touched: set[tuple[str, str]] = set()
        self.transaction: dict[str, Any] | None = None
        """How change events name the multi-document transaction that writes."""
        self.first: int | None = None
        """The place of its first line in the change log."""


class Writer:
    """Owns the writing connection. ``committed`` hears which namespaces a commit touched, before anybody writes again:
    times given out later are not committed yet, and a change stream that took them for it would pass over them."""

    def __init__(self, connection: sqlite3.Connection, committed: Callable[[Iterable[tuple[str, str]]], None]) -> None:
        self._sqlite = connection
        self._committed = committed
        self._lock = threading.Lock()
        self._queue: deque[_Job[Any]] = deque()
        self._held = False
        self._busy = False

    def run(self, work: Callable[[Writing], Result], check: Callable[[], None] = go_on) -> Result:
        """The result of ``work`` once it is on disk; its exception if it raises, and then nothing of it is.

        Raises:
            CommandError: LockTimeout after ``WAIT_SECONDS`` behind a transaction; OutOfDiskSpace; what ``check``
                raises, which is asked while others write.
        """
        check()
        job = _Job(work)
        if self._stand_in_line(job, WAIT_SECONDS, check):
            self._lead(job)
        if job.error is not None:
            raise job.error
        return job.result

    def hold(self, wait: float, check: Callable[[], None] = go_on) -> bool:
        """Take the writer for a transaction on another connection; False after ``wait`` seconds without it."""
        job = _Job[None](None)
        try:
            if not self._stand_in_line(job, wait, check):
                return False
        except CommandError as error:
            if error.code_name != "LockTimeout":
                raise
            return False
        with self._lock:
            self._queue.remove(job)
            self._held, self._busy = True, False
        return True

    def release(self, touched: Iterable[tuple[str, str]] = ()) -> None:
        """End a hold; ``touched`` are the namespaces of a transaction that was committed."""
        self._committed(touched)
        with self._lock:
            self._held = False
            self._wake_next()

    def _stand_in_line(self, job: _Job[Any], wait: float, check: Callable[[], None]) -> bool:
        """True at the head of the queue, False if another thread has done the work."""
        with self._lock:
            self._queue.append(job)
            if not self._held and not self._busy and self._queue[0] is job:
                self._busy = True
                return True
        until = time.monotonic() + wait
        while not job.turn.wait(_CHECK_SECONDS):
            refusal = _refusal(check, until)
            if refusal is None:
                continue
            with self._lock:
                if job.turn.is_set():
                    break
                if job in self._queue and (self._held or job.work is None):  # nobody is doing its work
                    self._queue.remove(job)
                    raise refusal
            if time.monotonic() >= until:
                until += wait
        return not job.done

    def _wake_next(self) -> None:
        """The lock is held. The head of the queue leads from now on."""
        self._busy = bool(self._queue) and not self._held
        if self._busy:
            self._queue[0].turn.set()

    def _lead(self, own: _Job[Any]) -> None:
        done = [own]
        touched: set[tuple[str, str]] = set()
        try:
            touched = self._commit_group(done)
        except BaseException as error:
            for job in done:
                job.error = job.error or storage_error(error)
        finally:
            self._committed(touched)
            with self._lock:
                for job in done:
                    self._queue.remove(job)
                self._wake_next()
            for job in done:
                job.done = True
                job.turn.set()

    def _commit_group(self, done: list[_Job[Any]]) -> set[tuple[str, str]]:
        started = time.monotonic()
        writing = Writing(self._sqlite)
        self._sqlite.execute("BEGIN IMMEDIATE")
        try:
            self._do(done[0], writing)
            while len(done) < _LARGEST_GROUP and time.monotonic() - started < _GROUP_SECONDS:
                job = self._next(done)
                if job is None:
                    break
                done.append(job)
                self._do(job, writing)
            self._sqlite.execute("COMMIT")
        except BaseException:
            if self._sqlite.in_transaction:
                self._sqlite.execute("ROLLBACK")
            raise
        return writing.touched

    def _next(self, done: list[_Job[Any]]) -> "_Job[Any] | None":
        with self._lock:
            job = self._queue[len(done)] if len(done) < len(self._queue) else None
            return job if job is not None and job.work is not None else None

    def _do(self, job: _Job[Any], writing: Writing) -> None:
        """One job in a savepoint of its own: its failure undoes it alone."""
        assert job.work is not None
        self._sqlite.execute("SAVEPOINT job")
        try:
            job.result = job.work(writing)
        except BaseException as error:
            job.error = storage_error(error)
            if not self._sqlite.in_transaction:  # SQLite has rolled the whole back: a full disk
                raise
            self._sqlite.execute("ROLLBACK TO job")
        self._sqlite.execute("RELEASE job")


def storage_error(error: BaseException) -> BaseException:
    """SQLite's failures as MongoDB names them; other exceptions as they are."""
    if not isinstance(error, sqlite3.Error) or isinstance(error, sqlite3.ProgrammingError):
        return error
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return CommandError("OutOfDiskSpace", f"the embedded database cannot write its file: {error}")
    if code == sqlite3.SQLITE_TOOBIG:
        return CommandError("BSONObjectTooLarge", "the document is too large for the embedded database")
    return error
