"""Logical sessions: the transaction each has open, and what its last retryable write answered.

A driver sends a write again, with the same number, when the answer was lost; the answer is kept on disk with the write,
so the write happens once even if the server died in between.
https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md
"""

import hashlib
import sqlite3
import threading
import time
from typing import Any

from bson import Int64

from .changes import ChangeLog
from .semantics.errors import CommandError
from .semantics.values import decode, encode
from .sqlite import Pool
from .transactions import LIFETIME, Transaction, no_transaction
from .writer import Writer, Writing

_IDLE = 1800.0
"""Seconds after which a session is forgotten; drivers are told the same in ``hello``."""
_SOON = 2.0
"""Seconds within which a driver starts a transaction over; later another uses the session, for something else."""
_GRACE = 5.0
"""Seconds a transaction outlives its connection while its client has others."""
_COMMITTED = {"committed": True}
_NOBODY = hashlib.sha256().digest()
"""Whose session it is, where users do not have names."""


class Session:
    """``number`` is that of its last transaction."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.number = -1
        self.transaction: Transaction | None = None
        self.committed: int | None = None
        self.answered: int | None = None
        """The number of its last retryable write, once one was done or looked up."""
        self.lost_at = -_SOON
        """When its last transaction lost against another: one that follows soon takes the writer at once."""
        self.used = time.monotonic()
        self.busy = threading.Lock()
        """Held by a write that a driver may send again: the second waits, and answers what the first did."""


class Sessions:
    def __init__(self, pool: Pool, writer: Writer, log: ChangeLog) -> None:
        self._pool, self._writer, self._log = pool, writer, log
        self._known: dict[bytes, Session] = {}
        self._lock = threading.Lock()

    def get(self, lsid: dict[str, Any]) -> Session:
        key = bytes(lsid["id"])
        with self._lock:
            session = self._known.get(key)
            if session is None:
                session = self._known[key] = Session(key)
            session.used = time.monotonic()
            return session

    # transactions

    def begin(self, session: Session, lsid: dict[str, Any], number: int) -> Transaction:
        """Start a transaction; one that the session still has open is aborted, as a newer number says."""
        last = max(session.number, -1 if session.answered is None else session.answered)
        if number <= last:
            name = "TransactionTooOld" if number < last else "ConflictingOperationInProgress"
            raise CommandError(name, f"Cannot start transaction {number}: the session has come to {last}.")
        if session.transaction is not None:
            self._abort(session.transaction)
        session.number, session.committed = number, None
        told = {"txnNumber": Int64(number), "lsid": {"id": lsid["id"], "uid": _NOBODY}}
        eager = time.monotonic() - session.lost_at < _SOON
        session.transaction = Transaction(self._pool, self._writer, told, eager=eager)
        session.lost_at = -_SOON
        return session.transaction

    def begin_write(self, session: Session, number: int) -> None:
        """What a retryable write of that number means for transactions: an older one is aborted.

        Raises:
            CommandError: TransactionTooOld, or IncompleteTransactionHistory for the number of a transaction.
        """
        if number < session.number:
            raise CommandError("TransactionTooOld", f"Retryable write {number} is older than {session.number}.")
        if number == session.number:
            message = f"Cannot retry a write of number {number}, which is that of a transaction."
            raise CommandError("IncompleteTransactionHistory", message)
        if session.transaction is not None:
            self._abort(session.transaction)

    def current(self, session: Session, number: int) -> Transaction:
        """The open transaction of that number."""
        if number < session.number:
            raise CommandError("TransactionTooOld", f"Cannot continue transaction {number}: a newer one has started.")
        transaction = session.transaction
        if transaction is None or number != session.number or not transaction.active:
            if session.committed == number:
                raise CommandError("TransactionCommitted", f"Transaction {number} has been committed.")
            raise no_transaction(number)
        return transaction

    def commit(self, session: Session, number: int, sqlite: sqlite3.Connection) -> None:
        """Commit; again for one that has been committed is no error, even after a restart."""
        if session.committed == number or recall(sqlite, session.key, number) == _COMMITTED:
            return
        transaction = self.current(session, number)
        with transaction.lock:
            if not transaction.active:
                raise no_transaction(number)
            if transaction.holds_writer:
                remember(transaction.writing(), session.key, number, _COMMITTED)
                self._log.date(transaction.writing())
            transaction.commit()
            session.committed = number

    def abort(self, session: Session, number: int) -> None:
        self._abort(self.current(session, number))

    def connection_closed(self, connection_id: int) -> None:
        """Abort what was going on on a connection, unless it goes on upon another at once: a driver that lost an answer
        tries again."""
        for transaction in self._open():
            if transaction.connection_id == connection_id:
                timer = threading.Timer(_GRACE, self._abort_orphan, (transaction, connection_id))
                timer.daemon = True
                timer.start()

    def peer_gone(self, peer: object) -> None:
        """A client has closed its last connection: nobody will go on with its transactions."""
        for transaction in self._open():
            if transaction.peer == peer:
                self._abort(transaction)

    def _abort_orphan(self, transaction: Transaction, connection_id: int) -> None:
        if transaction.connection_id == connection_id:
            self._abort(transaction)

    def sweep(self) -> None:
        """Abort transactions that live too long; forget sessions nobody uses."""
        now = time.monotonic()
        for transaction in self._open():
            if now - transaction.started > LIFETIME:
                self._abort(transaction)
        with self._lock:
            for session in list(self._known.values()):
                idle = session.transaction is None or not session.transaction.active
                if idle and now - session.used > _IDLE:
                    del self._known[session.key]

    def end(self, lsid: dict[str, Any]) -> None:
        with self._lock:
            session = self._known.pop(bytes(lsid["id"]), None)
        if session is not None and session.transaction is not None:
            self._abort(session.transaction)

    def abort_all(self) -> None:
        for transaction in self._open():
            self._abort(transaction)

    def _open(self) -> list[Transaction]:
        with self._lock:
            found = [session.transaction for session in self._known.values()]
        return [transaction for transaction in found if transaction is not None and transaction.active]

    @staticmethod
    def _abort(transaction: Transaction) -> None:
        with transaction.lock:
            if transaction.active:
                transaction.abort()


# Retryable writes


def remember(writing: Writing, session: bytes, number: int, outcome: dict[str, Any]) -> None:
    """Keep what a write answers, in the same commit as the write."""
    writing.sqlite.execute(
        "INSERT INTO retries (session, number, outcome, at) VALUES (?, ?, ?, ?) ON CONFLICT (session) "
        "DO UPDATE SET number = excluded.number, outcome = excluded.outcome, at = excluded.at",
        (session, number, encode(outcome), int(time.time())),
    )


def recall(sqlite: sqlite3.Connection, session: bytes, number: int) -> dict[str, Any] | None:
    """The answer kept for a write that was done before.

    Raises:
        CommandError: TransactionTooOld, if the session has gone on since.
    """
    row = sqlite.execute("SELECT number, outcome FROM retries WHERE session = ?", (session,)).fetchone()
    if row is None or row[0] < number:
        return None
    if row[0] > number:
        raise CommandError(
            "TransactionTooOld", f"Retryable write with txnNumber {number} is prohibited: {row[0]} is newer."
        )
    return decode(row[1])


def forget_old(sqlite: sqlite3.Connection) -> None:
    sqlite.execute("DELETE FROM retries WHERE at < ?", (int(time.time() - _IDLE),))
