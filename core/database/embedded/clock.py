"""The server's logical time: a BSON timestamp for every change, larger than all before it, across restarts too."""

import threading
import time

from bson import Timestamp


class Clock:
    """Times are integers, seconds in the upper 32 bits and a counter in the lower, as BSON stores a timestamp."""

    def __init__(self, last: int = 0) -> None:
        self._last = last
        self._lock = threading.Lock()

    def tick(self, count: int = 1) -> int:
        """The first of ``count`` new times in a row."""
        with self._lock:
            first = max(self._last + 1, int(time.time()) << 32 | 1)
            self._last = first + count - 1
            return first

    def timestamp(self) -> Timestamp:
        """A new time as BSON stores it."""
        return timestamp(self.tick())

    @property
    def now(self) -> int:
        """The time that the next change might get: nothing has happened later."""
        return max(self._last, int(time.time()) << 32 | 0xFFFFFFFF)

    @property
    def last(self) -> int:
        """The last time given out."""
        return self._last


def timestamp(ticks: int) -> Timestamp:
    return Timestamp(ticks >> 32, ticks & 0xFFFFFFFF)


def ticks_of(value: Timestamp) -> int:
    return value.time << 32 | value.inc
