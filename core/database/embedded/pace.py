"""How long a command may run, and how long ones share the interpreter with short ones.

Python runs one thread at a time. A command that has run for a while therefore enters a lane with room for one and
leaves it for the next after every slice: however many scans run, a short command finds one competitor.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from .semantics.errors import CommandError

_SHORT = 0.01
_SLICE = 0.02
_LONGEST_WAIT = 0.25  # then it runs beside the others: what holds the lane may be one long regular expression


class Lane:
    """Room for one long command; the others wait their turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: deque[threading.Event] = deque()
        self._taken = False

    def enter(self) -> bool:
        """True in the lane; False if it took too long, and the command goes on beside it."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Event()
            self._turns.append(turn)
        if turn.wait(_LONGEST_WAIT):
            return True
        with self._lock:
            if turn not in self._turns:
                return True  # it was given to us just now
            self._turns.remove(turn)
            return False

    def leave(self) -> None:
        with self._lock:
            if self._turns:
                self._turns.popleft().set()
            else:
                self._taken = False

    @property
    def wanted(self) -> bool:
        return bool(self._turns)


class Pace:
    """One command's time. ``step`` is called every few documents; ``gone`` tells whether the client has left."""

    def __init__(self, lane: Lane, max_time_ms: float | None = None, gone: Callable[[], bool] = lambda: False) -> None:
        self._lane, self._gone = lane, gone
        self._slice = time.monotonic()
        self.deadline = self._slice + max_time_ms / 1000 if max_time_ms else None
        self._in_lane = False
        self._allowance = _SHORT

    def alone(self) -> "Pace":
        """The same deadline without turns: for work that holds the writer, which must not wait for a lane."""
        found = Pace(Lane(), gone=self._gone)
        found.deadline = self.deadline
        return found

    def check(self) -> None:
        """Raise CommandError for a command that need not go on.

        Raises:
            CommandError: MaxTimeMSExpired, past the command's ``maxTimeMS``; ClientDisconnect.
        """
        self._check_time()
        if self._gone():
            raise CommandError("ClientDisconnect", "the client has closed its connection")

    def _check_time(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise CommandError("MaxTimeMSExpired", "operation exceeded time limit")

    def step(self) -> None:
        """Let others run if this command has run long.

        Raises:
            CommandError: as ``check`` does.
        """
        self._check_time()
        if time.monotonic() - self._slice <= self._allowance:
            return
        self.check()
        if self._in_lane and self._lane.wanted:
            self._lane.leave()
            self._in_lane = False
        if not self._in_lane:
            self._in_lane = self._lane.enter()
        self._slice, self._allowance = time.monotonic(), _SLICE

    def end(self) -> None:
        if self._in_lane:
            self._lane.leave()
            self._in_lane = False
