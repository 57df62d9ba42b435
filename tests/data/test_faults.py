"""The database goes away and comes back: named errors meanwhile, nothing lost for those who follow changes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_OWNER
from core.actions import Data, GroupBy, Query
from core.database.connection import client_of_loop
from core.database.embedded.process import ensure_server, socket_path
from core.errors import Unavailable
from core.events import ChangeFeed
from core.settings import Settings
from core.specs import Catalog
from core.testing import test_database
from tests.data.models import REGISTRY


@pytest.fixture
async def own(catalog: Catalog, tmp_path: Path) -> AsyncIterator[Data]:
    """``Data`` on a server of its own, which the test may kill; named by its URI, so that nobody starts it again."""
    uri = await asyncio.to_thread(ensure_server, tmp_path)
    settings = Settings(mongodb_uri=uri, data_dir=tmp_path, database_timeout=1)  # type: ignore[arg-type]
    documents = [info.document_cls for info in REGISTRY.models.values()]
    async with test_database(documents, settings) as database:
        yield Data(catalog, settings.model_copy(update={"mongodb_database": database.name}))
        await asyncio.to_thread(ensure_server, tmp_path)


async def kill_server(data_dir: Path) -> None:
    hello = await client_of_loop().admin.command("hello")
    os.kill(hello["corePid"], signal.SIGKILL)
    path = socket_path(data_dir)
    with pytest.raises(OSError):
        while True:
            _, writer = await asyncio.open_unix_connection(path)
            writer.close()
            await asyncio.sleep(0.01)


async def test_every_path_names_an_unreachable_database(own: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    row = await own.create(model, LOCAL_OWNER, {"text": "a"})
    await kill_server(own.settings.data_dir)
    feed = ChangeFeed(catalog, own.settings)
    calls: dict[str, Any] = {
        "list": lambda: own.list(model, LOCAL_OWNER, Query()),
        "count": lambda: own.count(model, LOCAL_OWNER),
        "get": lambda: own.get(model, LOCAL_OWNER, row["_id"]),
        "get_many": lambda: own.get_many(model, LOCAL_OWNER, [row["_id"]]),
        "aggregate": lambda: own.aggregate(model, LOCAL_OWNER, None, [GroupBy(field="text")], {}),
        "create": lambda: own.create(model, LOCAL_OWNER, {}),
        "create_many": lambda: own.create_many(model, LOCAL_OWNER, [{}, {}]),
        "update": lambda: own.update(model, LOCAL_OWNER, row["_id"], {"text": "b"}),
        "delete": lambda: own.delete(model, LOCAL_OWNER, row["_id"]),
        "delete_many": lambda: own.delete_many(model, LOCAL_OWNER, {}),
        "subscribe": lambda: feed.subscribe(model, LOCAL_OWNER).__aenter__(),
    }

    async def outcome(name: str) -> str:
        with pytest.raises(Unavailable, match="no answer from MongoDB at"):
            await calls[name]()
        return name

    async with asyncio.timeout(10):
        assert await asyncio.gather(*map(outcome, calls)) == list(calls)
    assert feed.subscribers == 0


async def test_a_subscriber_misses_nothing_when_the_server_dies_and_returns(own: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    feed = ChangeFeed(catalog, own.settings)
    async with feed.subscribe(model, LOCAL_OWNER, kinds=["created"]) as changes, asyncio.timeout(20):
        made: list[Any] = []
        for _ in range(3):
            await kill_server(own.settings.data_dir)
            await asyncio.to_thread(ensure_server, own.settings.data_dir)
            made += [row["_id"] for row in await own.create_many(model, LOCAL_OWNER, [{}, {}])]
        assert [(await anext(changes)).id for _ in made] == made
    await feed.stop()
