"""The GraphQL surface over a real database, without a transport."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import strawberry
from graphql import GraphQLError

from core.access import LOCAL_OWNER, Principal
from core.events import ChangeFeed
from core.registries import Registry
from core.services import Services, build_services
from core.settings import default_settings
from core.testing import test_database
from graphql_surface.context import make_context
from graphql_surface.schema import build_schema


@dataclass(frozen=True, kw_only=True)
class Api:
    """``ask`` gives the data and insists on no errors; ``errors`` gives the errors and insists on some."""

    schema: strawberry.Schema
    services: Services

    async def execute(self, query: str, variables: dict[str, Any], principal: Principal = LOCAL_OWNER) -> Any:
        context = make_context(self.services, principal)
        return await self.schema.execute(query, variable_values=variables, context_value=context)

    async def ask(self, query: str, principal: Principal = LOCAL_OWNER, **variables: Any) -> Any:
        result = await self.execute(query, variables, principal)
        assert result.errors is None, result.errors
        return result.data

    async def errors(self, query: str, principal: Principal = LOCAL_OWNER, **variables: Any) -> list[GraphQLError]:
        result = await self.execute(query, variables, principal)
        assert result.errors, result.data
        return result.errors

    @asynccontextmanager
    async def watching(
        self, query: str, principal: Principal = LOCAL_OWNER, **variables: Any
    ) -> AsyncIterator["Events"]:
        """The events of a subscription, which is open when the block begins."""
        opened = asyncio.Event()
        services = replace(self.services, feed=cast("ChangeFeed", _Announcing(self.services.feed, opened)))
        context = make_context(services, principal)
        source: Any = await self.schema.subscribe(query, variable_values=variables, context_value=context)
        events = Events()
        pump = asyncio.create_task(events.fill(source))
        waiting = [asyncio.create_task(opened.wait()), pump]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        try:
            yield events
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            await source.aclose()


class Events:
    """Answers of a subscription, in their order."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    async def fill(self, source: Any) -> None:
        async for result in source:
            self._queue.put_nowait(result)
        self._queue.put_nowait(None)

    async def next(self) -> Any:
        """The data of the next answer; None when there are no more."""
        result = await asyncio.wait_for(self._queue.get(), 10)
        if result is None:
            return None
        assert result.errors is None, result.errors
        return result.data


class _Announcing:
    """The feed, telling when a subscription is open."""

    def __init__(self, feed: ChangeFeed, opened: asyncio.Event) -> None:
        self._feed, self._opened = feed, opened

    @asynccontextmanager
    async def subscribe(self, *args: Any, **options: Any) -> AsyncIterator[Any]:
        async with self._feed.subscribe(*args, **options) as changes:
            self._opened.set()
            yield changes


@asynccontextmanager
async def serving(registry: Registry) -> AsyncIterator[Api]:
    """The registry's models and operations in an empty database."""
    documents = [info.document_cls for info in registry.models.values()]
    async with test_database(documents) as database:
        settings = default_settings().model_copy(update={"mongodb_database": database.name})
        services = build_services(settings, registry)
        try:
            yield Api(schema=build_schema(services), services=services)
        finally:
            await services.feed.stop()
