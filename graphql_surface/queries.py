"""``job``, ``jobs`` and ``jobAggregate`` of every model."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from strawberry.types.field import StrawberryField

from core.errors import NotFound
from core.specs import ModelSpec
from graphql_surface.aggregates import aggregate_field
from graphql_surface.builder import Builder
from graphql_surface.convert import query_of
from graphql_surface.definitions import ResolvedField, argument, list_of, nullable
from graphql_surface.errors import translated
from graphql_surface.filters import filter_of
from graphql_surface.paging import connection_of, offset_paging, sort_of
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.selection import fields_under, wire_names
from graphql_surface.types import object_of

Arguments = Mapping[str, Any]


def query_fields(build: Builder, model: ModelSpec) -> Iterable[StrawberryField]:
    yield _one(build, model)
    yield _many(build, model)
    yield aggregate_field(build, model)


def filter_argument(build: Builder, model: ModelSpec) -> Any:
    return argument("filter", nullable(filter_of(build, model.object)), f"Which {model.plural_type} to take.")


def _one(build: Builder, model: ModelSpec) -> StrawberryField:
    async def resolve(source: Any, info: Any, arguments: Arguments) -> Any:
        context = info.context
        fields = wire_names(context, model, fields_under(info))
        try:
            return await context.services.data.get(model, context.principal, arguments["id"], fields)
        except NotFound:
            return None

    return ResolvedField(
        model.singular,
        nullable(object_of(build, model.object)),
        f"The {model.name} of this key; null where there is none you may see.",
        translated(resolve, build.catalog, model.object),
        arguments=[argument("id", SCALAR_TYPES["ID"], f"Key of the {model.name}.")],
    )


def _many(build: Builder, model: ModelSpec) -> StrawberryField:
    return ResolvedField(
        model.resource,
        connection_of(build, model),
        f"{model.plural_type}, filtered, sorted and a page at a time.",
        translated(_list_resolver(build, model), build.catalog, model.object),
        arguments=[
            filter_argument(build, model),
            argument("paging", nullable(offset_paging(build)), "Which part of the list to take."),
            argument("sorting", nullable(list_of(sort_of(build, model))), "Keys to sort by, the first one first."),
            argument("search", nullable(SCALAR_TYPES["String"]), "Words to look for in the searchable fields."),
        ],
    )


def _list_resolver(build: Builder, model: ModelSpec) -> Any:
    async def resolve(source: Any, info: Any, arguments: Arguments) -> Any:
        context = info.context
        data, principal = context.services.data, context.principal
        query = query_of(build.catalog, model.object, arguments)
        wanted = {one.name for one in fields_under(info)}
        fields = wire_names(context, model, fields_under(info, "nodes"))

        async def page() -> Any:
            return await data.list(model, principal, query, fields) if wanted & {"nodes", "pageInfo"} else None

        async def total() -> int | None:
            return await data.count(model, principal, query.filter, query.search) if "totalCount" in wanted else None

        found, count = await asyncio.gather(page(), total())
        return {"nodes": found.rows if found else [], "page": found, "total": count}

    return resolve
