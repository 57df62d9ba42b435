"""What a run touches, seen where every driver call passes: PyMongo's command events.

A context variable holds the log of the current run; writes made by anything the run awaits land in it. A write whose
ids the command does not carry is recorded as it is: model, action, filter and count. Writes of a transaction count
when it commits. https://www.mongodb.com/docs/manual/reference/command/ describes the commands read here.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from core.runs.collections import OWN

OWN_COLLECTIONS = OWN | {"apikeys"}
"""Collections Core keeps its own books in: a run's record is not something the run touched."""


@dataclass(frozen=True, kw_only=True)
class Touch:
    """One document (``id``) or, where ids are unknown, the documents a filter matched (``count`` of them)."""

    collection: str
    action: str
    id: Any = None
    filter: Mapping[str, Any] | None = None
    count: int = 1


@dataclass
class TouchLog:
    """Touches of one run in their order; a document touched twice is named once, under its first action."""

    touches: dict[Any, Touch] = field(default_factory=dict[Any, Touch])
    in_transaction: dict[Any, list[Touch]] = field(default_factory=dict[Any, list[Touch]])

    def all(self) -> list[Touch]:
        return list(self.touches.values())

    def add(self, touches: list[Touch], transaction: Any = None) -> None:
        if transaction is not None:
            self.in_transaction.setdefault(transaction, []).extend(touches)
            return
        for touch in touches:
            key = (touch.collection, repr(touch.id)) if touch.filter is None else object()
            known = self.touches.get(key)
            if known is None or touch.action == "delete":
                self.touches[key] = touch

    def end_transaction(self, transaction: Any, committed: bool) -> None:
        touches = self.in_transaction.pop(transaction, [])
        if committed:
            self.add(touches)


_log: ContextVar[TouchLog | None] = ContextVar("core_touch_log", default=None)


@contextmanager
def collecting() -> Iterator[TouchLog]:
    """Writes made inside the block, in this task and those it starts, land in the yielded log."""
    log = TouchLog()
    token = _log.set(log)
    try:
        yield log
    finally:
        _log.reset(token)


class TouchedDocuments(CommandListener):
    """The command listener every client of Core carries."""

    def __init__(self) -> None:
        self._started: dict[int, tuple[TouchLog, Mapping[str, Any]]] = {}

    def started(self, event: CommandStartedEvent) -> None:
        log = _log.get()
        if log is not None and event.command_name in _READERS:
            collection = event.command.get(event.command_name)
            if collection not in OWN_COLLECTIONS:
                self._started[event.request_id] = (log, event.command)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        log, command = self._started.pop(event.request_id, (None, None))
        if log is None or command is None:
            return
        transaction = _transaction(command)
        if event.command_name in ("commitTransaction", "abortTransaction"):
            log.end_transaction(transaction, committed=event.command_name == "commitTransaction")
        else:
            log.add(list(_READERS[event.command_name](command, event.reply)), transaction)

    def failed(self, event: CommandFailedEvent) -> None:
        self._started.pop(event.request_id, None)


def _transaction(command: Mapping[str, Any]) -> Any:
    if command.get("autocommit") is not False:
        return None
    return (bytes(command["lsid"]["id"]), int(command["txnNumber"]))


def _inserted(command: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[Touch]:
    refused = {error["index"] for error in reply.get("writeErrors", ())}
    for position, document in enumerate(command["documents"]):
        if position not in refused:
            yield Touch(collection=command["insert"], action="insert", id=document["_id"])


def _changed(command: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[Touch]:
    name, statements = ("update", "updates") if "update" in command else ("delete", "deletes")
    upserted = {entry["index"]: entry["_id"] for entry in reply.get("upserted", ())}
    refused = {error["index"] for error in reply.get("writeErrors", ())}
    matched = reply.get("n", 0) - len(upserted)
    for position, statement in enumerate(command[statements]):
        if position in upserted:
            yield Touch(collection=command[name], action="insert", id=upserted[position])
        elif matched and position not in refused:
            found = statement["q"].get("_id")
            if found is not None and not isinstance(found, Mapping):
                yield Touch(collection=command[name], action=name, id=found)
            else:
                # The reply counts all statements together: with several, the count is their sum.
                yield Touch(collection=command[name], action=name, filter=statement["q"], count=matched)


def _found_and_modified(command: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[Touch]:
    last: Mapping[str, Any] = reply.get("lastErrorObject", {})
    value: Mapping[str, Any] | None = reply.get("value")
    collection = command.get("findAndModify") or command.get("findandmodify")
    if "upserted" in last:
        yield Touch(collection=str(collection), action="insert", id=last["upserted"])
    elif last.get("n"):
        action = "delete" if command.get("remove") else "update"
        document_id = command["query"].get("_id") if value is None else value.get("_id", command["query"].get("_id"))
        if document_id is None or isinstance(document_id, Mapping):
            yield Touch(collection=str(collection), action=action, filter=command["query"])
        else:
            yield Touch(collection=str(collection), action=action, id=document_id)


def _nothing(command: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[Touch]:
    return iter(())


_READERS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[Touch]]] = {
    "insert": _inserted,
    "update": _changed,
    "delete": _changed,
    "findAndModify": _found_and_modified,
    "commitTransaction": _nothing,
    "abortTransaction": _nothing,
}
