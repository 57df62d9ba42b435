"""Creating, reading, updating and deleting the way the document shows."""

import pytest
from beanie.exceptions import DocumentNotFound

from core.database.connection import Database
from core.examples.models.models import Job
from core.runs.model import now
from tests.document.sections import proves


@proves("CRUD Operations", 1)
async def test_one_is_inserted_and_knows_its_id_and_many_are_inserted_at_once(database: Database) -> None:
    job = Job(title="Python Developer", company="Acme", location="Berlin")
    await job.insert()
    assert job.id is not None
    # Neither has a source: the unique index on (source, external_id) lets any number of those in.
    await Job.insert_many([Job(title="Dev 1", company="A"), Job(title="Dev 2", company="B")])
    assert await Job.count() == 3


@proves("CRUD Operations", 2)
async def test_reading_by_id_by_query_and_what_is_not_there(database: Database) -> None:
    job = Job(title="Dev", company="Acme", external_id="12345")
    await job.insert()
    by_id, by_query = await Job.get(str(job.id)), await Job.find_one(Job.external_id == "12345")
    assert by_id is not None
    assert by_query is not None
    assert by_id.id == by_query.id == job.id
    assert await Job.find_one(Job.external_id == "nonexistent") is None
    assert await Job.get("507f1f77bcf86cd799439011") is None
    with pytest.raises(DocumentNotFound, match="invalid-id"):
        await Job.get("invalid-id")


@proves("CRUD Operations", 3)
async def test_saving_updating_many_updating_one_and_upserting(database: Database) -> None:
    await Job.insert_many([Job(title="Dev", company="Acme", external_id=key) for key in ("12345", "2", "3")])
    job = await Job.find_one(Job.external_id == "2")
    assert job is not None
    job.match_score = 85
    job.updated_at = now()
    await job.save()

    await Job.find(Job.company == "Acme").update({"$set": {"is_verified": True}})
    assert await Job.find(Job.is_verified == True).count() == 3  # noqa: E712

    await Job.find_one(Job.external_id == "12345").update({"$set": {"match_score": 90}})
    assert {found.external_id: found.match_score for found in await Job.find_all().to_list()} == {
        "12345": 90, "2": 85, "3": None,
    }  # fmt: skip

    for _ in range(2):
        await Job.find_one(Job.external_id == "new").upsert(
            {"$set": {"title": "Senior Dev"}}, on_insert=Job(title="Dev", external_id="new", company="Acme")
        )
    found = await Job.find_one(Job.external_id == "new")
    assert found is not None
    assert found.title == "Senior Dev"
    assert await Job.count() == 4


@proves("CRUD Operations", 4)
async def test_deleting_an_instance_by_query_and_one(database: Database) -> None:
    await Job.insert_many([Job(title="Dev", company="OldCompany") for _ in range(3)])
    kept = Job(title="Dev", company="Acme")
    await kept.insert()
    await Job(title="Dev", company="Acme", external_id="12345").insert()

    await Job.find(Job.company == "OldCompany").delete()
    assert await Job.count() == 2
    await Job.find_one(Job.external_id == "12345").delete()
    assert await Job.count() == 1
    job = await Job.get(kept.id)
    assert job is not None
    await job.delete()
    assert await Job.count() == 0
