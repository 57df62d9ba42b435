"""``data`` on an empty database with the models of these tests."""

from collections.abc import AsyncIterator

import pytest

from core.access import Principal
from core.actions import Data
from core.inspection import take_catalog
from core.settings import Settings
from core.specs import Catalog
from core.testing import test_database
from tests.data.models import REGISTRY

ANN = Principal(id="ann", roles=frozenset({"member"}))
BOB = Principal(id="bob", roles=frozenset({"member", "boss"}))
CARL = Principal(id="carl", roles=frozenset({"guest"}))


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return take_catalog(REGISTRY)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
async def data(catalog: Catalog, settings: Settings) -> AsyncIterator[Data]:
    documents = [info.document_cls for info in REGISTRY.models.values()]
    async with test_database(documents, settings) as database:
        yield Data(catalog, settings.model_copy(update={"mongodb_database": database.name}))
