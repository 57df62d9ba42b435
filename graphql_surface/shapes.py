"""Selections of stored fields, compiled: functions from a document to its part of the answer.

GraphQL's executor goes through some thirty calls a field. Where what is selected of an object is read from its document
alone (no arguments, no request, no further query), the same result comes from a function made once a selection:
aliases, fragments, ``@skip`` and ``@include`` are in the collected fields it is made of. Whatever does not fit raises,
and the executor goes its own way for that object, which finds and places the error.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from graphql_surface.definitions import ReadField

Shape = Callable[[Any], Any]
Collect = Callable[[GraphQLObjectType, Any], Mapping[str, Any] | None]
"""(type, field details) → the fields selected of it by response name; None where they cannot be known at once."""

_DEFINITION = "strawberry-definition"


class Unshapeable(Exception):
    """The value is not what its type says."""


@dataclass(frozen=True)
class Shapes:
    """The compiled ones of an object's selected fields by response name, and the rest as the executor takes it."""

    compiled: Mapping[str, Shape]
    rest: dict[str, Any]


def shapes_of(schema: GraphQLSchema, type_: GraphQLObjectType, selected: Mapping[str, Any], collect: Collect) -> Shapes:
    """``selected`` are field details by response name."""
    compiled: dict[str, Shape] = {}
    rest: dict[str, Any] = {}
    for response_name, details in selected.items():
        shape = _field(schema, type_, details, collect)
        if shape is None:
            rest[response_name] = details
        else:
            compiled[response_name] = shape
    return Shapes(compiled, rest)


def _object(schema: GraphQLSchema, type_: GraphQLObjectType, details: Any, collect: Collect) -> Shape | None:
    """The function for an object inside; None where a field of it needs more than the document."""
    selected = collect(type_, details)
    shapes = shapes_of(schema, type_, selected, collect) if selected is not None else None
    if shapes is None or shapes.rest:
        return None
    readers = list(shapes.compiled.items())
    return lambda source: {name: read(source) for name, read in readers}


def _field(schema: GraphQLSchema, type_: GraphQLObjectType, details: Any, collect: Collect) -> Shape | None:
    name = details[0].node.name.value
    if name == "__typename":
        return lambda source: type_.name
    field = schema.get_field(type_, name)
    definition = field.extensions.get(_DEFINITION) if field else None
    if field is None or type(definition) is not ReadField or definition.read is None:
        return None
    complete = _completed(schema, field.type, details, collect)
    if complete is None:
        return None
    read = definition.read
    return lambda source: complete(read(source))


def _completed(schema: GraphQLSchema, type_: Any, details: Any, collect: Collect) -> Shape | None:
    """The function from what a field reads to what the answer holds."""
    if is_non_null_type(type_):
        inner = _nullable(schema, type_.of_type, details, collect)
        return _never_null(inner) if inner else None
    inner = _nullable(schema, type_, details, collect)
    return (lambda value: None if value is None else inner(value)) if inner else None


def _nullable(schema: GraphQLSchema, type_: Any, details: Any, collect: Collect) -> Shape | None:
    """For a value that is not null."""
    if is_list_type(type_):
        return _list(schema, type_, details, collect)
    if is_object_type(type_):
        return _object(schema, type_, details, collect)
    return _leaf(type_) if is_leaf_type(type_) else None


def _list(schema: GraphQLSchema, type_: GraphQLList[Any], details: Any, collect: Collect) -> Shape | None:
    item = _completed(schema, type_.of_type, details, collect)
    if item is None:
        return None

    def complete(values: Any) -> list[Any]:
        if not isinstance(values, Sequence) or isinstance(values, str | bytes):
            raise Unshapeable
        return [item(value) for value in values]

    return complete


def _leaf(type_: Any) -> Shape:
    coerce = type_.coerce_output_value

    def complete(value: Any) -> Any:
        found = coerce(value)
        if found is None or found is Undefined:
            raise Unshapeable
        return found

    return complete


def _never_null(inner: Shape) -> Shape:
    def complete(value: Any) -> Any:
        if value is None:
            raise Unshapeable
        return inner(value)

    return complete
