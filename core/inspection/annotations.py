"""Annotations to types: the row of a scalar, an enum, an embedded model, a union, a list, a map, a relation."""

import enum
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from beanie import BackLink, Link
from bson import ObjectId
from pydantic import AnyUrl, BaseModel, EmailStr, SecretBytes, SecretStr
from pydantic_core import Url
from typing_extensions import TypeAliasType

from core import naming
from core.errors import DeclarationError
from core.specs import (
    Choice,
    EnumType,
    ListType,
    MapType,
    ObjectType,
    RelationType,
    ScalarType,
    TypeSpec,
    UnionType,
)  # fmt: skip

# The first class that fits names the row; subclasses stand before their bases.
_SCALAR_CLASSES: tuple[tuple[Any, str], ...] = (
    (bool, "Boolean"), (int, "Int"), (float, "Float"), (SecretStr, "String"), (str, "String"),
    (datetime, "DateTime"), (date, "Date"), (time, "Time"), (timedelta, "Duration"), (Decimal, "Decimal"),
    (UUID, "UUID"), (SecretBytes, "Bytes"), (bytes, "Bytes"), (ObjectId, "ID"), (Url, "String"), (AnyUrl, "String"),
    (EmailStr, "String"),
)  # fmt: skip
_LISTS: Mapping[Any, bool] = {list: False, tuple: False, set: True, frozenset: True}
_INT32 = 2**31


