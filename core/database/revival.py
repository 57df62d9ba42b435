"""Start the embedded server again when it has died under a connected client.

The driver looks for its server all the time; each look that fails is told here. An operation under way is tried again
by the driver itself, within the client's server selection time-out.
"""

import logging
import threading
from pathlib import Path

from pymongo.monitoring import (
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)

from core.database.embedded.process import ensure_server

log = logging.getLogger("core.database")


class Revival(ServerHeartbeatListener):
    """For the clients of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._starting = threading.Lock()

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        pass

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        pass

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        """Called on the driver's event loop, which must not wait for a process to start."""
        threading.Thread(target=self._start, name="core.database.revival", daemon=True).start()

    def _start(self) -> None:
        if not self._starting.acquire(blocking=False):
            return
        try:
            ensure_server(self._data_dir)
        except (OSError, ValueError) as error:
            log.error("%s", error)
        finally:
            self._starting.release()
