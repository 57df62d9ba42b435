"""The parts of a server over one data directory, put together; what commands are given to work with."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from .call import Call
from .catalog import Catalog, Collection
from .changes import ChangeLog
from .clock import Clock
from .cursors import Cursors
from .pace import Lane
from .scans import Reading
from .semantics.errors import CommandError
from .sessions import Sessions, forget_old
from .sqlite import Pool, open_file
from .store import Store
from .writer import Writer, Writing

Result = TypeVar("Result")
_SWEEP_SECONDS = 15.0


class Engine:
    """Opens the file of a data directory and serves any number of threads until ``close``."""

    def __init__(self, data_dir: Path, version: str = "") -> None:
        self.version = version
        path = data_dir / "data.sqlite3"
        self._sqlite = open_file(path)
        last = self._sqlite.execute("SELECT max(ts) FROM changes").fetchone()[0]
        self.clock = Clock(last or 0)
        self.log = ChangeLog(self._sqlite, self.clock)
        self.catalog = Catalog(self._sqlite)
        self.store = Store(self.catalog, self.log)
        self.pool = Pool(path)
        self.writer = Writer(self._sqlite, self.log.announce)
        self.sessions = Sessions(self.pool, self.writer, self.log)
        self.cursors = Cursors()
        self.lane = Lane()
        self.connections: Callable[[], int] = lambda: 0
        """How many clients are connected; the server says it."""
        self.address_of: Callable[[int], str] = lambda connection: ""
        """Where the client of a connection is; the server says it."""
        self._stopping = threading.Event()
        self._cleaned = 0
        self._sweeper = threading.Thread(target=self._sweep, name="sweeper", daemon=True)
        self._sweeper.start()

    @contextlib.contextmanager
    def reading(self, call: Call, reading: Reading | None = None) -> Iterator[Reading]:
        """A snapshot to read, the transaction's own or the newest; ``reading`` goes on where it stopped."""
        reading = reading or Reading()
        try:
            if call.transaction is not None:
                reading.attach(call.transaction.reading(), call.pace)
                yield reading
            else:
                with self.pool.snapshot() as sqlite:
                    reading.attach(sqlite, call.pace)
                    try:
                        yield reading
                    finally:
                        reading.detach()
        finally:
            reading.detach()

    def write(self, call: Call, work: Callable[[Writing], Result]) -> Result:
        """Do the work in the call's transaction; without one, have it on disk before this returns."""
        if call.transaction is None:
            return self.writer.run(work, call.pace.check)
        writing = call.transaction.writing(call.pace.check)
        writing.sqlite.execute("SAVEPOINT command")
        try:
            return work(writing)
        except BaseException:
            writing.sqlite.execute("ROLLBACK TO command")
            raise
        finally:
            writing.sqlite.execute("RELEASE command")

    def collection(self, sqlite: sqlite3.Connection, call: Call) -> Collection | None:
        """The command's collection; raises CommandError for a view, which has no documents of its own."""
        found = self.catalog.find(sqlite, call.db, call.collection)
        if found is not None and found.view is not None:
            raise CommandError("CommandNotSupportedOnView", f"Namespace {found.namespace} is a view, not a collection")
        return found

    def _sweep(self) -> None:
        while not self._stopping.wait(_SWEEP_SECONDS):
            self.sessions.sweep()
            self.cursors.sweep()
            if self._cleaned != self.log.committed:
                self._cleaned = self.log.committed
                with contextlib.suppress(CommandError, sqlite3.Error):
                    self.clean()

    def clean(self) -> None:
        """Cut the change log and forget old answers to retryable writes; what is too old is found beside the writer."""
        with self.pool.snapshot() as sqlite:
            until = self.log.old_end(sqlite)

        def work(writing: Writing) -> None:
            if until is not None:
                self.log.trim(writing.sqlite, until)
            forget_old(writing.sqlite)

        self.writer.run(work)

    def close(self) -> None:
        """Abort what is open and fold the log of SQLite into its file."""
        self._stopping.set()
        self.log.stop()
        self.sessions.abort_all()
        self.pool.close()
        self._sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._sqlite.close()
