"""Operations: typed, registered, audited; the common patterns."""

import asyncio

import pytest
from beanie import Document
from pydantic import BaseModel, Field

from core.base import DataModelBase, OperationBase
from core.database.connection import Database
from core.decorators import datamodel, operation
from core.errors import InputError
from core.examples.models.models import Job, TaskRun, TestItem
from core.examples.operations.job_ops import (
    BulkDeleteInput,
    SearchJobsInput,
    UpdateJobInput,
    bulk_delete,
    search_jobs,
    update_job,
)
from core.examples.operations.test_ops import CreateTestItemInput, create_test_item
from core.registries import OperationRegistry, Registry
from core.testing import test_database
from tests.document.sections import proves


async def last_run() -> TaskRun:
    return (await TaskRun.find().sort("-created_at", "-_id").limit(1).to_list())[0]


@proves("Define an Operation", 1)
@proves("The Three Execution Layers", 1)
async def test_an_operation_is_declared_registered_and_awaited_like_the_function_it_is(registry: Registry) -> None:
    @datamodel()
    class Vacancy(Document):
        title: str
        company: str
        location: str | None = None

    class FindInput(BaseModel):
        keywords: list[str] = Field(..., description="Words to look for")
        location: str | None = Field(None, description="Where")

    class FindOutput(BaseModel):
        jobs: list[dict] = Field(..., description="What was found")  # type: ignore[type-arg]
        count: int = Field(..., description="How many")

    @operation(
        name="find_vacancies",
        description="Find vacancies by keywords",
        category="jobs",
        inputs=FindInput,
        outputs=FindOutput,
        tags=["search", "jobs"],
        models_in=["Vacancy"],
        models_out=[],
        async_enabled=True,
    )
    async def find_vacancies(input: FindInput) -> FindOutput:
        query = {"location": input.location} if input.location else {}
        found = await Vacancy.find(query).to_list()
        matches = [one for one in found if any(word.lower() in one.title.lower() for word in input.keywords)]
        return FindOutput(jobs=[{"title": one.title, "company": one.company} for one in matches], count=len(matches))

    meta = OperationRegistry.get("find_vacancies")
    assert meta is not None
    assert (meta.input_schema, meta.output_schema, meta.category) == (FindInput, FindOutput, "jobs")
    assert meta.function is find_vacancies
    async with test_database():
        await Vacancy(title="Python Developer", company="Acme", location="Berlin").insert()
        await Vacancy(title="Baker", company="Acme", location="Berlin").insert()
        result = await find_vacancies(FindInput(keywords=["python"], location="Berlin"))
        assert (result.count, result.jobs) == (1, [{"title": "Python Developer", "company": "Acme"}])
        run = await last_run()
        assert (run.operation_name, run.status) == ("find_vacancies", "success")


@proves("Define an Operation", 1)
async def test_search_jobs_finds_by_any_keyword_and_place_and_takes_words_literally(database: Database) -> None:
    await Job.insert_many([
        Job(title="Python Developer", company="Acme", location="Berlin"),
        Job(title="C++ Developer", company="Acme", location="Bonn"),
        Job(title="Baker", company="Bread", description="no python here", location="Berlin"),
    ])  # fmt: skip
    found = await search_jobs(SearchJobsInput(keywords=["python", "c++"]))
    assert found.count == 3
    assert (await search_jobs(SearchJobsInput(keywords="python", location="berlin"))).count == 2
    assert (await search_jobs(SearchJobsInput(keywords=["."]))).count == 0
    limited = await search_jobs(SearchJobsInput(limit=1))
    assert (len(limited.jobs), limited.count) == (1, 3)
    assert limited.jobs[0].keys() == {"id", "title", "company", "location", "url", "match_score"}


@proves("Example: Without Prefect (Direct Operation)", 1)
@proves("Summary: Three Execution Modes", 1)
async def test_a_direct_call_is_audited_and_not_orchestrated(database: Database) -> None:
    result = await create_test_item(CreateTestItemInput(name="Test", value=42))
    assert result.success
    item = await TestItem.get(result.item_id)
    assert item is not None
    assert (item.name, item.value) == ("Test", 42)
    run = await last_run()
    assert (run.operation_name, run.status, run.orchestrated) == ("create_test_item", "success", False)
    assert run.input_dump == {"name": "Test", "value": 42}
    assert run.result_refs == [{"model": "TestItem", "id": result.item_id, "action": "insert"}]


