"""search_jobs, update_job and bulk_delete: everyday work on stored postings."""

import re
from typing import Any

from pydantic import BaseModel, Field

from core import current_run
from core.decorators import operation
from core.errors import UserError
from core.examples.models.models import Job, JobStatus
from core.examples.operations._lookup import as_words, get_or_fail


class SearchJobsInput(BaseModel):
    """What to look for."""

    keywords: str | list[str] = Field(
        default_factory=list, description="Words in title, company or description; a job with any of them is found"
    )
    location: str | None = Field(default=None, description="Part of the location's name")
    limit: int = Field(default=20, ge=1, le=1000, description="Most jobs to give back")


class SearchJobsOutput(BaseModel):
    """What was found, newest first."""

    jobs: list[dict[str, Any]] = Field(description="id, title, company, location, url and match_score of each")
    count: int = Field(description="How many there are in all")


@operation(
    name="search_jobs",
    description="Find stored jobs by keywords and place",
    category="jobs",
    inputs=SearchJobsInput,
    outputs=SearchJobsOutput,
    tags=["jobs", "search"],
    models_in=["Job"],
    async_enabled=True,
)
async def search_jobs(input: SearchJobsInput) -> SearchJobsOutput:
    query = _query(as_words(input.keywords), input.location)
    jobs = await Job.find(query).sort("-created_at", "-_id").limit(input.limit).to_list()
    return SearchJobsOutput(jobs=[_summary(job) for job in jobs], count=await Job.find(query).count())


def _query(keywords: list[str], location: str | None) -> dict[str, Any]:
    """People's words are matched literally, never as patterns."""
    query: dict[str, Any] = {}
    if keywords:
        words = {"$regex": "|".join(re.escape(word) for word in keywords), "$options": "i"}
        query["$or"] = [{name: words} for name in ("title", "company", "description")]
    if location:
        query["location"] = {"$regex": re.escape(location), "$options": "i"}
    return query


def _summary(job: Job) -> dict[str, Any]:
    return job.model_dump(mode="json", include={"id", "title", "company", "location", "url", "match_score"})


class UpdateJobInput(BaseModel):
    """The job and what shall change; what is left out stays."""

    job_id: str = Field(description="Id of the job")
    title: str | None = Field(default=None, min_length=1, description="New title")
    location: str | None = Field(default=None, description="New location")
    status: JobStatus | None = Field(default=None, description="New status")
    is_verified: bool | None = Field(default=None, description="Whether somebody has checked it")


class UpdateJobOutput(BaseModel):
    """Whether it worked."""

    success: bool = Field(description="Whether the job was changed")


@operation(
    name="update_job",
    description="Change a stored job",
    category="jobs",
    inputs=UpdateJobInput,
    outputs=UpdateJobOutput,
    tags=["jobs"],
    models_in=["Job"],
    models_out=["Job"],
)
async def update_job(input: UpdateJobInput) -> UpdateJobOutput:
    changes = input.model_dump(exclude={"job_id"}, exclude_none=True)
    if not changes:
        raise UserError(
            f"nothing to change: give one of {', '.join(sorted(set(UpdateJobInput.model_fields) - {'job_id'}))}"
        )
    job = await get_or_fail(Job, input.job_id)
    for name, value in changes.items():
        setattr(job, name, value)
    await job.save()
    return UpdateJobOutput(success=True)


class BulkDeleteInput(BaseModel):
    """Which jobs shall go."""

    job_ids: list[str] = Field(min_length=1, description="Ids of the jobs")


class BulkDeleteOutput(BaseModel):
    """What went."""

    deleted_count: int = Field(description="How many were deleted")
    missing: list[str] = Field(default_factory=list, description="Ids no job has")


@operation(
    name="bulk_delete",
    description="Delete jobs by their ids",
    category="jobs",
    inputs=BulkDeleteInput,
    outputs=BulkDeleteOutput,
    tags=["jobs", "bulk"],
    models_in=["Job"],
    models_out=["Job"],
    async_enabled=True,
    ui={"confirm": "Delete these jobs?"},
)
async def bulk_delete(input: BulkDeleteInput) -> BulkDeleteOutput:
    missing: list[str] = []
    for done, job_id in enumerate(input.job_ids, 1):
        try:
            job = await get_or_fail(Job, job_id)
        except UserError:
            missing.append(job_id)
        else:
            await job.delete()
        current_run().progress(done / len(input.job_ids), f"{done} of {len(input.job_ids)} jobs")
    return BulkDeleteOutput(deleted_count=len(input.job_ids) - len(missing), missing=missing)
