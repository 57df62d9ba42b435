"""The collections runs are kept in, through the running loop's client, and the indexes of those without a model."""

from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

RUNS = "taskruns"
LOGS = "taskrun_logs"
REFS = "taskrun_refs"
OWN = frozenset({RUNS, LOGS, REFS})
"""Core's own books: a run's record is not something the run touched."""

Collection = AsyncCollection[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]

_INDEXES = {
    LOGS: [IndexModel([("run", ASCENDING), ("seq", ASCENDING)], unique=True)],
    REFS: [
        IndexModel([("model", ASCENDING), ("id", ASCENDING), ("run", DESCENDING)]),
        IndexModel([("run", ASCENDING)]),
    ],
}


async def make_indexes(database: Database) -> None:
    """Of the journal and the references; those of the runs stand on their model."""
    for name, indexes in _INDEXES.items():
        await database[name].create_indexes(indexes)
