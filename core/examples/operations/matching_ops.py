"""match_jobs: score stored jobs against somebody's profile."""

import uuid
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field
from pymongo import UpdateOne

from core import current_run
from core.decorators import operation
from core.examples.matching import match
from core.examples.models.models import Job, JobStatus, User
from core.examples.operations._lookup import get_or_fail, object_ids
from core.runs.model import now

_BATCH = 250


class MatchJobsInput(BaseModel):
    """Whose profile, and which jobs."""

    user_id: str = Field(description="Id of the user")
    job_ids: list[str] | None = Field(default=None, description="Ids of the jobs; none: all that are open")
    limit: int = Field(
        default=1000, ge=1, le=10_000, description="Most jobs to score when no ids are given, newest first"
    )


class MatchJobsOutput(BaseModel):
    """How well they fit."""

    scores: dict[str, float] = Field(description="Score from 0 to 1 by the job's id, best first")
    parts: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="What each score is made of: skills, title, location and salary, from 0 to 1"
    )


@operation(
    name="match_jobs",
    description="Score jobs against a user's skills, wishes and places; each job keeps its score from 0 to 100",
    category="matching",
    inputs=MatchJobsInput,
    outputs=MatchJobsOutput,
    tags=["jobs", "matching"],
    models_in=["Job", "User"],
    models_out=["Job"],
    async_enabled=True,
)
async def match_jobs(input: MatchJobsInput) -> MatchJobsOutput:
    user = await get_or_fail(User, input.user_id)
    jobs = await _jobs(input)
    matches = {str(job.id): match(user, job) for job in jobs}
    for start in range(0, len(jobs), _BATCH):
        batch = jobs[start : start + _BATCH]
        await keep_scores({job.id: matches[str(job.id)].score for job in batch})
        current_run().progress((start + len(batch)) / len(jobs), f"{start + len(batch)} of {len(jobs)} jobs")
    best = sorted(matches, key=lambda job_id: matches[job_id].score, reverse=True)
    return MatchJobsOutput(
        scores={job_id: matches[job_id].score for job_id in best},
        parts={job_id: dict(matches[job_id].parts) for job_id in best},
    )


async def keep_scores(scores: Mapping[Any, float]) -> None:
    """Store scores of 0 to 1 as 0 to 100. Each job is named by its id, so that the run can name what it touched."""
    stamp = {"updated_at": now(), "revision_id": uuid.uuid4()}
    unfinished = [JobStatus.NEW.value, JobStatus.PROCESSED.value]
    # Only a job that nobody has gone on with becomes matched.
    status = {"$cond": [{"$in": ["$status", unfinished]}, JobStatus.MATCHED.value, "$status"]}
    writes = [
        UpdateOne({"_id": job_id}, [{"$set": {"match_score": round(score * 100, 2), "status": status, **stamp}}])
        for job_id, score in scores.items()
    ]
    if writes:
        await Job.get_pymongo_collection().bulk_write(writes)


async def _jobs(input: MatchJobsInput) -> list[Job]:
    if input.job_ids is None:
        return await Job.find({"active": True}).sort("-created_at", "-_id").limit(input.limit).to_list()
    ids = object_ids(Job, input.job_ids)
    found = {str(job.id): job for job in await Job.find({"_id": {"$in": ids}}).to_list()}
    return [found[job_id] for job_id in dict.fromkeys(input.job_ids) if job_id in found]
