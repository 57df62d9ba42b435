"""Filling a database with the sample documents."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import cast

from beanie import Document
from pymongo.errors import BulkWriteError

from core.examples.models.models import Job, TaskRun, User
from core.examples.sample import documents
from core.examples.sample.runs import World, runs
from core.runs import lineage
from core.runs.model import now

_DUPLICATE_KEY = 11000


async def seed_if_empty() -> int:
    """``seed`` unless there is a job or a user already. Gives how many documents were stored."""
    if await Job.find_one() or await User.find_one():
        return 0
    return await seed()


async def seed() -> int:
    """Store the sample documents that are not there. Ids are fixed, so doing it twice, or in two processes at once,
    stores each once; what people changed stays changed. Gives how many were stored."""
    # Made in a thread: it takes half a second that a server has better uses for.
    collections = await asyncio.to_thread(_documents)
    stored = sum([await _kept(type(found[0]).insert_many(found, ordered=False), len(found)) for found in collections])
    recorded = cast(Sequence[TaskRun], collections[-1])
    references = [
        {"_id": f"{run.id}:{place}", "run": run.id, **ref}
        for run in recorded
        for place, ref in enumerate(run.result_refs)
    ]
    await _kept(lineage.references().insert_many(references, ordered=False), len(references))
    return stored


def _documents() -> list[Sequence[Document]]:
    today = now()
    items, users = documents.items(), documents.users(today)
    jobs = documents.jobs(today, users[0])
    cvs = documents.cvs(users, jobs, today)
    applications = list(documents.applications(users, jobs, cvs, today))
    world = World(users=users, jobs=jobs, items=items)
    return [
        items,
        users,
        jobs,
        cvs,
        applications,
        list(documents.notifications(users, today)),
        list(runs(world, today)),
    ]


async def _kept(insertion: Awaitable[object], count: int) -> int:
    """How many of ``count`` documents went in; those that are there already stay as they are."""
    try:
        await insertion
    except BulkWriteError as error:
        refused = error.details["writeErrors"]
        if any(one["code"] != _DUPLICATE_KEY for one in refused):
            raise
        return count - len(refused)
    return count
