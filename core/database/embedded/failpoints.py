"""``configureFailPoint``, for tests of drivers and of ourselves: only with ``--test-commands``.

https://github.com/mongodb/mongo/wiki/The-%22failCommand%22-fail-point
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .call import Call
from .labels import add_labels
from .semantics.errors import CODES, CommandError, bad

Reply = dict[str, Any]
_DATA = frozenset({
    "failCommands", "errorCode", "closeConnection", "errorLabels", "blockConnection", "blockTimeMS",
    "writeConcernError", "appName", "failBeforeCommitExceptionCode",
})  # fmt: skip
_WRITES = frozenset({"insert", "update", "delete", "findAndModify", "findandmodify"})
_APPLIES: dict[str, Callable[[Call, Reply], bool]] = {
    "failCommand": lambda call, data: call.name in data.get("failCommands", ()),
    "failGetMoreAfterCursorCheckout": lambda call, data: call.name == "getMore",
    "onPrimaryTransactionalWrite": lambda call, data: call.name in _WRITES and "txnNumber" in call.command,
}
"""The fail points there are, and which commands each concerns."""


class ConnectionDropped(Exception):
    """The fail point asks for the connection to be closed without an answer."""


@dataclass
class _Point:
    data: Reply = field(default_factory=dict[str, Any])
    left: float = 0
    skip: int = 0


class FailPoints:
    """What each fail point does to its commands, and how often."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points = {name: _Point() for name in _APPLIES}

    def reply_to(self, call: Call, answer: Callable[[Call], Reply]) -> Reply:
        if call.name == "configureFailPoint":
            return self._configure(call)
        for name, point in self._points.items():
            if self._hit(name, point, call):
                if name == "onPrimaryTransactionalWrite":
                    return _fail_write(call, answer, point.data)
                return _fail(call, answer, point.data)
        return answer(call)

    def _configure(self, call: Call) -> Reply:
        point = self._points.get(call.target)
        if point is None:
            raise bad(f"no such fail point: {call.target}")
        mode, data = call.command.get("mode"), call.command.get("data") or {}
        unknown = set(data) - _DATA
        if unknown:
            raise bad(f"fail points do not know {sorted(unknown)}")
        with self._lock:
            point.data, point.left, point.skip = dict(data), 0, 0
            if mode == "alwaysOn":
                point.left = float("inf")
            elif isinstance(mode, dict):
                point.left = mode.get("times", float("inf") if "skip" in mode else 0)
                point.skip = mode.get("skip", 0)
        return {}

    def _hit(self, name: str, point: _Point, call: Call) -> bool:
        with self._lock:
            if point.left <= 0 or not _APPLIES[name](call, point.data):
                return False
            if point.skip:
                point.skip -= 1
                return False
            point.left -= 1
            return True


def _fail(call: Call, answer: Callable[[Call], Reply], data: Reply) -> Reply:
    if data.get("blockConnection"):
        time.sleep(data.get("blockTimeMS", 0) / 1000)
    if data.get("closeConnection"):
        raise ConnectionDropped
    labels: Reply = {"errorLabels": list(data["errorLabels"])} if "errorLabels" in data else {}
    if call.name == "getMore" and "failCommands" in data:
        labels.setdefault("errorLabels", [])  # it fails before MongoDB knows of the cursor
    if "errorCode" in data:
        raise _error(data["errorCode"], labels)
    reply = answer(call) | labels
    if "writeConcernError" in data:
        reply["writeConcernError"] = data["writeConcernError"]
        add_labels(reply, call.name, call.command, int(data["writeConcernError"].get("code", 0)), write_concern=True)
    return reply


def _fail_write(call: Call, answer: Callable[[Call], Reply], data: Reply) -> Reply:
    """Before the write is committed with a code, or after it without an answer."""
    if "failBeforeCommitExceptionCode" in data and not data.get("closeConnection", True):
        raise _error(data["failBeforeCommitExceptionCode"], {})
    if "failBeforeCommitExceptionCode" not in data:
        answer(call)
    raise ConnectionDropped


def _error(code: Any, labels: Reply) -> CommandError:
    name = next((name for name, number in CODES.items() if number == int(code)), f"Location{int(code)}")
    return CommandError(name, "Failing command via 'failCommand' failpoint", **labels)
