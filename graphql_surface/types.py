"""Output types: one for each declared class, enum and union, from its spec."""

from collections.abc import Iterable, Mapping
from typing import Any

from strawberry.types.field import StrawberryField

from core.errors import DeclarationError, Forbidden
from core.specs import (
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
from graphql_surface.definitions import (
    GraphQLType,
    Read,
    ReadField,
    Resolve,
    ResolvedField,
    list_of,
    nullable,
    union_type,
)
from graphql_surface.errors import translated
from graphql_surface.relations import relation_field
from graphql_surface.scalars import SCALAR_TYPES


def output_type(build: Builder, found: TypeSpec) -> GraphQLType:
    """The GraphQL type of a value that is not null."""
    match found:
        case ScalarType(name=name):
            return SCALAR_TYPES[name]
        case EnumType():
            return enum_of(build, found)
        case ListType(item=item, nullable_items=may_be_null):
            inner = output_type(build, item)
            return list_of(nullable(inner) if may_be_null else inner)
        case MapType():
            return SCALAR_TYPES["JSON"]
        case ObjectType(python=python) | RelationType(python=python):
            return object_of(build, build.catalog.objects[python])
        case UnionType():
            return _union(build, found)


def object_of(build: Builder, spec: ObjectSpec) -> GraphQLType:
    """The type of an object. One without fields is JSON: GraphQL has no empty types."""
    if not any(field.readable for field in spec.fields):
        return SCALAR_TYPES["JSON"]
    return build.output(spec.name, definer_of(spec), describe(spec), lambda: _fields(build, spec))


def enum_of(build: Builder, found: EnumType) -> GraphQLType:
    def members() -> Iterable[tuple[str, object, str]]:
        return ((one.name, one.value, sentence(one.description, f"Stands for `{one.value}`.")) for one in found.choices)

    return build.enum(
        found.name,
        f"the enum {found.name}",
        sentence(found.description, f"One of the values of {found.name}."),
        members,
    )


def definer_of(spec: ObjectSpec) -> str:
    return f"{spec.python.__module__}.{spec.python.__qualname__}"


def describe(spec: ObjectSpec) -> str:
    return sentence(spec.description, f"A value of {spec.name}.")


def describe_field(field: FieldSpec) -> str:
    if field.storage == "_id":
        return "Key of the document."
    return sentence(field.description, f"{field.label or field.name}.")


def _fields(build: Builder, spec: ObjectSpec) -> Iterable[StrawberryField]:
    model = build.catalog.by_document.get(spec.python)
    extra = list(build.extra_fields(spec))
    replaced = {one.python_name for one in extra}
    for field in spec.fields:
        if field.readable and field.graphql not in replaced:
            yield _field(build, spec, field, model)
    if model is not None and model.revision:
        yield ReadField("revisionId", nullable(SCALAR_TYPES["ID"]), "Revision of the document, for `ifRevision`.",
                        lambda source: _text(source.get("revision_id")))  # fmt: skip
    yield from extra


def _field(build: Builder, owner: ObjectSpec, field: FieldSpec, model: ModelSpec | None) -> StrawberryField:
    if (relation := relation_of(field)) is not None:
        return relation_field(build, model, field, relation, output_type(build, field.type), describe_field(field))
    type_, read = output_type(build, field.type), _read(build, owner, field)
    if model is None or not _has_read_rule(model, field):
        type_ = nullable(type_) if field.nullable else type_
        return ReadField(field.graphql, type_, describe_field(field), read, deprecated=field.deprecated)
    resolve = translated(_guard(model, field, read), build.catalog)
    return ResolvedField(field.graphql, nullable(type_), describe_field(field), resolve, deprecated=field.deprecated)


def relation_of(field: FieldSpec) -> RelationType | None:
    """The relation a field holds, alone or in a list."""
    found = field.type.item if isinstance(field.type, ListType) else field.type
    return found if isinstance(found, RelationType) else None


def _has_read_rule(model: ModelSpec, field: FieldSpec) -> bool:
    rule = model.access.fields.get(field.name)
    return rule is not None and rule.read is not None


def _guard(model: ModelSpec, field: FieldSpec, read: Read) -> Resolve:
    """A field that only some may read: for the others null, with an error that tells nothing of its value."""

    def resolve(source: Any, info: Any, arguments: Mapping[str, Any]) -> Any:
        if field.wire not in info.context.readable(model):
            raise Forbidden(f"you may not read {model.name}.{field.graphql}")
        return read(source)

    return resolve


def _union(build: Builder, found: UnionType) -> GraphQLType:
    specs = [build.catalog.of(one) for one in found.members]

    def make() -> GraphQLType:
        for spec in specs:
            if not any(field.readable for field in spec.fields):
                raise DeclarationError(f"the union {found.name}: {spec.name} shows no fields; give it one")
        members = [object_of(build, spec) for spec in specs]
        names = " or ".join(spec.name for spec in specs)
        return union_type(found.name, f"{names}.", members, lambda value: build.rows.member(found, value).name)

    return build.once(found.name, f"the union {found.name}", make)


def _read(build: Builder, owner: ObjectSpec, field: FieldSpec) -> Read:
    """Leaves in their wire form, objects as they are stored: their own fields are read when they are selected."""
    holds_objects = isinstance(innermost(field.type), ObjectType | UnionType)
    return build.rows.reader(owner, field) if holds_objects else build.rows.dumper(owner, field)


def innermost(found: TypeSpec) -> TypeSpec:
    """What a list holds, or the type itself."""
    return innermost(found.item) if isinstance(found, ListType) else found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
