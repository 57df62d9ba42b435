"""The GraphQL surface over a real database, without a transport."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLError

from core.access import LOCAL_OWNER, Principal
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
    ) -> AsyncIterator[AsyncIterator[Any]]:
        """The events of a subscription, which is open when the block begins."""
        context = make_context(self.services, principal)
        events: Any = await self.schema.subscribe(query, variable_values=variables, context_value=context)
        try:
            yield events
        finally:
            await events.aclose()


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
