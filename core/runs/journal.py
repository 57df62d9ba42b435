"""The journal of a run: lines it logged and progress it reported, in their own append-only collection."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

from core.errors import InputError
from core.runs.model import TaskRun

COLLECTION = "taskrun_logs"


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """``seq`` counts a run's lines from 1; ``progress`` is a fraction of 1, on lines that report it."""

    seq: int
    at: datetime
    level: str
    message: str
    progress: float | None = None


def journal() -> AsyncCollection[dict[str, Any]]:
    """The collection of all lines, through the running loop's client."""
    return TaskRun.get_pymongo_collection().database[COLLECTION]


async def read(run_id: ObjectId, after: str | None, limit: int) -> list[LogLine]:
    """Lines after the one of that ``seq``, in their order.

    Raises:
        InputError: ``after`` is no number of a line.
    """
    query: dict[str, Any] = {"run": run_id, "seq": {"$gt": _seq(after)}}
    found = journal().find(query, {"_id": 0, "run": 0}).sort("seq", 1).limit(limit)
    return [LogLine(**line) async for line in found]


def _seq(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isascii() or not after.isdigit() or len(after) > 15:
        raise InputError(f"{after!r} is no position in a journal; give the seq of a line")
    return int(after)
