"""GraphQL names and members ↔ wire names and values.

GraphQL hands resolvers parsed scalars, the values of enums, and mappings keyed by GraphQL names; everything below
wants wire names. JSON that came by another way (the stored input of a run) keeps enums as values and scalars as
text: ``graphql_json`` and ``wire_json`` translate that, both ways.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.paging import Query, Sort
from core.specs import (
    Catalog,
    EnumType,
    FieldSpec,
    ListType,
    ObjectSpec,
    ObjectType,
    RelationType,
    TypeSpec,
    UnionType,
)
from graphql_surface.inputs import union_member_field
from graphql_surface.values import reference_id

Given = Mapping[str, Any]


def wire_object(catalog: Catalog, spec: ObjectSpec, given: Given) -> dict[str, Any]:
    """An input of this object in wire names. A name nobody declared stays: pydantic tells what is wrong with it."""
    return _object(catalog, spec, given, _keep_enum)


def wire_json(catalog: Catalog, spec: ObjectSpec, given: Given) -> dict[str, Any]:
    """The same for JSON, in which enums are member names."""
    return _object(catalog, spec, given, _enum_value)


def graphql_json(catalog: Catalog, spec: ObjectSpec, stored: Any) -> Any:
    """JSON in wire names and enum values as a GraphQL client writes it: the inverse of ``wire_json``."""
    if not isinstance(stored, Mapping):
        return stored
    out: dict[str, Any] = {}
    for name, value in stored.items():
        found = spec.by_wire.get("id" if name == "_id" else name)  # pydantic dumps a document's id under its alias
        out[found.graphql if found else name] = graphql_value(catalog, found.type, value) if found else value
    return out


def wire_filter(catalog: Catalog, spec: ObjectSpec, given: Given | None) -> dict[str, Any] | None:
    """A filter in wire names. What is null as a whole is as good as absent; ``is: null`` and ``eq: null`` are kept."""
    if given is None:
        return None
    return _filter(catalog, spec.by_graphql, given)


def query_of(catalog: Catalog, spec: ObjectSpec, arguments: Given) -> Query:
    """The arguments of a list field. Null, ``{}`` and ``[]`` mean the same as nothing."""
    paging: Given = arguments.get("paging") or {}
    return Query(
        filter=wire_filter(catalog, spec, arguments.get("filter")),
        search=arguments.get("search"),
        sorting=tuple(map(_sort, arguments.get("sorting") or ())),
        limit=paging.get("limit"),
        offset=paging.get("offset"),
        after=paging.get("after"),
    )


def _sort(given: Given) -> Sort:
    return Sort(field=given["field"], descending=given["direction"] == "DESC", nulls=given.get("nulls"))


_Enum = Callable[[EnumType, Any], Any]


def _keep_enum(found: EnumType, value: Any) -> Any:
    return value


def _enum_value(found: EnumType, value: Any) -> Any:
    return next((choice.value for choice in found.choices if choice.name == value), value)


def _object(catalog: Catalog, spec: ObjectSpec, given: Given, enum: _Enum) -> dict[str, Any]:
    known = spec.by_graphql
    out: dict[str, Any] = {}
    for name, value in given.items():
        found = known.get(name)
        out[found.wire if found else name] = _value(catalog, found.type, value, enum) if found else value
    return out


def _value(catalog: Catalog, found: TypeSpec, value: Any, enum: _Enum) -> Any:
    if value is None:
        return None
    match found:
        case EnumType():
            return enum(found, value)
        case ObjectType() if isinstance(value, Mapping):
            return _object(catalog, catalog.of(found), value, enum)
        case UnionType() if isinstance(value, Mapping):
            return _member(catalog, found, value, enum)
        case ListType(item=item) if isinstance(value, Sequence) and not isinstance(value, str):
            return [_value(catalog, item, one, enum) for one in value]
        case _:
            return value


def _member(catalog: Catalog, found: UnionType, value: Given, enum: _Enum) -> Any:
    """``{cat: {…}}`` of a @oneOf input: the member, with the discriminator that the name of the field has said."""
    members = {union_member_field(spec): spec for spec in map(catalog.of, found.members)}
    if len(value) != 1 or (spec := members.get(next(iter(value)))) is None:
        return value
    inner = next(iter(value.values()))
    if not isinstance(inner, Mapping):
        return value
    out = _object(catalog, spec, inner, enum)
    if found.discriminator is not None:
        field = spec.by_name[found.discriminator]
        if isinstance(field.type, EnumType) and len(field.type.choices) == 1:
            out.setdefault(field.wire, field.type.choices[0].value)
    return out


def graphql_value(catalog: Catalog, found: TypeSpec, value: Any) -> Any:
    """JSON of one type, as ``graphql_json``."""
    if value is None:
        return None
    match found:
        case EnumType():
            return next((choice.name for choice in found.choices if choice.value == value), value)
        case ObjectType():
            return graphql_json(catalog, catalog.of(found), value)
        case UnionType() if isinstance(value, Mapping):
            spec = _member_of(catalog, found, value)
            return {union_member_field(spec): graphql_json(catalog, spec, value)}
        case ListType(item=item) if isinstance(value, list):
            return [graphql_value(catalog, item, one) for one in value]
        case RelationType():
            return reference_id(value)
        case ListType(item=item, single=True):
            return [graphql_value(catalog, item, value)]
        case _:
            return value


def _member_of(catalog: Catalog, found: UnionType, value: Given) -> ObjectSpec:
    """The member whose discriminator fits; without one, that with the most of the value's keys."""
    specs = [catalog.of(one) for one in found.members]
    if found.discriminator is not None:
        for spec in specs:
            field = spec.by_name[found.discriminator]
            choices = field.type.choices if isinstance(field.type, EnumType) else ()
            if value.get(field.wire) in [choice.value for choice in choices]:
                return spec
    return max(specs, key=lambda spec: len(value.keys() & spec.by_wire.keys()))


_PRESENCE = ("is", "isNot")
_ELEMENT_FILTERS = ("some", "every", "none")


def _filter(catalog: Catalog, known: Mapping[str, FieldSpec], given: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in given.items():
        if name in _PRESENCE:
            out[name] = value
        elif value is None:
            continue
        elif name in ("and", "or"):
            out[name] = [_filter(catalog, known, one) for one in value]
        elif name == "not":
            out[name] = _filter(catalog, known, value)
        elif name in known:
            out[known[name].wire] = _condition(catalog, known[name].type, value)
    return out


def _condition(catalog: Catalog, found: TypeSpec, value: Mapping[str, Any]) -> dict[str, Any]:
    match found:
        case ObjectType() | RelationType() | UnionType():
            return _filter(catalog, _filterable(catalog, found), value)
        case ListType(item=ObjectType() | RelationType() | UnionType() as item):
            inner = _filterable(catalog, item)
            return {
                name: _filter(catalog, inner, one) if name in _ELEMENT_FILTERS and one is not None else one
                for name, one in value.items()
            }
        case _:
            return dict(value)


def _filterable(catalog: Catalog, found: ObjectType | RelationType | UnionType) -> Mapping[str, FieldSpec]:
    if isinstance(found, UnionType):
        out: dict[str, FieldSpec] = {}
        for one in reversed(found.members):
            out |= catalog.of(one).by_graphql
        return out
    return catalog.objects[found.python].by_graphql
