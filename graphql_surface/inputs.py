"""Input types: ``CreateJob`` and ``UpdateJob`` for a model, ``<Class>Input`` for everything else that is taken in.

Every field with a default may be left out and takes null only where it is declared nullable; pydantic decides, with
the path of the field, so a form gets its error where it belongs.
"""

import json
from collections.abc import Callable, Iterable

from strawberry.types.field import StrawberryField

from core import naming
from core.reads import dump_json
from core.specs import (
    MISSING,
    EnumType,
    FieldSpec,
    ListType,
    MapType,
    ModelSpec,
    ObjectSpec,
    ObjectType,
    RelationType,
    ScalarType,
    TypeSpec,
    UnionType,
)
from graphql_surface.builder import Builder, sentence
from graphql_surface.definitions import GraphQLType, input_field, list_of, nullable
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.types import definer_of, describe, describe_field, enum_of
from graphql_surface.values import stored


def input_type_of(build: Builder, found: TypeSpec) -> GraphQLType:
    """The GraphQL type of a value that must be given."""
    match found:
        case ScalarType(name=name):
            return SCALAR_TYPES[name]
        case EnumType():
            return enum_of(build, found)
        case ListType(item=item, nullable_items=may_be_null):
            inner = input_type_of(build, item)
            return list_of(nullable(inner) if may_be_null else inner)
        case MapType():
            return SCALAR_TYPES["JSON"]
        case RelationType():
            return SCALAR_TYPES["ID"]
        case ObjectType():
            return object_input(build, build.catalog.of(found))
        case UnionType():
            return _union_input(build, found)


def object_input(build: Builder, spec: ObjectSpec) -> GraphQLType:
    """``AddressInput``; a class called so already keeps its name. One without fields is JSON."""
    if not given_fields(spec):
        return SCALAR_TYPES["JSON"]
    name = spec.name if spec.name.endswith("Input") else f"{spec.name}Input"
    return build.input(name, f"{definer_of(spec)} as an input", describe(spec), lambda: _fields(build, spec, _required))


def create_input(build: Builder, model: ModelSpec) -> GraphQLType | None:
    """None where no field may be written."""
    return _model_input(build, model, "Create", f"Fields of a new {model.name}.", _required)


def update_input(build: Builder, model: ModelSpec) -> GraphQLType | None:
    return _model_input(build, model, "Update", f"Fields of the {model.name} to change; others stay.", lambda _: False)


def is_required(spec: ObjectSpec) -> bool:
    """Something must be given: the argument that takes the object may not be left out."""
    return any(_required(field) for field in given_fields(spec))


def union_member_field(spec: ObjectSpec) -> str:
    """Name under which a @oneOf input takes a member."""
    return naming.camel(spec.name)


def _model_input(
    build: Builder, model: ModelSpec, verb: str, text: str, required: Callable[[FieldSpec], bool]
) -> GraphQLType | None:
    if not given_fields(model.object):
        return None
    name = f"{verb}{model.singular_type}"
    return build.input(
        name, f"the {verb.lower()} input of model {model.name}", text, lambda: _fields(build, model.object, required)
    )


def given_fields(spec: ObjectSpec) -> list[FieldSpec]:
    """The fields a client may set."""
    return [field for field in spec.fields if field.writable and not field.computed]


def _required(field: FieldSpec) -> bool:
    return field.required


def _fields(build: Builder, spec: ObjectSpec, required: Callable[[FieldSpec], bool]) -> Iterable[StrawberryField]:
    for field in given_fields(spec):
        type_ = input_type_of(build, field.type)
        must = required(field)
        yield input_field(
            field.graphql,
            type_ if must and not field.nullable else nullable(type_),
            describe_field(field) if required is not _required else describe_field(field) + _default_text(field),
            # GraphQL forbids to deprecate what must be given.
            deprecated=None if must else field.deprecated,
        )


def _default_text(field: FieldSpec) -> str:
    if field.default is MISSING or field.default is None or field.sensitive:
        return ""
    return f" Default: {json.dumps(dump_json(stored(field.default)), ensure_ascii=False)}."


def _union_input(build: Builder, found: UnionType) -> GraphQLType:
    specs = [build.catalog.of(one) for one in found.members]

    def fields() -> Iterable[StrawberryField]:
        for spec in specs:
            yield input_field(union_member_field(spec), nullable(object_input(build, spec)), describe(spec))

    text = sentence("", f"Exactly one of {', '.join(spec.name for spec in specs)}.")
    return build.input(f"{found.name}Input", f"the union {found.name} as an input", text, fields, one_of=True)
