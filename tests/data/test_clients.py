"""Documents read and write the same through a client that somebody else made, whatever its options."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pymongo import AsyncMongoClient

from core.access import LOCAL_OWNER
from core.actions import Data, Query, Sort
from core.database.connection import close_database, init_database
from core.database.embedded.process import ensure_server
from core.events import ChangeFeed
from core.runs.touched import TouchedDocuments
from core.settings import Settings
from core.specs import Catalog
from tests.data.models import REGISTRY
from tests.data.test_scalars import CASES, values_of


@pytest.fixture
async def bare(catalog: Catalog, settings: Settings) -> AsyncIterator[Data]:
    """On a client that knows of no decimals, UUIDs or time zones."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        ensure_server(settings.data_dir), event_listeners=[TouchedDocuments()]
    )
    own = settings.model_copy(update={"mongodb_database": "test_bare_client"})
    documents = [info.document_cls for info in REGISTRY.models.values()]
    await init_database(own, client=client, documents=documents)
    yield Data(catalog, own)
    await client.drop_database("test_bare_client")
    await close_database()


async def test_every_scalar_comes_back_as_it_was(bare: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    sent = {name: values_of(name)[0][1] for name in CASES}
    expected = {name: values_of(name)[1][1] for name in CASES}
    row = await bare.create(model, LOCAL_OWNER, sent)
    read = await bare.get(model, LOCAL_OWNER, row["_id"])
    for found in (row, read):
        values = {name: bare.reader.value(model.object, model.object.by_wire[name], found) for name in CASES}
        assert values == expected
    assert isinstance(read["revision_id"], UUID)
    assert await bare.update(model, LOCAL_OWNER, row["_id"], sent, if_revision=str(read["revision_id"])) == read
    changed = await bare.update(model, LOCAL_OWNER, row["_id"], {"price": "7.5"}, if_revision=str(read["revision_id"]))
    assert changed["price"] == Decimal("7.5")


async def test_orders_and_changes_work_as_well(bare: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    feed = ChangeFeed(catalog, bare.settings)
    async with feed.subscribe(model, LOCAL_OWNER, filter={"price": {"gt": "1"}}) as changes:
        await bare.create_many(model, LOCAL_OWNER, [{"price": price} for price in ("3", "1", "2")])
        assert [(await anext(changes)).document["price"] for _ in range(2)] == [Decimal(3), Decimal(2)]  # type: ignore[index]
    by_price = [Sort(field="price")]
    page = await bare.list(model, LOCAL_OWNER, Query(sorting=by_price, limit=1))
    rest = await bare.list(model, LOCAL_OWNER, Query(sorting=by_price, after=page.cursors.end))
    assert [row["price"] for row in rest.rows] == [Decimal(2), Decimal(3)]
