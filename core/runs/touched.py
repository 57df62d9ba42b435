"""What a run touches, seen where every driver call passes: PyMongo's command events.

A context variable holds the log of the current run; writes made by anything the run awaits land in it. A write whose
ids command and reply do not tell is recorded as it is: model, action, and filter and count as far as they are known; no
document is named that may not have been touched. Writes of a transaction count when it commits.
https://www.mongodb.com/docs/manual/reference/command/ describes the commands read here.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from bson import Regex
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from core.runs.collections import OWN

OWN_COLLECTIONS = OWN | {"apikeys"}
"""Collections Core keeps its own books in: a run's record is not something the run touched."""


@dataclass(frozen=True, kw_only=True)
class Touch:
    """One document (``id``) or, where ids are unknown, those a filter matched (``count`` of them). What the command
    does not tell is None."""

    collection: str
    action: str
    id: Any = None
    filter: Mapping[str, Any] | None = None
    count: int | None = 1


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
            key = object() if touch.id is None else (touch.collection, repr(touch.id))
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
            self._started[event.request_id] = (log, event.command)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        log, command = self._started.pop(event.request_id, (None, None))
        if log is None or command is None:
            return
        transaction = _transaction(command)
        if event.command_name in ("commitTransaction", "abortTransaction"):
            log.end_transaction(transaction, committed=event.command_name == "commitTransaction")
        else:
            touches = _READERS[event.command_name](command, event.reply)
            log.add([one for one in touches if one.collection not in OWN_COLLECTIONS], transaction)

    def failed(self, event: CommandFailedEvent) -> None:
        self._started.pop(event.request_id, None)


def _transaction(command: Mapping[str, Any]) -> Any:
    if command.get("autocommit") is not False:
        return None
    return (bytes(command["lsid"]["id"]), int(command["txnNumber"]))


def _performed(command: Mapping[str, Any], count: int, refused: Collection[int]) -> list[int]:
    """Positions of the statements that were not refused; an ordered bulk ends with the first refusal."""
    end = min(refused, default=count) if command.get("ordered", True) else count
    return [position for position in range(end) if position not in refused]


def _inserted(command: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[Touch]:
    documents = command["documents"]
    for position in _performed(command, len(documents), _refused(reply)):
        yield Touch(collection=command["insert"], action="insert", id=documents[position]["_id"])


def _changed(command: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[Touch]:
    name, statements = ("update", "updates") if "update" in command else ("delete", "deletes")
    collection = str(command[name])
    upserted = {entry["index"]: entry["_id"] for entry in reply.get("upserted", ())}
    performed = _performed(command, len(command[statements]), _refused(reply))
    for position in performed:
        if position in upserted:
            yield Touch(collection=collection, action="insert", id=upserted[position])
    queries = [command[statements][position]["q"] for position in performed if position not in upserted]
    yield from _matched(collection, name, queries, reply["n"] - len(upserted) if "n" in reply else None)


def _refused(reply: Mapping[str, Any]) -> set[int]:
    return {error["index"] for error in reply.get("writeErrors", ())}


def _matched(
    collection: str, action: str, queries: Sequence[Mapping[str, Any]], matched: int | None
) -> Iterator[Touch]:
    """What statements with these queries touched: a reply tells the sum of their matches only, or not even that."""
    if matched == 0 or not queries:
        return
    ids = [query["_id"] for query in queries if _names_one(query)]
    if len(ids) == len(queries) == matched:
        yield from (Touch(collection=collection, action=action, id=one) for one in ids)
    elif len(queries) == 1:
        yield Touch(collection=collection, action=action, filter=queries[0], count=matched)
    else:
        every = {"_id": {"$in": ids}} if len(ids) == len(queries) else {"$or": list(queries)}
        yield Touch(collection=collection, action=action, filter=every, count=matched)


def _names_one(query: Mapping[str, Any]) -> bool:
    return query.get("_id") is not None and not isinstance(query["_id"], (Mapping, Regex, re.Pattern))


def _bulk_written(command: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[Touch]:
    """``bulkWrite`` of a client: statements on several collections, of which the reply tells sums over all.
    https://www.mongodb.com/docs/manual/reference/command/bulkWrite/"""
    refused = {entry["idx"] for entry in reply.get("cursor", {}).get("firstBatch", ()) if not entry["ok"]}
    queries: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for position in _performed(command, len(command["ops"]), refused):
        operation = command["ops"][position]
        action = next(name for name in ("insert", "update", "delete") if name in operation)
        collection = command["nsInfo"][operation[action]]["ns"].partition(".")[2]
        if action == "insert":
            yield Touch(collection=collection, action=action, id=operation["document"]["_id"])
        else:
            queries.setdefault((collection, action), []).append(operation["filter"])
    sums = {"update": None if reply.get("nUpserted") else reply.get("nMatched"), "delete": reply.get("nDeleted")}
    collections = Counter(action for _, action in queries)
    for (collection, action), of_one in queries.items():
        known = collections[action] == 1 or sums[action] == 0
        yield from _matched(collection, action, of_one, sums[action] if known else None)


def _written_by_pipeline(command: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[Touch]:
    """``$out`` and ``$merge`` tell where they write, not what."""
    last: Mapping[str, Any] = command["pipeline"][-1] if command["pipeline"] else {}
    target = last.get("$out") or last.get("$merge")
    while isinstance(target, Mapping):  # {into: {db, coll}}
        target = target.get("into", target.get("coll"))
    if target is not None:
        yield Touch(collection=target, action="update", count=None)


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
    "bulkWrite": _bulk_written,
    "aggregate": _written_by_pipeline,
    "commitTransaction": _nothing,
    "abortTransaction": _nothing,
}
