"""The document's workflows, run by Prefect itself: operations in tasks, tasks in flows, runs that know their flow."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.database.connection import Database
from core.examples.models.models import Application, Job, Notification, TaskRun, User
from core.examples.operations.application_ops import ApplyJobInput, GenerateCvInput, apply_job, generate_cv
from core.examples.operations.matching_ops import MatchJobsInput, match_jobs
from core.examples.operations.notification_ops import NotifyInput, notify
from core.examples.operations.processing_ops import ProcessJobsInput, process_jobs
from core.examples.operations.scraping_ops import ScrapeJobsInput, scrape_jobs
from tests.document.sections import proves
from tests.examples.conftest import Configure, configure  # noqa: F401  (a fixture)

prefect = pytest.importorskip("prefect", reason="the extra `prefect` is not installed")

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("_prefect_server")]

ROWS = (
    {"id": "1", "title": "Python Developer", "company": "Acme", "skills": ["Python"], "url": "https://acme.example/1"},
    {"id": "2", "title": "Python Trainer", "company": "Snakes", "skills": ["Python", "Biology"]},
    {"id": "3", "title": "Baker", "company": "Bread"},
)


@pytest.fixture(scope="module")
def _prefect_server() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def feed(tmp_path: Path, configure: Configure) -> str:  # noqa: F811
    (tmp_path / "board.json").write_text(json.dumps(ROWS))
    configure(default_source=tmp_path / "board.json")
    return str(tmp_path / "board.json")


@proves("The Three Execution Layers", 2, 3)
@proves("Example: With Prefect (Complex Workflow)", 1)
@proves("Summary: Three Execution Modes", 2, 3)
async def test_scraping_and_processing_in_one_flow(database: Database, feed: str) -> None:
    @prefect.task(name="scrape_task", retries=3, retry_delay_seconds=60)
    async def scrape_task(keywords: str, limit: int = 10) -> Any:
        return await scrape_jobs(ScrapeJobsInput(keywords=keywords, limit=limit))

    @prefect.task(name="process_task", retries=2)
    async def process_task(job_ids: list[str]) -> Any:
        return await process_jobs(ProcessJobsInput(job_ids=job_ids))

    @prefect.flow(name="scrape_and_process_flow")
    async def scrape_and_process_flow(keywords: str, limit: int = 10) -> dict[str, Any]:
        scraped = await scrape_task(keywords=keywords, limit=limit)
        if not scraped.success:
            return {"success": False}
        processed = await process_task(job_ids=scraped.job_ids)
        return {"success": True, "jobs_scraped": len(scraped.job_ids), "jobs_processed": processed.processed_count}

    assert await scrape_and_process_flow("python") == {"success": True, "jobs_scraped": 2, "jobs_processed": 2}
    runs = await TaskRun.find(TaskRun.orchestrated == True).to_list()  # noqa: E712
    assert {run.operation_name for run in runs} == {"scrape_jobs", "process_jobs"}
    assert len({run.prefect_flow_run_id for run in runs}) == 1
    assert len({run.prefect_task_run_id for run in runs}) == 2


@proves("Real-World Flow Example", 1)
async def test_a_daily_hunt_from_scraping_to_the_summary(database: Database, feed: str) -> None:
    ada = User(name="Ada", email="ada@example.org", skills=["Python"], desired_titles=["Python Developer"])
    await ada.insert()

    @prefect.task
    async def scrape_source_task(source: str, keywords: list[str]) -> Any:
        return await scrape_jobs(ScrapeJobsInput(source=source, keywords=keywords))

    @prefect.task
    async def match_jobs_task(user_id: str, job_ids: list[str]) -> Any:
        return await match_jobs(MatchJobsInput(user_id=user_id, job_ids=job_ids))

    @prefect.task
    async def generate_cv_task(job_id: str, user_id: str) -> Any:
        return await generate_cv(GenerateCvInput(job_id=job_id, user_id=user_id))

    @prefect.task
    async def apply_job_task(job_id: str, user_id: str, cv_id: str) -> Any:
        return await apply_job(ApplyJobInput(job_id=job_id, user_id=user_id, cv_id=cv_id))

    @prefect.task
    async def notify_task(user_id: str, message: str) -> Any:
        return await notify(NotifyInput(user_id=user_id, message=message))

    @prefect.flow(name="daily_job_hunt", retries=1)
    async def daily_job_hunt_flow(user_id: str, keywords: list[str], auto_apply: bool = False) -> dict[str, int]:
        # Sources at once: a Prefect future is not awaitable, two awaitable tasks are.
        results = await asyncio.gather(scrape_source_task(feed, keywords), scrape_source_task(feed, ["baker"]))
        job_ids = [job_id for result in results for job_id in result.job_ids]
        match_result = await match_jobs_task(user_id=user_id, job_ids=job_ids)
        best = [job_id for job_id, score in match_result.scores.items() if score >= 0.8]
        cvs = await asyncio.gather(*(generate_cv_task(job_id=job_id, user_id=user_id) for job_id in best))
        applications = []
        if auto_apply:
            for job_id, cv in zip(best, cvs, strict=True):
                applications.append(await apply_job_task(job_id=job_id, user_id=user_id, cv_id=cv.cv_id))
        await notify_task(user_id=user_id, message=f"{len(job_ids)} jobs, {len(best)} of them fit well")
        return {"jobs_scraped": len(job_ids), "high_matches": len(best), "applications": len(applications)}

    done = await daily_job_hunt_flow(str(ada.id), ["python"], auto_apply=True)
    assert done == {"jobs_scraped": 3, "high_matches": 1, "applications": 1}
    application = await Application.find_one(fetch_links=True)
    assert application is not None
    assert application.job.company == "Acme"  # type: ignore[attr-defined]
    job = await Job.find_one(Job.company == "Acme")
    assert job is not None
    assert job.match_score == 100
    assert [found.message for found in await Notification.find_all().to_list()] == ["3 jobs, 1 of them fit well"]
    flows = {run.prefect_flow_run_id for run in await TaskRun.find_all().to_list()}
    assert len(flows) == 1
    assert None not in flows
