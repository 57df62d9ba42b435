"""scrape_jobs: read a source and keep its postings."""

import logging

from pydantic import BaseModel, Field

from core import current_run
from core.decorators import operation
from core.errors import UserError
from core.examples.operations._lookup import as_words, is_trusted
from core.examples.settings import jobhunter_settings
from core.examples.sources import SITES, Posting, Search, Stored, extend_ui, postings, store

log = logging.getLogger("jobhunter.scraping")

_BATCH = 500
_MOST_PROBLEMS = 20

extend_ui()


class ScrapeJobsInput(BaseModel):
    """Where to look, and for what."""

    source: str | None = Field(
        default=None,
        description=f"A site ({', '.join(SITES)}), an http(s) address or a file: JSON, JSON Lines, RSS, Atom, or HTML "
        "with JSON-LD postings. None: the setting JOBHUNTER_DEFAULT_SOURCE",
    )
    keywords: str | list[str] = Field(
        default_factory=list, description="Words in title, company or description; a posting with any of them is kept"
    )
    location: str | None = Field(default=None, description="Part of the location's name")
    limit: int | None = Field(default=None, ge=1, description="Most postings to keep; none: all")


class ScrapeJobsOutput(BaseModel):
    """What was kept."""

    success: bool = Field(description="Whether the source was read to its end")
    job_ids: list[str] = Field(description="Ids of the jobs stored, new and known")
    created: int = Field(default=0, description="How many of them are new")
    updated: int = Field(default=0, description="How many were known and are up to date now")
    problems: list[str] = Field(
        default_factory=list, description="Postings that could not be read, and why; the first 20"
    )


@operation(
    name="scrape_jobs",
    description="Read postings from a source and store them; reading it again updates them",
    category="jobs",
    inputs=ScrapeJobsInput,
    outputs=ScrapeJobsOutput,
    tags=["jobs", "scraping"],
    models_out=["Job"],
    async_enabled=True,
)
async def scrape_jobs(input: ScrapeJobsInput) -> ScrapeJobsOutput:
    settings = jobhunter_settings()
    source = input.source or settings.default_source
    if source is None:
        raise UserError("there is no source: give one, or set JOBHUNTER_DEFAULT_SOURCE")
    search = Search(keywords=tuple(as_words(input.keywords)), location=input.location, limit=input.limit)
    output = ScrapeJobsOutput(success=True, job_ids=[])
    batch: list[Posting] = []
    async for found in postings(source, search, settings, trusted=is_trusted()):
        if not isinstance(found, Posting):
            log.warning("%s", found)
            output.problems = [*output.problems, str(found)][:_MOST_PROBLEMS]
            continue
        batch.append(found)
        if len(batch) == _BATCH:
            _add(output, await store(batch))
            batch = []
    _add(output, await store(batch))
    return output


def _add(output: ScrapeJobsOutput, stored: Stored) -> None:
    output.job_ids += stored.job_ids
    output.created += stored.created
    output.updated += stored.updated
    current_run().log(f"{len(output.job_ids)} postings stored")
