"""scrape_jobs keeps what a source gives: once, up to date, and named by the run."""

import asyncio
import json
from pathlib import Path

import pytest

from core.database.connection import Database
from core.errors import UserError
from core.examples.models.models import Job, JobStatus, TaskRun
from core.examples.operations.scraping_ops import ScrapeJobsInput, scrape_jobs
from core.examples.sources import Posting, store
from tests.examples.conftest import Configure
from tests.examples.loopback import Answer, Site
from tests.examples.pages import item_list, page, posting


async def last_run() -> TaskRun:
    return (await TaskRun.find().sort("-created_at", "-_id").limit(1).to_list())[0]


def feed(path: Path, *rows: dict[str, object]) -> str:
    path.write_text("\n".join(json.dumps({"source": "Board", "company": "Acme", **row}) for row in rows))
    return str(path)


async def test_the_real_postings_come_in_once_and_are_updated_by_a_second_run(
    database: Database, job_postings: Path, configure: Configure
) -> None:
    rows = {row["id"]: row for row in json.loads(await asyncio.to_thread(job_postings.read_text))}
    first = await scrape_jobs(ScrapeJobsInput(source=str(job_postings)))
    assert (first.created, first.updated, len(first.job_ids), first.problems) == (1288, 0, 1288, [])
    run = await last_run()
    assert run.result_refs_total == 1288
    assert [ref["id"] for ref in run.result_refs] == first.job_ids[: len(run.result_refs)]
    assert {(ref["model"], ref["action"]) for ref in run.result_refs} == {("Job", "insert")}

    second = await scrape_jobs(ScrapeJobsInput(source=str(job_postings)))
    assert (second.created, second.updated, second.job_ids) == (0, 1288, first.job_ids)
    run = await last_run()
    assert run.result_refs_total == 1288
    assert {(ref["model"], ref["action"]) for ref in run.result_refs} == {("Job", "update")}

    assert await Job.count() == 1288
    async for job in Job.find_all():
        row = rows[job.external_id or ""]
        assert (job.source, job.title, job.company, job.active) == (
            row["source"], row["title"].strip(), row["company_name"].strip(), row["active"],
        )  # fmt: skip
        assert job.posted_at is not None
        assert job.posted_at.timestamp() == row["date_posted"]
        assert job.get_source_field("sponsorship") == row["sponsorship"]


async def test_what_people_did_with_a_job_stays_when_its_source_is_read_again(
    database: Database, tmp_path: Path, configure: Configure
) -> None:
    source = feed(tmp_path / "feed", {"id": "1", "title": "Dev", "rank": 1, "badge": "new"})
    (job_id,) = (await scrape_jobs(source=source)).job_ids
    job = await Job.get(job_id)
    assert job is not None
    job.status, job.match_score, job.description, job.is_verified = JobStatus.MATCHED, 80, "My notes", True
    await job.save()

    feed(tmp_path / "feed", {"id": "1", "title": "Senior Dev", "rank": 2})
    assert (await scrape_jobs(source=source)).updated == 1
    again = await Job.get(job_id)
    assert again is not None
    assert (again.title, again.source_fields) == ("Senior Dev", {"Board": {"rank": 2, "badge": "new"}})
    assert (again.status, again.match_score, again.description, again.is_verified) == ("matched", 80, "My notes", True)
    assert again.created_at == job.created_at
    assert again.updated_at > job.updated_at
    assert again.revision_id != job.revision_id


async def test_a_posting_that_stands_twice_in_a_feed_is_one_job(
    database: Database, tmp_path: Path, configure: Configure
) -> None:
    source = feed(tmp_path / "feed", {"id": "1", "title": "First"}, {"id": "1", "title": "Second"})
    assert len((await scrape_jobs(source=source)).job_ids) == 1
    assert [job.title for job in await Job.find_all().to_list()] == ["Second"]


async def test_two_runs_at_once_make_one_job_each(database: Database, tmp_path: Path, configure: Configure) -> None:
    source = feed(tmp_path / "feed", *({"id": str(number), "title": "Dev"} for number in range(50)))
    results = await asyncio.gather(*(scrape_jobs(source=source) for _ in range(4)))
    assert await Job.count() == 50
    assert len({tuple(result.job_ids) for result in results}) == 1


async def test_stored_documents_are_as_beanie_stores_them(database: Database) -> None:
    await Job(title="Dev", company="Acme", source="a", external_id="1").insert()
    await store([Posting(title="Dev", company="Acme", source="a", external_id="2")])
    by_hand, scraped = await database["jobs"].find().sort("external_id", 1).to_list()
    assert by_hand.keys() == scraped.keys()
    assert {name: type(value) for name, value in by_hand.items()} == {
        name: type(value) for name, value in scraped.items()
    }


async def test_a_site_is_scraped_with_its_own_fields(database: Database, site: Site, configure: Configure) -> None:
    site.pages |= {
        "/search?q=python": Answer(page(item_list("/job/1", "/job/2"))),
        "/job/1": Answer(page(posting(), body='<b data-at="workload">Part-time</b>')),
    }
    configure(stepstone_url=f"{site.address}/search?q={{keywords}}")
    found = await scrape_jobs(ScrapeJobsInput(source="stepstone", keywords="python", limit=10))
    assert found.success
    assert len(found.job_ids) == 1
    assert "/job/2 answered 404" in found.problems[0]
    job = await Job.find_one(Job.source == "stepstone")
    assert job is not None
    assert job.get_source_field("workload") == "Part-time"
    assert (job.salary_max, job.address.city if job.address else None) == (72_000, "Berlin")


async def test_without_a_source_the_setting_is_read_and_without_that_it_says_what_to_set(
    database: Database, tmp_path: Path, configure: Configure
) -> None:
    with pytest.raises(UserError, match="JOBHUNTER_DEFAULT_SOURCE"):
        await scrape_jobs(ScrapeJobsInput())
    configure(default_source=feed(tmp_path / "feed", {"id": "1", "title": "Dev"}))
    assert (await scrape_jobs(ScrapeJobsInput())).created == 1


async def test_a_run_whose_source_fails_is_failed_and_stores_nothing(database: Database, configure: Configure) -> None:
    with pytest.raises(UserError, match=r"nowhere\.json"):
        await scrape_jobs(source="nowhere.json")
    run = await last_run()
    assert (run.status, run.result_refs) == ("failed", [])
    assert "nowhere.json" in (run.error_message or "")
    assert await Job.count() == 0
