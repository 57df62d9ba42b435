"""process_job, process_jobs and enrich_job make more of a posting, and say when they cannot."""

import json

import pytest

from core.database.connection import Database
from core.errors import UserError
from core.examples.models.models import Job, JobStatus, TaskRun, User
from core.examples.operations.processing_ops import enrich_job, process_job, process_jobs
from tests.document.sections import proves
from tests.examples.conftest import Configure
from tests.examples.loopback import Answer, Site
from tests.examples.pages import page, posting


async def stored(**fields: object) -> Job:
    job = Job.model_validate({"title": "Dev", "company": "Acme", **fields})
    await job.insert()
    return job


async def again(job: Job) -> Job:
    found = await Job.get(job.id)
    assert found is not None
    return found


async def test_a_posting_s_own_words_are_read(database: Database) -> None:
    job = await stored(
        title="Python Developer (full-time)", location="San Jose, CA",
        description="<p>You know <b>Kafka</b> &amp; golang.</p>", required_skills=["k8s"],
    )  # fmt: skip
    result = await process_job(job_id=str(job.id))
    assert set(result.changed_fields) == {"address", "description", "employment_type", "required_skills"}
    found = await again(job)
    assert found.description == "You know Kafka & golang."
    assert found.required_skills == ["Kubernetes", "Python", "Kafka", "Go"]
    assert (found.address and found.address.city, found.employment_type) == ("San Jose", "full_time")
    assert (found.status, found.match_score) == (JobStatus.PROCESSED, None)


async def test_the_only_user_is_matched_at_once(database: Database) -> None:
    await User(name="Ada", email="ada@example.org", skills=["Python"]).insert()
    job = await stored(title="Python Developer")
    assert (await process_job(job_id=str(job.id))).match_score == 1
    assert ((await again(job)).match_score, (await again(job)).status) == (100, JobStatus.MATCHED)


async def test_one_that_fails_does_not_stop_the_others_and_progress_is_told(database: Database) -> None:
    jobs = [await stored(), await stored()]
    ids = [str(jobs[0].id), "507f1f77bcf86cd799439011", str(jobs[1].id)]
    result = await process_jobs(job_ids=ids)
    assert (result.success, result.processed_count, list(result.failed)) == (False, 2, [ids[1]])
    (run,) = await TaskRun.find_all().to_list()
    assert run.progress is not None
    assert run.progress.fraction == 1
    assert run.status == "success"


@proves("Complex Operation with External API", 1)
async def test_a_job_is_enriched_from_its_page_and_a_directory(
    database: Database, site: Site, configure: Configure
) -> None:
    site.pages |= {
        "/job": Answer(page(posting())),
        "/companies/Acme%20%26%20Co": Answer(
            json.dumps({"title": "Acme & Co", "extract": "They make everything.", "url": "https://acme.example"}),
            content_type="application/json",
        ),
    }
    configure(company_info_url=f"{site.address}/companies/{{company}}")
    job = await stored(company="Acme & Co", url=f"{site.address}/job", salary_max=1)
    result = await enrich_job(job_id=str(job.id))
    found = await again(job)
    assert {"company_info", "description", "salary_min", "address", "required_skills"} <= set(result.enriched_fields)
    assert found.company_info is not None
    assert (found.company_info.name, found.company_info.description) == ("Acme & Co", "They make everything.")
    assert (found.salary_min, found.salary_max) == (60_000, 1)  # what is known is not overwritten
    assert found.title == "Dev"


async def test_one_way_to_enrich_is_enough(database: Database, site: Site, configure: Configure) -> None:
    site.pages["/job"] = Answer(page(posting()))
    job = await stored(url=f"{site.address}/job")
    assert "description" in (await enrich_job(job_id=str(job.id))).enriched_fields


async def test_nothing_pretends_to_have_enriched(database: Database, site: Site, configure: Configure) -> None:
    job = await stored()
    with pytest.raises(UserError, match=r"no page of its own.*JOBHUNTER_COMPANY_INFO_URL"):
        await enrich_job(job_id=str(job.id))
    site.pages["/empty"] = Answer(page())
    site.pages["/companies/Acme"] = Answer("<html>", content_type="text/html")
    configure(company_info_url=f"{site.address}/companies/{{company}}")
    empty = await stored(url=f"{site.address}/empty")
    with pytest.raises(UserError, match=r"describes no posting.*answered no JSON"):
        await enrich_job(job_id=str(empty.id))
    assert (await enrich_job(job_id=str(empty.id), options={"skip_page": True, "skip_company": True})).success is False
