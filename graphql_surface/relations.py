"""Fields that hold a Link or a BackLink: resolved under the reader's principal, one query a level."""

import asyncio
from collections.abc import Mapping
from typing import Any

from strawberry.dataloader import DataLoader

from core.errors import Forbidden
from core.specs import FieldSpec, ListType, ModelSpec, RelationType
from graphql_surface.builder import Builder
from graphql_surface.context import Context
from graphql_surface.definitions import GraphQLType, Resolve, ResolvedField, nullable
from graphql_surface.errors import translated
from graphql_surface.selection import fields_under, wire_names
from graphql_surface.values import reference_id


def relation_field(
    build: Builder, owner: ModelSpec | None, field: FieldSpec, relation: RelationType, type_: GraphQLType, text: str
) -> ResolvedField:
    """A single relation may be null, whatever is declared: its document may be gone, or hidden from the reader. A list
    may be where a rule keeps some from the field or from the model it leads to: that must not cost them the rest."""
    target = build.catalog.by_document[relation.python]
    many = isinstance(field.type, ListType)
    if relation.back is not None and owner is not None:
        resolve = _back(owner, target, field, many)
    else:
        resolve = _links(target, field) if many else _link(target, field)
    ruled = owner is not None and field.name in owner.access.fields
    if owner is not None and ruled:
        resolve = _guarded(owner, field, resolve)
    resolve = translated(resolve, build.catalog)
    always = many and not ruled and target.access.read is None
    type_ = type_ if always else nullable(type_)
    return ResolvedField(field.graphql, type_, text, resolve, deprecated=field.deprecated)


def _guarded(owner: ModelSpec, field: FieldSpec, resolve: Resolve) -> Resolve:
    async def guarded(source: Mapping[str, Any], info: Any, arguments: Mapping[str, Any]) -> Any:
        if field.wire not in info.context.readable(owner):
            raise Forbidden(f"you may not read {owner.name}.{field.graphql}")
        return await resolve(source, info, arguments)

    return guarded


def _link(target: ModelSpec, field: FieldSpec) -> Resolve:
    async def resolve(source: Mapping[str, Any], info: Any, arguments: Mapping[str, Any]) -> Any:
        key = reference_id(source.get(field.storage))
        return None if key is None else await _documents(target, info).load(key)

    return resolve


def _links(target: ModelSpec, field: FieldSpec) -> Resolve:
    async def resolve(source: Mapping[str, Any], info: Any, arguments: Mapping[str, Any]) -> Any:
        keys = [reference_id(one) for one in source.get(field.storage) or ()]
        loader = _documents(target, info)
        found = await asyncio.gather(*(loader.load(key) for key in keys if key is not None))
        return [one for one in found if one is not None]

    return resolve


def _back(owner: ModelSpec, target: ModelSpec, field: FieldSpec, many: bool) -> Resolve:
    async def resolve(source: Mapping[str, Any], info: Any, arguments: Mapping[str, Any]) -> Any:
        context: Context = info.context
        loader = context.loaders.linked(owner, field, wire_names(context, target, fields_under(info)))
        found = await loader.load(source["_id"]) or []
        return found if many else next(iter(found), None)

    return resolve


def _documents(target: ModelSpec, info: Any) -> DataLoader[Any, Any]:
    context: Context = info.context
    return context.loaders.document(target, wire_names(context, target, fields_under(info)))