@proves("1. Define Model", 1)
@proves("2. Define Operation", 1)
async def test_the_smallest_model_and_operation(registry: Registry) -> None:
    @datamodel(name="Thing", tags=["test"])
    class Thing(Document):
        name: str
        value: int

        class Settings:
            name = "things"

    class MakeInput(BaseModel):
        name: str
        value: int

    class MakeOutput(BaseModel):
        success: bool
        item_id: str

    @operation(name="make_thing", inputs=MakeInput, outputs=MakeOutput, category="testing")
    async def make_thing(input: MakeInput) -> MakeOutput:
        thing = Thing(name=input.name, value=input.value)
        await thing.insert()
        return MakeOutput(success=True, item_id=str(thing.id))

    async with test_database() as database:
        made = await make_thing(MakeInput(name="Test", value=42))
        assert await database["things"].count_documents({}) == 1
        assert await database["taskruns"].count_documents({"operation_name": "make_thing"}) == 1
        stored = await Thing.get(made.item_id)
        assert stored is not None
        assert stored.value == 42


@proves("Simple CRUD Operation", 1)
async def test_update_job_changes_what_it_is_given(database: Database) -> None:
    job = Job(title="Dev", company="Acme", location="Berlin")
    await job.insert()
    assert (await update_job(UpdateJobInput(job_id=str(job.id), title="Senior Dev"))).success
    changed = await Job.get(job.id)
    assert changed is not None
    assert (changed.title, changed.location) == ("Senior Dev", "Berlin")
    assert changed.updated_at > job.updated_at
    assert (await last_run()).result_refs == [{"model": "Job", "id": str(job.id), "action": "update"}]


@proves("Batch Operation", 1)
async def test_bulk_delete_deletes_what_is_there_and_names_what_is_not(database: Database) -> None:
    jobs = [Job(title=f"Dev {number}", company="Acme") for number in range(3)]
    for job in jobs:
        await job.insert()
    ids = [str(job.id) for job in jobs[:2]]
    result = await bulk_delete(BulkDeleteInput(job_ids=[*ids, "507f1f77bcf86cd799439011"]))
    assert (result.deleted_count, result.missing) == (2, ["507f1f77bcf86cd799439011"])
    assert await Job.count() == 1
    assert {ref["id"]: ref["action"] for ref in (await last_run()).result_refs} == dict.fromkeys(ids, "delete")


async def test_an_operation_written_as_a_class_registers_itself_and_is_audited(registry: Registry) -> None:
    class DoubleInput(BaseModel):
        value: int

    class DoubleOutput(BaseModel):
        value: int

    class Double(OperationBase):
        """Twice the value."""

        name = "double"
        category = "testing"
        inputs = DoubleInput
        outputs = DoubleOutput

        async def run(self, input: DoubleInput) -> DoubleOutput:
            return DoubleOutput(value=input.value * 2)

    assert OperationRegistry.get("double") is not None
    async with test_database():
        assert (await Double.call(DoubleInput(value=21))).value == 42
        assert (await last_run()).operation_name == "double"


async def test_a_document_on_datamodelbase_keeps_a_revision(registry: Registry) -> None:
    from beanie.exceptions import RevisionIdWasChanged

    @datamodel()
    class Page(DataModelBase):
        text: str

    async with test_database():
        page = Page(text="first")
        await page.insert()
        mine, theirs = await Page.get(page.id), await Page.get(page.id)
        assert mine is not None
        assert theirs is not None
        mine.text = "mine"
        await mine.save()
        theirs.text = "theirs"
        with pytest.raises(RevisionIdWasChanged):
            await theirs.save()


async def test_plain_functions_are_operations_too(registry: Registry) -> None:
    class Sum(BaseModel):
        value: int

    @operation(category="testing")
    def add(first: int, second: int = 1) -> Sum:
        """The sum of two numbers."""
        return Sum(value=first + second)

    assert add.__wrapped__(2, 3).value == 5  # type: ignore[attr-defined]  # the function itself, unaudited
    async with test_database():
        assert (await add(first=2)).value == 3
        assert (await last_run()).input_dump == {"first": 2, "second": 1}
        with pytest.raises(InputError):
            await add(first="two")
        assert await TaskRun.count() == 1  # what does not validate never becomes a run
        assert [found.value for found in await asyncio.gather(add(1, 1), add(2, 2))] == [2, 4]
