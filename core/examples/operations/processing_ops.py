"""process_job, process_jobs and enrich_job: make more of a posting than its source gave."""

from typing import Any

from pydantic import BaseModel, Field

from core import current_run
from core.decorators import operation
from core.errors import UserError
from core.examples.companies import fetch_company_info
from core.examples.matching import match
from core.examples.models.models import Job, JobStatus, User
from core.examples.operations._lookup import get_or_fail, is_trusted
from core.examples.operations.matching_ops import keep_scores
from core.examples.processing import refine
from core.examples.settings import JobhunterSettings, jobhunter_settings
from core.examples.sources import SourceError, structured
from core.examples.sources.fetching import Fetcher

_OPTIONS = (
    "force_reprocess: process a job again that is processed already; skip_matching: do not score it; "
    "user_id: whose profile to score against, by default the only user's"
)


class ProcessJobInput(BaseModel):
    """Which job, and how."""

    job_id: str = Field(description="Id of the job")
    options: dict[str, Any] = Field(default_factory=dict, description=_OPTIONS)


class ProcessJobOutput(BaseModel):
    """What became of it."""

    success: bool = Field(description="Whether it was processed")
    processed: bool = Field(description="False where it was processed before and force_reprocess was not given")
    changed_fields: list[str] = Field(default_factory=list, description="Fields that were filled in or cleaned")
    match_score: float | None = Field(default=None, description="Its score from 0 to 1, where it was matched")


@operation(
    name="process_job",
    description="Read skills, place and kind of employment out of a posting's text, and score it",
    category="jobs",
    inputs=ProcessJobInput,
    outputs=ProcessJobOutput,
    tags=["jobs", "processing"],
    models_in=["Job", "User"],
    models_out=["Job"],
    async_enabled=True,
)
async def process_job(input: ProcessJobInput) -> ProcessJobOutput:
    return await _process(input.job_id, input.options)


async def _process(job_id: str, options: dict[str, Any]) -> ProcessJobOutput:
    job = await get_or_fail(Job, job_id)
    if job.status != JobStatus.NEW and not options.get("force_reprocess"):
        return ProcessJobOutput(success=True, processed=False)
    changed = refine(job)
    if job.status == JobStatus.NEW:
        job.status = JobStatus.PROCESSED
    await job.save()
    user = None if options.get("skip_matching") else await _user(options.get("user_id"))
    if user is None:
        return ProcessJobOutput(success=True, processed=True, changed_fields=changed)
    score = match(user, job).score
    await keep_scores({job.id: score})
    return ProcessJobOutput(success=True, processed=True, changed_fields=changed, match_score=score)


async def _user(user_id: Any) -> User | None:
    if user_id is not None:
        return await get_or_fail(User, str(user_id))
    users = await User.find_all().limit(2).to_list()
    return users[0] if len(users) == 1 else None


class ProcessJobsInput(BaseModel):
    """Which jobs, and how."""

    job_ids: list[str] = Field(description="Ids of the jobs")
    options: dict[str, Any] = Field(default_factory=dict, description=_OPTIONS)


class ProcessJobsOutput(BaseModel):
    """How many went well."""

    success: bool = Field(description="Whether all went well")
    processed_count: int = Field(description="How many were processed")
    failed: dict[str, str] = Field(default_factory=dict, description="Why the others were not, by the job's id")


@operation(
    name="process_jobs",
    description="process_job for many; one that fails does not stop the others",
    category="jobs",
    inputs=ProcessJobsInput,
    outputs=ProcessJobsOutput,
    tags=["jobs", "processing", "bulk"],
    models_in=["Job", "User"],
    models_out=["Job"],
    async_enabled=True,
)
async def process_jobs(input: ProcessJobsInput) -> ProcessJobsOutput:
    output = ProcessJobsOutput(success=True, processed_count=0)
    for position, job_id in enumerate(input.job_ids, 1):
        try:
            found = await _process(job_id, input.options)
        except UserError as error:
            output.failed[job_id] = str(error)
        else:
            output.processed_count += found.processed
        current_run().progress(position / len(input.job_ids), f"{position} of {len(input.job_ids)} jobs")
    output.success = not output.failed
    return output


class EnrichJobInput(BaseModel):
    """Which job, and how."""

    job_id: str = Field(description="Id of the job")
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="skip_page: do not read the posting's page; skip_company: do not look the company up",
    )


class EnrichJobOutput(BaseModel):
    """What was learned."""

    success: bool = Field(description="Whether anything was learned")
    enriched_fields: list[str] = Field(description="Fields that were filled in")


@operation(
    name="enrich_job",
    description="Learn more of a job from its own page and from a directory of companies",
    category="jobs",
    inputs=EnrichJobInput,
    outputs=EnrichJobOutput,
    tags=["jobs", "external"],
    models_in=["Job"],
    models_out=["Job"],
    async_enabled=True,
)
async def enrich_job(input: EnrichJobInput) -> EnrichJobOutput:
    settings = jobhunter_settings()
    job = await get_or_fail(Job, input.job_id)
    before = job.model_dump()
    reasons: list[str] = []
    async with Fetcher(settings, public_only=not is_trusted()) as fetcher:
        for name, enrich in (("skip_page", _from_page), ("skip_company", _from_directory)):
            if not input.options.get(name):
                try:
                    await enrich(job, settings, fetcher)
                except UserError as error:
                    reasons.append(str(error))
                    current_run().log(str(error), "warning")
    after = job.model_dump()
    enriched = [name for name in after if after[name] != before[name]]
    if not enriched and reasons:
        raise UserError("; ".join(reasons))
    if enriched:
        await job.save()
    return EnrichJobOutput(success=bool(enriched), enriched_fields=enriched)


async def _from_page(job: Job, settings: JobhunterSettings, fetcher: Fetcher) -> None:
    """Fill fields that are empty from the JSON-LD of the posting's page."""
    if not job.url:
        raise UserError("the job has no page of its own")
    page = await fetcher.get(job.url)
    found = next(structured.postings_of(structured.parsed(page.text), page.url, job.source or "page"), None)
    if found is None:
        raise SourceError(f"{page.url} describes no posting")
    given = found.model_dump(exclude_unset=True, include=_FROM_PAGE)
    for name in given:
        if not getattr(job, name):
            setattr(job, name, getattr(found, name))


_FROM_PAGE = {
    "address", "description", "employment_type", "location", "posted_at", "remote", "required_skills",
    "salary_currency", "salary_max", "salary_min", "valid_through",
}  # fmt: skip


async def _from_directory(job: Job, settings: JobhunterSettings, fetcher: Fetcher) -> None:
    job.company_info = await fetch_company_info(job.company, settings, fetcher)
