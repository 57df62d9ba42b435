"""What a runner does for all: end runs whose process went silent, queue attempts that are due, delete what is old."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.errors import PyMongoError

from core.runs import clock, journal, lineage, store
from core.runs.hooks import tell_failure
from core.runs.hub import hub
from core.runs.lifecycle import FINAL
from core.runs.persistence import reason
from core.runs.retries import queue_next_attempt
from core.settings import Settings

log = logging.getLogger("core.runs")

_SWEEPS_PER_LEASE = 3
_LONGEST_PAUSE = 10.0
_BETWEEN_PRUNINGS = 3600.0
_BATCH = 1000


class Recovery:
    """``run`` it as a task of a runner."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def run(self) -> None:
        """Sweep for ever; a database that does not answer is asked again at the next turn."""
        loop = asyncio.get_running_loop()
        pause = seconds_between_sweeps(self._settings)
        pruned = float("-inf")
        while True:
            try:
                await self.sweep()
                if loop.time() - pruned > _BETWEEN_PRUNINGS:
                    await self.prune()
                    pruned = loop.time()
            except PyMongoError as error:
                log.warning("cannot look after runs, trying again: %s", reason(error))
            except Exception:  # a record that somebody broke must not end the recovery of the others
                log.exception("cannot look after a run, trying others")
            await asyncio.sleep(pause)

    async def sweep(self) -> None:
        """Interrupt runs whose lease ran out, and queue the attempts that are due."""
        while (run := await store.interrupt_expired()) is not None:
            log.warning("run %s of %s was interrupted: %s went silent", run.id, run.operation_name, run.worker)
            hub().publish(run)
            if run.attempt >= run.max_attempts or run.cancel_requested:
                await tell_failure(run)
        for run in await store.attempts_due():
            await queue_next_attempt(run, self._settings)
            hub().pending_added(run.operation_name)

    async def prune(self) -> None:
        """Delete runs that are older, or of an operation more, than the settings keep, with journal and references."""
        days, count = self._settings.run_retention_days, self._settings.run_retention_count
        if days is not None:
            await _delete({"status": {"$in": FINAL}, **clock.is_older("created_at", days * 86400)})
        if count is not None:
            for name in await store.records().distinct("operation_name"):
                oldest_kept = await _nth_newest(name, count)
                if oldest_kept is not None:
                    older = {"created_at": {"$lt": oldest_kept["created_at"]}}
                    await _delete({"operation_name": name, "status": {"$in": FINAL}, **older})


def seconds_between_sweeps(settings: Settings) -> float:
    return min(settings.run_lease / _SWEEPS_PER_LEASE, _LONGEST_PAUSE)


async def _nth_newest(operation_name: str, place: int) -> dict[str, Any] | None:
    query = store.records().find({"operation_name": operation_name}, {"created_at": 1})
    found = await query.sort("created_at", DESCENDING).skip(place - 1).limit(1).to_list()
    return found[0] if found else None


async def _delete(query: dict[str, Any]) -> None:
    while True:
        ids: Sequence[ObjectId] = [one["_id"] async for one in store.records().find(query, {"_id": 1}).limit(_BATCH)]
        if not ids:
            return
        # The record goes last: a deletion that is cut short is found again.
        await journal.journal().delete_many({"run": {"$in": ids}})
        await lineage.references().delete_many({"run": {"$in": ids}})
        await store.records().delete_many({"_id": {"$in": ids}})
