"""For tests of applications: a throwaway database and a registry of one's own."""

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from beanie import Document

from core.database.connection import Database, close_database, init_database
from core.registries import isolated_registry
from core.settings import Settings, default_settings

__all__ = ["isolated_registry", "test_database"]


@asynccontextmanager
async def test_database(
    documents: Iterable[type[Document]] | None = None, settings: Settings | None = None
) -> AsyncIterator[Database]:
    """An empty database on the configured server, its documents bound and its indexes made; dropped at the end.

    ``documents`` defaults to every registered model. The running loop's connection is closed on the way out.
    """
    settings = (settings or default_settings()).model_copy(update={"mongodb_database": f"test_{uuid.uuid4().hex[:12]}"})
    database = await init_database(settings, documents=documents)
    try:
        yield database
    finally:
        await database.client.drop_database(database.name)
        await close_database()


test_database.__test__ = False  # type: ignore[attr-defined]  # its name looks like a test's to pytest
