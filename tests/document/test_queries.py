"""Beanie's query idioms, on the example's models and on plain documents alike."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from beanie import Document
from beanie.exceptions import DocumentNotFound
from pydantic import BaseModel, Field

from core.base import DataModelBase
from core.database.connection import Database
from core.decorators import datamodel
from core.examples.models.models import Address, Job
from core.registries import Registry
from core.settings import default_settings
from core.testing import test_database
from tests.document.sections import proves

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def jobs(database: Database) -> list[Job]:
    found = [
        Job(title="Python Developer", company="Acme", match_score=95, external_id="12345", source="board",
            required_skills=["Python", "SQL"], address=Address(city="Berlin"), created_at=DAY),
        Job(title="Go Developer", company="Acme", match_score=75, required_skills=["Go"], address=Address(city="Bonn"),
            created_at=DAY + timedelta(days=1)),
        Job(title="Senior python engineer", company="TechCorp", match_score=60, created_at=DAY + timedelta(days=2)),
        Job(title="Accountant", company="Elsewhere", created_at=DAY + timedelta(days=3)),
    ]  # fmt: skip
    for job in found:
        await job.insert()
    return found


def titles(found: list[Job]) -> list[str]:
    return [job.title for job in found]


@proves("Beanie Query Patterns", 1)
async def test_finding_all_by_equality_by_several_conditions_by_range_one_and_by_id(jobs: list[Job]) -> None:
    assert len(await Job.find_all().to_list()) == 4
    assert len(await Job.find(Job.company == "Acme").to_list()) == 2
    assert titles(await Job.find(Job.company == "Acme", Job.match_score > 80).to_list()) == ["Python Developer"]
    between = await Job.find(Job.match_score >= 70, Job.match_score <= 90).to_list()
    assert titles(between) == ["Go Developer"]
    found = await Job.find_one(Job.external_id == "12345")
    assert found is not None
    assert found.title == "Python Developer"
    assert await Job.get("507f1f77bcf86cd799439011") is None
    by_id = await Job.get(jobs[0].id)
    assert by_id is not None
    assert by_id.id == jobs[0].id


@proves("Beanie Query Patterns", 1)
async def test_in_takes_a_list_of_values(jobs: list[Job]) -> None:
    found = await Job.find(Job.company.in_(["Acme", "TechCorp", "StartupCo"])).to_list()
    assert len(found) == 3
    assert await Job.find(Job.company.in_([])).to_list() == []


@proves("Beanie Query Patterns", 2)
async def test_sorting_limiting_skipping_counting_and_existence(jobs: list[Job]) -> None:
    assert titles(await Job.find().sort(-Job.created_at).to_list())[0] == "Accountant"
    by_score = await Job.find().sort("+match_score").to_list()
    assert [job.match_score for job in by_score] == [None, 60, 75, 95]
    assert len(await Job.find().limit(3).to_list()) == 3
    page = await Job.find().sort(+Job.created_at).skip(2).limit(10).to_list()
    assert titles(page) == ["Senior python engineer", "Accountant"]
    assert await Job.find(Job.company == "Acme").count() == 2
    assert await Job.find_one(Job.external_id == "12345").exists()
    assert not await Job.find_one(Job.external_id == "54321").exists()


@proves("Beanie Query Patterns", 3)
async def test_regular_expressions_members_of_lists_and_fields_of_embedded_models(jobs: list[Job]) -> None:
    found = await Job.find(Job.title.regex("python", options="i")).sort(+Job.created_at).to_list()
    assert titles(found) == ["Python Developer", "Senior python engineer"]
    assert titles(await Job.find(Job.title.regex("python")).to_list()) == ["Senior python engineer"]
    assert titles(await Job.find(Job.required_skills.contains("Python")).to_list()) == ["Python Developer"]
    assert titles(await Job.find(Job.address.city == "Berlin").to_list()) == ["Python Developer"]
    assert titles(await Job.find(Job.address.city.in_(["Berlin", "Bonn"])).to_list()) == [
        "Python Developer",
        "Go Developer",
    ]


@proves("Beanie Query Patterns", 3)
@proves("Index Management", 5)
async def test_words_are_found_through_the_text_index(jobs: list[Job]) -> None:
    found = await Job.find({"$text": {"$search": "python developer"}}).to_list()
    assert set(titles(found)) == {"Python Developer", "Go Developer", "Senior python engineer"}


@proves("Beanie Query Patterns", 4)
async def test_an_aggregation_groups_sorts_and_limits(jobs: list[Job]) -> None:
    pipeline = [
        {"$match": {"match_score": {"$gte": 70}}},
        {"$group": {"_id": "$company", "avg_score": {"$avg": "$match_score"}, "count": {"$sum": 1}}},
        {"$sort": {"avg_score": -1}},
        {"$limit": 10},
    ]
    assert await Job.aggregate(pipeline).to_list() == [{"_id": "Acme", "avg_score": 85.0, "count": 2}]


class Place(BaseModel):
    city: str


@pytest.mark.parametrize("base", [Document, DataModelBase])
async def test_the_idioms_work_on_every_declared_document(registry: Registry, base: type[Document]) -> None:
    @datamodel()
    class Room(base):  # type: ignore[misc,valid-type]
        name: str
        regex: str = "a field may be called like an operator"
        tags: list[str] = Field(default_factory=list)
        place: Place | None = None

    async with test_database():
        await Room(name="Blue", tags=["quiet"], place=Place(city="Berlin")).insert()
        for query in (
            Room.name.in_(["Blue", "Red"]),
            Room.name.regex("^bl", options="i"),
            Room.tags.contains("quiet"),
            Room.place.city == "Berlin",
            Room.place.city.regex("^Ber"),
            Room.regex == "a field may be called like an operator",
        ):
            assert await Room.find(query).count() == 1, query
        with pytest.raises(DocumentNotFound):
            await Room.get("not-an-id")


def test_beanies_own_document_class_stays_as_it_is(tmp_path: Path) -> None:
    """In a process of its own: this one has imported Core long ago."""
    checked = """
import asyncio
import beanie
from pydantic import BaseModel

def attributes():
    return {(cls, name): value for cls in beanie.Document.__mro__ if cls is not object and cls is not BaseModel
            for name, value in vars(cls).items()}

before = attributes()
import core
from core import datamodel
from core.inspection import take_catalog
from core.registries import current_registry
from core.testing import test_database

@datamodel()
class Thing(beanie.Document):
    name: str

assert "get_pymongo_collection" in vars(Thing), "the idioms stand on the document itself"
take_catalog(current_registry())

async def use():
    async with test_database(documents=[Thing]):
        await Thing(name="x").insert()
        assert len(await Thing.find(Thing.name.in_(["x"])).to_list()) == 1

asyncio.run(use())
after = attributes()
print(sorted(name for cls, name in before.keys() | after.keys()
             if before.get((cls, name)) is not after.get((cls, name))))
"""
    environment = {**os.environ, "CORE_DATA_DIR": str(default_settings().data_dir.resolve())}
    done = subprocess.run(
        [sys.executable, "-c", checked], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"
