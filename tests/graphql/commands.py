"""Counts what is asked of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import monitoring

READS = frozenset({"find", "aggregate", "count", "getMore"})


class Commands(monitoring.CommandListener):
    """Registered with PyMongo once; ``counted`` is the only one that makes it write down anything."""

    def __init__(self) -> None:
        self._seen: list[str] | None = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self._seen is not None and event.command_name in READS:
            self._seen.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The reads sent inside the block."""
        self._seen = []
        try:
            yield self._seen
        finally:
            self._seen = None


COMMANDS = Commands()
monitoring.register(COMMANDS)
