"""Index kinds: declared in code, made by Beanie, kept by the database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from beanie import Document, Indexed
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from core.database.connection import Database
from core.decorators import datamodel
from core.examples.models.models import Job, TaskRun
from core.registries import Registry
from core.testing import test_database
from tests.document.sections import proves


async def indexes(database: Database, collection: str) -> list[dict[str, Any]]:
    return await (await database[collection].list_indexes()).to_list()


def keys(index: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(index["key"].items())


@proves("Index Management", 1, 2)
async def test_single_field_and_compound_indexes_are_made(registry: Registry) -> None:
    @datamodel()
    class Entry(Document):
        company: Indexed(str)  # type: ignore[valid-type]
        created_at: Indexed(datetime)  # type: ignore[valid-type]

        class Settings:
            name = "entries"
            indexes = [IndexModel([("company", ASCENDING), ("created_at", DESCENDING)])]  # noqa: RUF012

    async with test_database() as database:
        found = [keys(index) for index in await indexes(database, "entries")]
        assert (("company", 1),) in found
        assert (("created_at", 1),) in found
        assert (("company", 1), ("created_at", -1)) in found
        await Entry(company="Acme", created_at=datetime.now(UTC)).insert()
        assert await Entry.find(Entry.company == "Acme").count() == 1


@proves("Index Management", 3)
async def test_a_unique_index_refuses_the_second_of_a_pair(registry: Registry) -> None:
    @datamodel()
    class Source(Document):
        source: str
        external_id: str

        class Settings:
            indexes = [IndexModel([("source", ASCENDING), ("external_id", ASCENDING)], unique=True)]  # noqa: RUF012

    async with test_database():
        await Source(source="board", external_id="1").insert()
        await Source(source="other", external_id="1").insert()
        with pytest.raises(DuplicateKeyError):
            await Source(source="board", external_id="1").insert()


@proves("Index Management", 4)
async def test_a_sparse_index_leaves_out_documents_without_the_field(registry: Registry) -> None:
    @datamodel()
    class Ticket(Document):
        key: str | None = None

        class Settings:
            name = "tickets"
            keep_nulls = False  # an explicit null is a value to a sparse index: leave it out of the document
            indexes = [IndexModel([("key", ASCENDING)], unique=True, sparse=True)]  # noqa: RUF012

    async with test_database():
        await Ticket().insert()
        await Ticket().insert()
        await Ticket(key="a").insert()
        with pytest.raises(DuplicateKeyError):
            await Ticket(key="a").insert()
        assert await Ticket.count() == 3


@proves("Index Management", 4)
async def test_the_key_of_a_run_is_unique_for_its_operation_and_may_be_missing(database: Database) -> None:
    await TaskRun.insert_many([TaskRun(operation_name="scrape_jobs", status="success") for _ in range(2)])
    await TaskRun(operation_name="scrape_jobs", status="success", idempotency_key="k").insert()
    await TaskRun(operation_name="match_jobs", status="success", idempotency_key="k").insert()
    with pytest.raises(DuplicateKeyError):
        await TaskRun(operation_name="scrape_jobs", status="success", idempotency_key="k").insert()


async def test_the_examples_job_is_unique_by_source_and_external_id_where_it_has_one(database: Database) -> None:
    await Job.insert_many([Job(title="By hand", company="Acme") for _ in range(2)])
    await Job(title="Found", company="Acme", source="board", external_id="1").insert()
    with pytest.raises(DuplicateKeyError):
        await Job(title="Found again", company="Acme", source="board", external_id="1").insert()
    found = await indexes(database, "jobs")
    assert (("company", 1), ("created_at", -1)) in [keys(index) for index in found]
    assert [index["weights"] for index in found if "weights" in index] == [{"description": 1, "title": 1}]
