"""Cursors: results that are fetched batch by batch, from any connection."""

import itertools
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from bson import Int64
from bson.raw_bson import RawBSONDocument

from .call import Call
from .scans import Reading
from .semantics.errors import CommandError
from .semantics.values import decode, encode
from .transactions import Transaction
from .wire import MAX_DOCUMENT_BYTES

Item = bytes | dict[str, Any]
FIRST_BATCH = 101
_IDLE = 600.0
"""Seconds after which a cursor that nobody asks is closed."""
_MOST = 10_000
_LARGEST = MAX_DOCUMENT_BYTES + 16 * 1024
_BEFORE = 6
"""Bytes of a document before its first value, if that has an empty name."""


class Cursor:
    """``items`` gives documents, encoded where nothing changed them. ``limit`` says when no more will come."""

    def __init__(self, namespace: str, items: Iterator[Item], reading: Reading, *, limit: int = 0) -> None:
        self.id = 0
        self.namespace = namespace
        self.reading = reading
        self.transaction: Transaction | None = None
        self.session: bytes | None = None
        self.peer: object = None
        """The client that opened it."""
        self.forever = False
        self.used = time.monotonic()
        self.busy = threading.Lock()
        self.finished = False
        self._items = items
        self._left = limit or None
        self._waiting: bytes | None = None

    def batch(self, size: int | None) -> list[RawBSONDocument]:
        """The next documents: ``size`` of them (None: any number), and never more than fit a reply."""
        found: list[RawBSONDocument] = []
        room = MAX_DOCUMENT_BYTES
        while not self.finished and (size is None or len(found) < size):
            body = self._next()
            if body is None:
                break
            room -= len(body) + 16
            if room < 0 and found:
                self._waiting = body
                break
            found.append(RawBSONDocument(body))
            if self._left is not None:
                self._left -= 1
                self.finished = not self._left
        return found

    def kill(self) -> None:
        """It has been closed: whoever waits for it need not any longer."""

    def _next(self) -> bytes | None:
        body, self._waiting = self._waiting, None
        if body is None:
            item = next(self._items, None)
            if item is None:
                self.finished = True
                return None
            body = item if isinstance(item, bytes) else encoded(item)
        return body


def encoded(document: dict[str, Any]) -> bytes:
    """A document that a pipeline made: MongoDB lets it be a little larger than one that is stored."""
    body = encode({"": document})[_BEFORE:-1]  # at the top ``_id`` would be put first, wherever it stands
    if len(body) > _LARGEST:
        raise CommandError(
            "BSONObjectTooLarge", f"BSONObj size: {len(body)} is invalid. Size must be at most {_LARGEST}"
        )
    return body


class Cursors:
    """Those that are open, by id."""

    def __init__(self) -> None:
        self._open: dict[int, Cursor] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count(secrets.randbits(40) << 20)

    def first(self, call: Call, cursor: Any, batch: Iterable[Any], *, keep: bool, **more: Any) -> dict[str, Any]:
        """The reply with the first batch; the cursor is kept, for the one who called, if there may be more."""
        cursor.transaction, cursor.peer, cursor.session = call.transaction, call.peer, _session(call)
        if keep:
            with self._lock:
                if len(self._open) >= _MOST:
                    raise CommandError("Interrupted", f"more than {_MOST} cursors are open")
                cursor.id = next(self._numbers)
                self._open[cursor.id] = cursor
        return {"cursor": {"firstBatch": list(batch), "id": Int64(cursor.id), "ns": cursor.namespace, **more}}

    def get(self, call: Call, number: int, namespace: str) -> Any:
        """The cursor; raises CommandError unless it is the caller's, of its session and transaction."""
        with self._lock:
            cursor = self._open.get(number)
        if cursor is None:
            raise CommandError("CursorNotFound", f"cursor id {number} not found")
        if cursor.namespace != namespace:
            raise CommandError(
                "Unauthorized",
                f"Requested getMore on namespace '{namespace}', but cursor belongs to {cursor.namespace}",
            )
        _check_same("session", 50736, cursor.session, _session(call))
        _check_same("transaction", 50739, cursor.transaction, call.transaction)
        cursor.used = time.monotonic()
        return cursor

    def close(self, number: int) -> bool:
        with self._lock:
            cursor = self._open.pop(number, None)
        if cursor is not None:
            cursor.kill()
        return cursor is not None

    def close_of(self, transaction: Transaction | None) -> None:
        """A transaction has ended: its cursors end with it."""
        if transaction is None:
            return
        with self._lock:
            for number in [number for number, cursor in self._open.items() if cursor.transaction is transaction]:
                del self._open[number]

    def peer_gone(self, peer: object) -> None:
        """A client has closed its last connection; it may come back for results that do not stay for ever."""
        with self._lock:
            for number, cursor in list(self._open.items()):
                if cursor.peer == peer and cursor.forever:
                    self._open.pop(number).kill()

    def sweep(self) -> None:
        now = time.monotonic()
        with self._lock:
            for number, cursor in list(self._open.items()):
                if not cursor.forever and now - cursor.used > _IDLE:
                    del self._open[number]


def _session(call: Call) -> bytes | None:
    return call.session.key if call.session is not None else None


def _check_same(what: str, code: int, created: object, asked: object) -> None:
    """``code`` is for a cursor created in none, the next for a request in none, the third for two that differ."""
    if created != asked:
        found = code if created is None else code + 1 if asked is None else code + 2
        raise CommandError(f"Location{found}", f"Cannot run getMore outside of the {what} the cursor was created in")


def as_document(item: Item) -> dict[str, Any]:
    return decode(item) if isinstance(item, bytes) else item