class Types:
    """Resolves annotations of one catalog.

    Args:
        documents: the registered document classes, which relations may lead to.
        names: the GraphQL type names of the catalog; enums and unions claim theirs.
        describe: called with an embedded model and the place it was found at.
    """

    def __init__(
        self, documents: Collection[type], names: naming.Names, describe: Callable[[type[BaseModel], str], object]
    ) -> None:
        self._documents = documents
        self._names = names
        self._describe = describe

    def resolve(self, annotation: Any, place: str, name: str, bounds: tuple[Any, ...]) -> tuple[TypeSpec, bool]:
        """The type, and whether it may be null.

        Args:
            place: module, class and field, for the error.
            name: of the GraphQL type, where the annotation makes one that has no name of its own.
            bounds: what stands beside the annotation: constraints, discriminator.

        Raises:
            DeclarationError: the annotation cannot be served.
        """
        while isinstance(annotation, TypeAliasType) or get_origin(annotation) is Annotated:
            if isinstance(annotation, TypeAliasType):
                annotation = annotation.__value__
            else:
                bounds = (*bounds, *annotation.__metadata__)
                annotation = get_args(annotation)[0]
        if annotation is Any:
            return ScalarType(name="JSON"), True
        origin = get_origin(annotation)
        if origin in (Union, types.UnionType):
            return self._union(get_args(annotation), place, name, bounds)
        if origin is Literal:
            values = get_args(annotation)
            return self._literal([one for one in values if one is not None], place, name), None in values
        if origin in (Link, BackLink):
            return self._relation(annotation, place), False
        if annotation in _LISTS or origin in _LISTS:
            return self._list(annotation, origin or annotation, place, name), False
        if annotation in (dict, Mapping) or origin in (dict, Mapping, typing.Mapping):
            return self._map(get_args(annotation), place, name), False
        if isinstance(annotation, type):
            found = self._class(annotation, place, bounds)
            if found is not None:
                return found, False
        raise DeclarationError(
            f"{place}: the type {annotation!r} has no row in core.scalars; use a supported type, a pydantic model, or "
            "exclude the field with Field(exclude=True)"
        )

    def _class(self, python: type, place: str, bounds: tuple[Any, ...]) -> TypeSpec | None:
        if issubclass(python, enum.Enum):
            return self._enum(python)
        for kind, row in _SCALAR_CLASSES:
            if issubclass(python, kind):
                return ScalarType(name=_int_row(bounds) if row == "Int" else row)
        if issubclass(python, BaseModel):
            self._describe(python, place)
            return ObjectType(python=python)
        return None

    def _union(self, members: tuple[Any, ...], place: str, name: str, bounds: tuple[Any, ...]) -> tuple[TypeSpec, bool]:
        kept = [member for member in members if member is not type(None)]
        nullable = len(kept) < len(members)
        if len(kept) == 1:
            found, inner = self.resolve(kept[0], place, name, bounds)
            return found, nullable or inner
        resolved = [self.resolve(member, place, name, ())[0] for member in kept]
        lists = [one for one in resolved if isinstance(one, ListType)]
        if len(resolved) == 2 and len(lists) == 1 and lists[0].item in resolved:
            return replace(lists[0], single=True), nullable  # a GraphQL list takes a single value as a list of one
        if all(isinstance(one, ObjectType) for one in resolved):
            discriminator = next((one.discriminator for one in bounds if getattr(one, "discriminator", None)), None)
            members_ = tuple(one for one in resolved if isinstance(one, ObjectType))
            return UnionType(
                name=self._names.claim(name, place), members=members_, discriminator=discriminator
            ), nullable
        if all(isinstance(one, ScalarType) for one in resolved):
            numbers = {one.name for one in resolved if isinstance(one, ScalarType)} <= {"Int", "BigInt", "Float"}
            return ScalarType(name="Float" if numbers else "JSON"), nullable
        raise DeclarationError(f"{place}: a union mixes models and plain values; make it a union of models, or Any")

    def _list(self, annotation: Any, origin: Any, place: str, name: str) -> ListType:
        arguments = [one for one in get_args(annotation) if one is not ...]
        if len(set(arguments)) > 1:
            raise DeclarationError(f"{place}: a tuple of several types has no list type; use a model with named fields")
        item, nullable = self.resolve(arguments[0] if arguments else Any, place, name, ())
        return ListType(item=item, nullable_items=nullable, unique=_LISTS[origin])

    def _map(self, arguments: tuple[Any, ...], place: str, name: str) -> MapType:
        value = arguments[1] if len(arguments) == 2 else Any
        return MapType(value=self.resolve(value, place, name, ())[0])

    def _relation(self, annotation: Any, place: str) -> RelationType:
        target: Any = get_args(annotation)[0]
        if isinstance(target, typing.ForwardRef):
            target = next((one for one in self._documents if one.__name__ == target.__forward_arg__), target)
        if target not in self._documents:
            raise DeclarationError(f"{place}: it links to {target!r}, which is not registered; put @datamodel on it")
        return RelationType(python=target, back="" if get_origin(annotation) is BackLink else None)

    def _enum(self, python: type[enum.Enum]) -> EnumType:
        name = self._names.claim(
            python.__name__, f"{python.__module__}.{python.__qualname__}", "rename one of the enums"
        )
        members = naming.Names(f"member of the enum {python.__module__}.{python.__qualname__}")
        choices = tuple(
            Choice(name=members.claim(naming.enum_member(one.name), one.name), value=one.value) for one in python
        )
        return EnumType(name=name, choices=choices, description=description_of(python), python=python)

    def _literal(self, values: Iterable[Any], place: str, name: str) -> EnumType:
        names = naming.Names(f"member of the Literal at {place}")
        choices = tuple(Choice(name=names.claim(naming.enum_member(one), repr(one)), value=one) for one in values)
        return EnumType(name=self._names.claim(name, place), choices=choices)


def description_of(python: type) -> str:
    """The class's own docstring on one line."""
    text = python.__dict__.get("__doc__") or ""
    return " ".join(text.split())


def _int_row(bounds: Iterable[Any]) -> str:
    """Int while the declared bounds keep the value in 32 bits or say nothing, BigInt where they reach beyond."""
    numbers = [getattr(one, key) for one in bounds for key in ("gt", "ge", "lt", "le") if hasattr(one, key)]
    wide = any(isinstance(number, int) and abs(number) > _INT32 for number in numbers)
    return "BigInt" if wide else "Int"
