"""CoreError → GraphQLError: the stable code and the field errors, in GraphQL names."""

import inspect
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from graphql import GraphQLError

from core.errors import CoreError, FieldError, FieldPath
from core.specs import Catalog, ListType, ObjectSpec, ObjectType, TypeSpec, UnionType
from graphql_surface.definitions import Resolve


def to_graphql_error(error: CoreError, catalog: Catalog | None = None, root: ObjectSpec | None = None) -> GraphQLError:
    """``root`` describes the input the field errors are about; without it their paths stay as they are."""
    extensions = error.extensions()
    if error.field_errors:
        found = [_field_error(one, catalog, root) for one in error.field_errors]
        extensions["fieldErrors"] = found
        extensions["path"] = found[0]["path"]
    return GraphQLError(error.message, extensions=extensions, original_error=error)


def _field_error(error: FieldError, catalog: Catalog | None, root: ObjectSpec | None) -> dict[str, Any]:
    path = list(error.path) if catalog is None or root is None else graphql_path(catalog, root, error.path)
    return {"path": path, "code": error.code, "message": error.message}


def graphql_path(catalog: Catalog, root: ObjectSpec, path: FieldPath) -> list[str | int]:
    """``("address", "zip_code", 0)`` → ``["address", "zipCode", 0]``; steps nobody declared stay as they are."""
    out: list[str | int] = []
    candidates: Iterable[ObjectSpec] = (root,)
    for step in path:
        field = None
        if isinstance(step, str):
            found = (one.by_wire.get(step) or one.by_name.get(step) for one in candidates)
            field = next((one for one in found if one is not None), None)
        out.append(field.graphql if field else step)
        if field is not None:
            candidates = tuple(catalog.of(one) for one in _objects(field.type))
    return out


def _objects(found: TypeSpec) -> Iterable[ObjectType]:
    match found:
        case ObjectType():
            yield found
        case UnionType(members=members):
            yield from members
        case ListType(item=item):
            yield from _objects(item)
        case _:
            return


def translated(resolve: Resolve, catalog: Catalog, root: ObjectSpec | None = None) -> Resolve:
    """The resolver with its CoreErrors as GraphQL errors; ``root`` describes the input it takes."""
    if inspect.isasyncgenfunction(resolve):

        async def subscribe(source: Any, info: Any, arguments: Mapping[str, Any]) -> AsyncIterator[Any]:
            try:
                async with aclosing(resolve(source, info, arguments)) as events:
                    async for event in events:
                        yield event
            except CoreError as error:
                raise to_graphql_error(error, catalog, root) from error

        return subscribe
    if inspect.iscoroutinefunction(resolve):

        async def answer(source: Any, info: Any, arguments: Mapping[str, Any]) -> Any:
            try:
                return await resolve(source, info, arguments)
            except CoreError as error:
                raise to_graphql_error(error, catalog, root) from error

        return answer

    def read(source: Any, info: Any, arguments: Mapping[str, Any]) -> Any:
        try:
            return resolve(source, info, arguments)
        except CoreError as error:
            raise to_graphql_error(error, catalog, root) from error

    return read
