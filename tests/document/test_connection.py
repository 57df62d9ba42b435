"""Connecting: the example's two functions, throwaway databases for tests, settings from environment and ``.env``."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from core.database.connection import is_connected
from core.examples.models.connection import close_database, init_database
from core.examples.models.models import Job, TaskRun, TestItem, User
from core.settings import Settings, default_settings
from core.testing import test_database
from tests.document.sections import proves


@proves("Database Setup", 1)
@proves("Connection Patterns", 1)
async def test_init_database_binds_the_documents_and_close_database_ends_it() -> None:
    database = await init_database()
    try:
        assert database.name == default_settings().mongodb_database
        for document in (TestItem, TaskRun, Job, User):
            assert document.get_pymongo_collection().database.name == database.name
        assert await Job.find(Job.company == "nobody").to_list() == []
    finally:
        await close_database()
    assert not is_connected()
    await close_database()  # once more does no harm


@proves("Database Setup", 2)
async def test_an_application_connects_in_its_lifespan() -> None:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def lifespan(app: FastAPI):  # type: ignore[no-untyped-def]
        await init_database()
        yield
        await close_database()

    app = FastAPI(lifespan=lifespan)
    async with app.router.lifespan_context(app):
        assert is_connected()
    assert not is_connected()


@proves("Connection Patterns", 2)
async def test_a_temporary_database_is_empty_usable_and_gone_at_the_end() -> None:
    async with test_database() as database:
        await Job(title="Test", company="Test").insert()
        assert await Job.count() == 1
        name = database.name
    async with test_database() as database:
        assert database.name != name
        assert name not in await database.client.list_database_names()
        assert await Job.count() == 0


@proves("Database Configuration", 1)
def test_settings_come_from_the_environment_and_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MONGODB_URI", raising=False)
    monkeypatch.delenv("MONGODB_DATABASE", raising=False)
    assert Settings().mongodb_uri is None
    assert Settings().mongodb_database == "jobhunter"

    (tmp_path / ".env").write_text("MONGODB_URI=mongodb://user:secret@db.example/\nMONGODB_DATABASE=hunt\n")
    found = Settings()
    assert found.mongodb_uri is not None
    assert found.mongodb_uri.get_secret_value() == "mongodb://user:secret@db.example/"
    assert found.mongodb_database == "hunt"
    assert "secret" not in repr(found)

    monkeypatch.setenv("MONGODB_DATABASE", "from_environment")
    assert Settings().mongodb_database == "from_environment"
