"""Sample data: enough to look at, made quickly, stored once, never over what people did."""

import asyncio
import time
from collections import Counter

from core.database.connection import Database
from core.examples.models.models import Application, Cv, Job, Notification, TaskRun, TestItem, User
from core.examples.sample import seed, seed_if_empty
from core.inspection import take_catalog
from core.registries import OperationRegistry, Registry
from core.runs.model import TaskRunStatus


async def counts() -> list[int]:
    return [await model.count() for model in (Job, User, Cv, Application, Notification, TestItem, TaskRun)]


async def test_an_empty_database_is_filled_quickly_and_once(database: Database) -> None:
    began = time.process_time()
    stored = await seed_if_empty()
    assert time.process_time() - began < 2  # seconds of work, whatever else the machine does
    found = await counts()
    assert sum(found) == stored
    assert found[0] >= 300
    assert min(found) >= 5
    assert await seed_if_empty() == 0
    assert await seed() == 0
    assert await counts() == found


async def test_two_servers_that_start_at_once_fill_it_once(database: Database) -> None:
    first, second = await asyncio.gather(seed(), seed())
    assert first + second == sum(await counts())


async def test_what_people_changed_and_a_user_s_own_data_stay(database: Database) -> None:
    await seed()
    job = await Job.find_one(Job.source == "stepstone")
    assert job is not None
    job.title = "Mine"
    await job.save()
    await seed()
    kept = await Job.get(job.id)
    assert kept is not None
    assert kept.title == "Mine"


async def test_a_database_with_a_job_is_left_alone(database: Database) -> None:
    await Job(title="Dev", company="Acme").insert()
    assert await seed_if_empty() == 0
    assert await Job.count() == 1


async def test_there_are_runs_of_every_status_and_what_they_speak_of_is_there(database: Database) -> None:
    await seed()
    runs = await TaskRun.find_all().to_list()
    assert {run.status for run in runs} == set(TaskRunStatus)
    assert all(OperationRegistry.get(run.operation_name) for run in runs)
    models = {"Job": Job, "TestItem": TestItem}
    refs = Counter((ref["model"], ref["id"]) for run in runs for ref in run.result_refs)
    for model, document_id in list(refs)[:100]:
        assert await models[model].get(document_id) is not None
    assert await database["taskrun_refs"].count_documents({}) == sum(refs.values())
    for run in runs:
        metadata = OperationRegistry.get(run.operation_name)
        assert metadata is not None
        metadata.input_schema.model_validate(run.input_dump)  # each can be replayed
        if run.status == "success":
            metadata.output_schema.model_validate(run.output)


async def test_links_of_sample_documents_lead_somewhere(database: Database) -> None:
    await seed()
    for application in await Application.find_all(fetch_links=True).to_list():
        assert application.user.name in application.title  # type: ignore[attr-defined]
        assert application.job.company in application.title  # type: ignore[attr-defined]


def test_everything_the_example_declares_can_be_served(example: Registry) -> None:
    catalog = take_catalog(example)
    assert {"Job", "User", "TestItem", "Cv", "Application", "Notification", "TaskRun"} <= catalog.models.keys()
    for model in catalog.models.values():
        for section in model.ui.get("detail_sections", ()):
            assert set(section["fields"]) <= model.object.by_name.keys(), (model.name, section["title"])
    assert {
        "search_jobs", "create_item", "create_test_item", "update_job", "bulk_delete", "enrich_job", "process_job",
        "process_jobs", "scrape_jobs", "match_jobs", "generate_cv", "apply_job", "notify",
    } <= catalog.operations.keys()  # fmt: skip
