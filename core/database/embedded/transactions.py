"""Multi-document transactions: isolated, one writer at a time.

A transaction reads a snapshot taken at its first command. Its first write takes the writer and keeps it until the end;
if others have committed since the snapshot, the write is refused as MongoDB refuses a write conflict, and the driver
starts over. A session that lost so takes the writer with its first command the next time, so that it gets through.
https://www.mongodb.com/docs/manual/core/transactions/
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .labels import TRANSIENT
from .semantics.errors import CommandError
from .sqlite import Pool
from .writer import Writer, Writing, go_on

_WAIT_FOR_WRITER = 2.0
LIFETIME = 60.0
"""Seconds after which a transaction that has not ended is aborted, as MongoDB's transactionLifetimeLimitSeconds."""


class Transaction:
    """One transaction of one session. Commands of it run one after the other, under ``lock``."""

    def __init__(self, pool: Pool, writer: Writer, told: dict[str, Any], *, eager: bool) -> None:
        self.lock = threading.RLock()
        self.started = time.monotonic()
        self.active = True
        self.connection_id = 0
        """The connection that its last command came on: when that closes, the transaction is aborted."""
        self.peer: object = None
        """The client that connection comes from."""
        self.holds_writer = False
        self._pool, self._writer, self._eager = pool, writer, eager
        self._sqlite: sqlite3.Connection | None = None
        self._writing: Writing | None = None
        self._told = told

    def reading(self) -> sqlite3.Connection:
        """The connection to read with; the first call fixes the snapshot."""
        if self._sqlite is None:
            self._sqlite = self._pool.take()
            if self._eager:
                with suppress(CommandError):  # others write: it may only want to read
                    self.writing()
            if not self._sqlite.in_transaction:
                self._sqlite.execute("BEGIN")
                self._sqlite.execute("SELECT value FROM meta").fetchone()
        return self._sqlite

    def writing(self, check: Callable[[], None] = go_on) -> Writing:
        """What to write with; the first call takes the writer.

        Raises:
            CommandError: WriteConflict, if others hold the writer or have written since the snapshot; what ``check``
                raises while it waits.
        """
        if self._writing is not None:
            return self._writing
        if self._sqlite is None:
            self._sqlite = self._pool.take()
        if not self._writer.hold(_WAIT_FOR_WRITER, check):
            raise conflict("another transaction is writing")
        self.holds_writer = True
        try:
            if not self._sqlite.in_transaction:
                self._sqlite.execute("BEGIN IMMEDIATE")
            else:  # fails where the snapshot is no longer the newest state
                self._sqlite.execute("UPDATE meta SET value = value WHERE name = 'format'")
        except sqlite3.OperationalError as error:
            raise conflict("documents were written since this transaction began to read") from error
        self._writing = Writing(self._sqlite)
        self._writing.transaction = self._told
        return self._writing

    def commit(self) -> None:
        """Everything on disk, or an exception and nothing."""
        touched = self._writing.touched if self._writing is not None else set[tuple[str, str]]()
        try:
            if self._sqlite is not None:
                self._sqlite.execute("COMMIT")
        except BaseException:
            touched = set()
            raise
        finally:
            self._end(touched)

    def abort(self) -> None:
        self._end(set())

    def _end(self, touched: set[tuple[str, str]]) -> None:
        self.active = False
        if self._sqlite is not None:
            self._pool.give_back(self._sqlite)
            self._sqlite = None
        if self.holds_writer:
            self.holds_writer = False
            self._writer.release(touched)


def conflict(why: str) -> CommandError:
    return CommandError(
        "WriteConflict",
        f"WriteConflict: {why}; please retry your transaction",
        errorLabels=[TRANSIENT],
    )


def no_transaction(number: Any) -> CommandError:
    return CommandError(
        "NoSuchTransaction",
        f"Given transaction number {number} does not match any in-progress transactions.",
        errorLabels=[TRANSIENT],
    )
