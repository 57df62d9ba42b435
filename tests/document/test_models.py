"""Models: declared with ``@datamodel``, used as the Beanie documents they are."""

from datetime import UTC, datetime

import pytest
from beanie import Document, Indexed
from pydantic import Field, ValidationError
from pymongo import ASCENDING, DESCENDING, IndexModel

from core.database.connection import Database
from core.decorators import datamodel
from core.examples.models.models import Job
from core.registries import ModelRegistry, Registry
from core.testing import test_database
from tests.document.sections import proves


@proves("Define a Model", 1)
def test_a_declared_model_is_found_in_the_registry_with_what_was_said_of_it(registry: Registry) -> None:
    @datamodel(
        name="Vacancy",
        description="An open position",
        tags=["jobs", "scraping"],
        ui={"icon": "💼", "primary_field": "title", "list_fields": ["title", "company", "location"]},
    )
    class Vacancy(Document):
        title: str = Field(..., description="Name of the position")
        company: str = Field(..., description="Who offers it")
        location: str = Field(..., description="Where it is")

        class Settings:
            name = "vacancies"

    info = ModelRegistry.get("Vacancy")
    assert info is not None
    assert info.document_cls is Vacancy
    assert (info.description, info.tags) == ("An open position", ("jobs", "scraping"))
    assert info.ui_hints["list_fields"] == ["title", "company", "location"]


@proves("Use the Model", 1)
async def test_a_model_is_created_found_changed_and_deleted_without_a_repository(database: Database) -> None:
    job = Job(title="Developer", company="Acme", location="Berlin")
    await job.insert()
    assert [found.id for found in await Job.find(Job.company == "Acme").to_list()] == [job.id]

    job.location = "Munich"
    await job.save()
    stored = await Job.get(job.id)
    assert stored is not None
    assert stored.location == "Munich"

    await job.delete()
    assert await Job.get(job.id) is None


@proves("Why No Repository Pattern?", 1)
async def test_a_query_in_one_line_replaces_a_repository(database: Database) -> None:
    await Job(title="Dev", company="Acme").insert()
    assert [job.title for job in await Job.find(Job.company == "Acme").to_list()] == ["Dev"]


@proves("Beanie Document Anatomy", 1)
async def test_fields_constraints_defaults_indexes_and_helpers_of_a_plain_document(registry: Registry) -> None:
    @datamodel()
    class Posting(Document):
        title: str = Field(..., description="Name of the position")
        company: Indexed(str)  # type: ignore[valid-type]
        location: str | None = None
        match_score: float | None = Field(None, ge=0, le=100)
        created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

        class Settings:
            name = "postings"
            indexes = [  # noqa: RUF012
                IndexModel([("company", ASCENDING), ("created_at", DESCENDING)]),
                IndexModel([("title", "text")]),
            ]

        def full_title(self) -> str:
            return f"{self.title} at {self.company}"

    with pytest.raises(ValidationError):
        Posting(title="Dev", company="Acme", match_score=101)
    async with test_database() as database:
        assert Posting(title="Dev", company="Acme").full_title() == "Dev at Acme"
        await Posting(title="Dev", company="Acme").insert()
        stored = await Posting.find_one(Posting.title == "Dev")
        assert stored is not None
        assert stored.location is None
        assert stored.created_at.utcoffset() is not None
        keys = [tuple(index["key"].items()) for index in await (await database["postings"].list_indexes()).to_list()]
        assert (("company", 1),) in keys
        assert (("company", 1), ("created_at", -1)) in keys


async def test_the_examples_job_has_the_fields_the_document_names(database: Database) -> None:
    job = Job(title="Senior Dev", company="Acme")
    assert job.full_title() == "Senior Dev at Acme"
    assert job.created_at.utcoffset() is not None
    with pytest.raises(ValidationError):
        Job(title="Dev", company="Acme", match_score=100.5)
