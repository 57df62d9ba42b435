"""Strawberry types made from given types instead of annotations: the one module that knows how Strawberry keeps them.

Strawberry's own decorators read annotations, which for generated types would mean to write code only to have it
parsed again. What they leave behind (``__strawberry_definition__``) is made here directly. A type is made empty and
filled later, so that types may contain themselves. Input arrives in resolvers as the plain mapping of GraphQL names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.schema_directives import OneOf
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryList, StrawberryObjectDefinition, StrawberryOptional
from strawberry.types.enum import EnumValue, StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info
from strawberry.types.union import StrawberryUnion
from strawberry.types.unset import UNSET

GraphQLType = Any
"""A scalar marker, a type made here, or ``nullable``/``list_of`` around one. Not null unless ``nullable``."""

Resolve = Callable[[Any, "Info[Any, Any]", Mapping[str, Any]], Any]
"""(source, info, arguments in GraphQL names) → value, awaitable or, for a subscription, async iterator."""

Read = Callable[[Any], Any]
"""Source → value: a field without arguments that needs nothing of the request."""


class ReadField(StrawberryField):
    """A field whose type is given; ``read`` takes its value out of the source."""

    def __init__(
        self, name: str, type_: GraphQLType, description: str, read: Read | None = None, *,
        deprecated: str | None = None, default: Any = UNSET,
    ) -> None:  # fmt: skip
        super().__init__(
            python_name=name, graphql_name=name, description=description, deprecation_reason=deprecated, default=default
        )
        self._given_type = type_
        self.read = read

    def resolve_type(self, *, type_definition: StrawberryObjectDefinition | None = None) -> GraphQLType:
        return self._given_type

    def get_result(self, source: Any, info: "Info[Any, Any] | None", args: list[Any], kwargs: Any) -> Any:
        return self.read(source) if self.read else None


class ResolvedField(ReadField):
    """A field with arguments or a resolver that needs the request."""

    def __init__(
        self, name: str, type_: GraphQLType, description: str, resolve: Resolve, *,
        arguments: Iterable[StrawberryArgument] = (), deprecated: str | None = None, subscription: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(name, type_, description, deprecated=deprecated)
        self._resolve = resolve
        self.arguments = list(arguments)
        self.is_subscription = subscription

    @property
    def is_basic_field(self) -> bool:
        return False

    def get_result(self, source: Any, info: "Info[Any, Any] | None", args: list[Any], kwargs: Any) -> Any:
        assert info is not None  # Strawberry leaves it out for basic fields only
        return self._resolve(source, info, kwargs)


class _Value:
    """Stands where Strawberry expects the Python enum: the value of a member is what is stored, as it is."""

    def __new__(cls, value: Any) -> Any:
        return value


class _Union(StrawberryUnion):
    """A union whose members are told apart by ``name_of(value)``."""

    def __init__(self, name: str, members: Sequence[GraphQLType], description: str, name_of: Callable[[Any], str]):
        annotations = tuple(StrawberryAnnotation(member) for member in members)
        super().__init__(name=name, type_annotations=annotations, description=description)
        self._name_of = name_of

    def get_type_resolver(self, type_map: Any) -> Any:
        return lambda value, info, union: self._name_of(value)


def nullable(type_: GraphQLType) -> GraphQLType:
    return type_ if isinstance(type_, StrawberryOptional) else StrawberryOptional(type_)


def list_of(type_: GraphQLType) -> GraphQLType:
    return StrawberryList(type_)


def object_type(name: str, description: str, fields: Iterable[StrawberryField] = ()) -> GraphQLType:
    return _shell(name, description, fields, is_input=False)


def input_type(
    name: str, description: str, fields: Iterable[StrawberryField] = (), *, one_of: bool = False
) -> GraphQLType:
    return _shell(name, description, fields, is_input=True, one_of=one_of)


def add_fields(type_: GraphQLType, fields: Iterable[StrawberryField]) -> None:
    """Fill a type that was made empty."""
    type_.__strawberry_definition__.fields.extend(fields)


def enum_type(name: str, description: str, members: Iterable[EnumValue]) -> GraphQLType:
    return StrawberryEnumDefinition(
        wrapped_cls=_Value,  # pyright: ignore[reportArgumentType]
        name=name,
        values=list(members),
        description=description,
    )


def member(name: str, value: Any, description: str) -> EnumValue:
    return EnumValue(name, value, description=description)


def union_type(
    name: str, description: str, members: Sequence[GraphQLType], name_of: Callable[[Any], str]
) -> GraphQLType:
    return _Union(name, members, description, name_of)


def input_field(
    name: str, type_: GraphQLType, description: str, *, deprecated: str | None = None, default: Any = UNSET
) -> StrawberryField:
    return ReadField(name, type_, description, deprecated=deprecated, default=default)


def argument(name: str, type_: GraphQLType, description: str, default: Any = UNSET) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=name,
        type_annotation=StrawberryAnnotation(type_),
        description=description,
        default=default,
    )


def _shell(
    name: str, description: str, fields: Iterable[StrawberryField], *, is_input: bool, one_of: bool = False
) -> GraphQLType:
    shell: Any = type(name, (), {})
    shell.__strawberry_definition__ = StrawberryObjectDefinition(
        name=name,
        is_input=is_input,
        is_interface=False,
        origin=shell,
        description=description,
        interfaces=[],
        extend=False,
        directives=(OneOf(),) if one_of else (),
        is_type_of=None,
        resolve_type=None,
        fields=list(fields),
        from_input=_as_it_came if is_input else None,
    )
    return shell


def _as_it_came(_type: type, value: Mapping[str, Any], _context: Any) -> Mapping[str, Any]:
    return value
