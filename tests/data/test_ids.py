"""Keys that are no ObjectId: UUIDs and texts, as ids, in filters, in links and cursors."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from beanie import Document, Link
from pydantic import Field

from core import datamodel
from core.access import LOCAL_OWNER
from core.actions import Data, Query, Sort
from core.errors import InputError, NotFound
from core.inspection import take_catalog
from core.registries import isolated_registry
from core.settings import Settings
from core.testing import test_database

with isolated_registry() as REGISTRY:

    @datamodel("Coupon")
    class Coupon(Document):
        id: uuid.UUID = Field(default_factory=uuid.uuid4)
        value: int = 0

    @datamodel("Country")
    class Country(Document):
        id: str = Field(default_factory=lambda: uuid.uuid4().hex[:24])  # looks like an ObjectId, and is none
        name: str = ""

    @datamodel("Order")
    class Order(Document):
        coupon: Link[Coupon] | None = None
        country: Link[Country] | None = None


@pytest.fixture
async def data() -> AsyncIterator[Data]:
    settings = Settings()
    documents = [info.document_cls for info in REGISTRY.models.values()]
    async with test_database(documents, settings) as database:
        catalog = take_catalog(REGISTRY)
        yield Data(catalog, settings.model_copy(update={"mongodb_database": database.name}))


@pytest.mark.parametrize(("name", "link"), [("Coupon", "coupon"), ("Country", "country")])
async def test_a_document_is_found_by_its_own_kind_of_id(data: Data, name: str, link: str) -> None:
    model, order = data.catalog.models[name], data.catalog.models["Order"]
    rows = await data.create_many(model, LOCAL_OWNER, [{} for _ in range(5)])
    ids = [data.reader.shape(model.object, row, ["id"])["id"] for row in rows]
    assert all(isinstance(id, str) for id in ids)
    for id in ids:
        assert data.reader.shape(model.object, await data.get(model, LOCAL_OWNER, id), ["id"]) == {"id": id}
    assert list(await data.get_many(model, LOCAL_OWNER, [ids[0], "nothing"])) == [ids[0]]
    assert await data.count(model, LOCAL_OWNER, {"id": {"in": ids[1:3]}}) == 2

    seen: list[Any] = []
    page = await data.list(model, LOCAL_OWNER, Query(limit=2, sorting=[Sort(field="id", descending=True)]))
    while True:
        seen += [data.reader.shape(model.object, row, ["id"])["id"] for row in page.rows]
        if not page.has_next:
            break
        query = Query(limit=2, sorting=[Sort(field="id", descending=True)], after=page.cursors.end)
        page = await data.list(model, LOCAL_OWNER, query)
    assert seen == sorted(ids, reverse=True)

    linked = await data.create(order, LOCAL_OWNER, {link: ids[3]})
    assert data.reader.shape(order.object, linked, [link]) == {link: ids[3]}
    assert await data.count(order, LOCAL_OWNER, {link: {"id": {"eq": ids[3]}}}) == 1
    with pytest.raises(InputError):
        await data.create(order, LOCAL_OWNER, {link: str(uuid.uuid4())})
    assert await data.delete(model, LOCAL_OWNER, ids[4])
    with pytest.raises(NotFound):
        await data.get(model, LOCAL_OWNER, ids[4])
