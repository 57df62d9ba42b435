"""Leases stay alive by a thread of the process, whatever its event loops and operations are busy with.

It has a synchronous client of its own for every database it beats in, made after any fork. It starts with the first
held run, and ends when a whole interval passed with none.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from core.runs import clock
from core.runs.collections import RUNS, Database
from core.runs.persistence import reason
from core.runs.store import Claim, interruption

log = logging.getLogger("core.runs")

_BEATS_PER_LEASE = 3
_AGAIN = 0.5  # seconds until the next try where the database did not answer
_PRIVATE_TO_ASYNC = ("event_listeners", "_pool_class", "_monitor_class", "_condition_class")


@dataclass(eq=False, kw_only=True)
class HeldRun:
    """A run this process executes. The callbacks are called from the heartbeat's thread."""

    claim: Claim
    lease: float
    database: Database
    cancel: Callable[[], None]
    lose: Callable[[], None]


@dataclass(eq=False)
class Heartbeat:
    """Use the process's own, ``heartbeat()``."""

    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    _held: dict[ObjectId, HeldRun] = field(default_factory=dict[ObjectId, HeldRun])
    _clients: dict[Any, "MongoClient[dict[str, Any]]"] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @contextmanager
    def hold(self, run: HeldRun) -> Iterator[None]:
        """Renew the run's lease inside the block."""
        with self._guard:
            self._held[run.claim.run_id] = run
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat_on, name="core-heartbeat", daemon=True)
                self._thread.start()
            elif run.lease < self._shortest_lease(but=run):
                self._wake.set()
        try:
            yield
        finally:
            with self._guard:
                self._held.pop(run.claim.run_id, None)

    def held(self, run_id: ObjectId) -> HeldRun | None:
        return self._held.get(run_id)

    def interrupt_held(self) -> None:
        """End all held runs as interrupted, from whatever thread: for a process that must leave and whose event loop
        an operation keeps busy."""
        with self._guard:
            held = list(self._held.values())
        for run in held:
            records = self._client_beside(run.database)[run.database.name][RUNS]
            records.update_one(run.claim.query(), interruption("its process was told to end before it was done"))

    def _shortest_lease(self, but: HeldRun | None = None) -> float:
        return min((one.lease for one in self._held.values() if one is not but), default=30.0)

    def _beat_on(self) -> None:
        pause = self._pause()
        while True:
            woken = self._wake.wait(pause)
            self._wake.clear()
            with self._guard:
                held = list(self._held.values())
                if not held and not woken:
                    clients, self._clients, self._thread = self._clients, {}, None
                    break
            pause = self._pause() if self._beat_all(held) else _AGAIN
        for client in clients.values():
            client.close()

    def _pause(self) -> float:
        with self._guard:
            return seconds_between_beats(self._shortest_lease())

    def _beat_all(self, held: list[HeldRun]) -> bool:
        groups: dict[tuple[Any, str], list[HeldRun]] = {}
        for one in held:
            groups.setdefault((one.database.client, one.database.name), []).append(one)
        try:
            for runs in groups.values():
                self._beat(runs)
        except PyMongoError as error:
            log.warning("no heartbeat for %d runs, trying again: %s", len(held), reason(error))
            return False
        except Exception:  # the thread must outlive whatever it meets: leases depend on it
            log.exception("no heartbeat for %d runs, trying again", len(held))
            return False
        return True

    def _beat(self, runs: list[HeldRun]) -> None:
        records = self._client_beside(runs[0].database)[runs[0].database.name][RUNS]
        mine = {"_id": {"$in": [one.claim.run_id for one in runs]}, "worker": self.worker, "status": "running"}
        lease = max(one.lease for one in runs)
        records.update_many(mine, [{"$set": {"lease_expires_at": clock.later(lease)}}])
        found = {one["_id"]: one for one in records.find(mine, {"fence": 1, "cancel_requested": 1})}
        for one in runs:
            stored = found.get(one.claim.run_id)
            if one is not self._held.get(one.claim.run_id):
                continue  # it ended meanwhile
            if stored is None or stored["fence"] != one.claim.fence:
                one.lose()
            elif stored.get("cancel_requested"):
                one.cancel()

    def _client_beside(self, database: Database) -> "MongoClient[dict[str, Any]]":
        """A synchronous client with the options of the asynchronous one. PyMongo keeps what it was made with in a
        private attribute; no public one tells credentials and TLS."""
        if database.client not in self._clients:
            made_with: dict[str, Any] = database.client._init_kwargs  # pyright: ignore[reportPrivateUsage]
            options = {name: value for name, value in made_with.items() if name not in _PRIVATE_TO_ASYNC}
            self._clients[database.client] = MongoClient(**options)
        return self._clients[database.client]


def seconds_between_beats(lease: float) -> float:
    return lease / _BEATS_PER_LEASE


_heartbeat = Heartbeat()


def heartbeat() -> Heartbeat:
    """The heartbeat of this process."""
    return _heartbeat


def _after_fork() -> None:
    global _heartbeat
    _heartbeat = Heartbeat()


os.register_at_fork(after_in_child=_after_fork)
