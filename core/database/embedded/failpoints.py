"""``configureFailPoint`` with ``failCommand``, for tests of drivers and of ourselves: only with ``--test-commands``.

https://github.com/mongodb/mongo/wiki/The-%22failCommand%22-fail-point
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from .call import Call
from .semantics.errors import CODES, CommandError, bad

Reply = dict[str, Any]
_DATA = {
    "failCommands",
    "errorCode",
    "closeConnection",
    "errorLabels",
    "blockConnection",
    "blockTimeMS",
    "writeConcernError",
    "appName",
}


class ConnectionDropped(Exception):
    """The fail point asks for the connection to be closed without an answer."""


class FailPoints:
    """One ``failCommand``: what it does to which commands, and how often."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._data: Reply = {}
        self._left: float = 0
        self._skip = 0

    def reply_to(self, call: Call, answer: Callable[[Call], Reply]) -> Reply:
        if call.name == "configureFailPoint":
            return self._configure(call)
        data = self._hit(call.name)
        if data is None:
            return answer(call)
        if data.get("blockConnection"):
            time.sleep(data.get("blockTimeMS", 0) / 1000)
        if data.get("closeConnection"):
            raise ConnectionDropped
        labels = {"errorLabels": list(data["errorLabels"])} if "errorLabels" in data else {}
        if "errorCode" in data:
            code = int(data["errorCode"])
            name = next((name for name, number in CODES.items() if number == code), f"Location{code}")
            raise CommandError(name, "Failing command via 'failCommand' failpoint", **labels)
        reply = answer(call)
        return (
            reply | labels | ({"writeConcernError": data["writeConcernError"]} if "writeConcernError" in data else {})
        )

    def _configure(self, call: Call) -> Reply:
        if call.target != "failCommand":
            raise bad(f"no such fail point: {call.target}")
        mode, data = call.command.get("mode"), call.command.get("data") or {}
        unknown = set(data) - _DATA
        if unknown:
            raise bad(f"failCommand does not know {sorted(unknown)}")
        with self._lock:
            self._data = dict(data)
            self._left, self._skip = 0, 0
            if mode == "alwaysOn":
                self._left = float("inf")
            elif isinstance(mode, dict):
                self._left = mode.get("times", float("inf") if "skip" in mode else 0)
                self._skip = mode.get("skip", 0)
        return {}

    def _hit(self, name: str) -> Reply | None:
        with self._lock:
            if self._left <= 0 or name not in self._data.get("failCommands", ()):
                return None
            if self._skip:
                self._skip -= 1
                return None
            self._left -= 1
            return self._data
