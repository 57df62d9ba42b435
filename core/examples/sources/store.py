"""Postings into ``Job`` documents: new ones inserted, known ones updated, in a few bulk writes."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beanie.odm.utils.encoder import Encoder
from bson import ObjectId
from pymongo import UpdateOne

from core.examples.models.models.job import Job, bag_key
from core.examples.sources.posting import Posting
from core.runs.model import now

Key = tuple[str, str]


@dataclass
class Stored:
    """Ids in the order of the postings, and how many of them were new."""

    job_ids: list[str] = field(default_factory=list[str])
    created: int = 0

    @property
    def updated(self) -> int:
        return len(self.job_ids) - self.created


async def store(postings: Sequence[Posting]) -> Stored:
    """One bulk write. ``(source, external_id)`` is the key: a posting given twice, or known, is written once.

    What a posting does not say stays as it is in a known job, so that work done on it is kept.
    """
    by_key = {(posting.source, posting.external_id): posting for posting in postings}
    ids = await _ids(list(by_key))
    new = by_key.keys() - ids.keys()
    if by_key:
        await Job.get_pymongo_collection().bulk_write(
            [_write(posting, ids.get(key)) for key, posting in by_key.items()], ordered=False
        )
    ids = await _ids(list(by_key))
    return Stored(job_ids=[str(ids[key]) for key in by_key], created=len(new))


async def _ids(keys: Sequence[Key]) -> dict[Key, ObjectId]:
    found: dict[Key, ObjectId] = {}
    for source in {source for source, _ in keys}:
        wanted = [external_id for name, external_id in keys if name == source]
        query = {"source": source, "external_id": {"$in": wanted}}
        async for job in Job.get_pymongo_collection().find(query, {"external_id": 1}):
            found[source, job["external_id"]] = job["_id"]
    return found


def _write(posting: Posting, known: ObjectId | None) -> UpdateOne:
    """A known job is named by its id, so that the run can name it as touched; a new one by its key, so that two runs
    at once make one job."""
    changes = _changes(posting)
    key = {"source": posting.source, "external_id": posting.external_id}
    if known is not None:
        return UpdateOne({"_id": known}, {"$set": changes})
    # MongoDB takes no path twice: what $set gives is left out of what only an insert gives.
    given = {name.partition(".")[0] for name in changes} | key.keys() | {"_id"}
    whole: Mapping[str, Any] = _stored(Job.model_validate(key | {"title": posting.title, "company": posting.company}))
    defaults = {name: value for name, value in whole.items() if name not in given}
    return UpdateOne(key, {"$set": changes, "$setOnInsert": defaults}, upsert=True)


def _changes(posting: Posting) -> dict[str, Any]:
    given = posting.model_dump(exclude_unset=True, exclude={"source", "external_id", "source_fields"})
    job = Job.model_validate(given)
    changes = {name: value for name, value in _stored(job).items() if name in given}
    for name, value in posting.source_fields.items():
        changes[f"source_fields.{bag_key(posting.source)}.{name}"] = value
    return {**changes, "updated_at": now(), "revision_id": uuid.uuid4()}


def _stored(job: Job) -> dict[str, Any]:
    return Encoder(exclude={"id"}, to_db=True).encode(job)
