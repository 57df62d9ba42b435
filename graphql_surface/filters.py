"""Filter inputs: one comparison for each scalar and enum, shared by all fields of it; one filter for each object."""

from collections.abc import Callable, Iterable, Sequence

from strawberry.types.field import StrawberryField

from core.filters import OPERATORS
from core.specs import (
    EnumType,
    FieldSpec,
    ListType,
    MapType,
    ObjectSpec,
    ObjectType,
    RelationType,
    ScalarType,
    UnionType,
)
from graphql_surface.builder import CORE, Builder
from graphql_surface.definitions import GraphQLType, input_field, list_of, nullable
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.types import definer_of, enum_of

_PRESENCE = (
    ("is", "Null: there is none. For a field that holds one."),
    ("isNot", "Null: there is one. For a field that holds one."),
)


def filter_of(build: Builder, spec: ObjectSpec) -> GraphQLType:
    """``JobFilter``: a comparison or a filter for each field, joined by AND, and the ways to combine them."""
    model = build.catalog.by_document.get(spec.python)
    owner = model.singular_type if model else spec.name
    return _filter(build, owner, definer_of(spec), lambda: spec.fields, held=spec.python in build.held)


def _filter(
    build: Builder, owner: str, definer: str, fields: Callable[[], Iterable[FieldSpec]], *, held: bool
) -> GraphQLType:
    def all_fields() -> Iterable[StrawberryField]:
        return _fields(build, made, fields(), held)

    made = build.input(
        f"{owner}Filter", f"the filter of {definer}", f"Which {owner} to take: all given holds.", all_fields
    )
    return made


def _fields(build: Builder, own: GraphQLType, fields: Iterable[FieldSpec], held: bool) -> Iterable[StrawberryField]:
    names = {"and", "or", "not"}
    yield input_field("and", nullable(list_of(own)), "All of these hold.")
    yield input_field("or", nullable(list_of(own)), "At least one of these holds.")
    yield input_field("not", nullable(own), "This does not hold.")
    for field in fields:
        if field.operators and field.graphql not in names:
            names.add(field.graphql)
            yield input_field(field.graphql, nullable(_comparison_of(build, field)), f"Condition on {field.graphql}.")
    if held:
        flag = nullable(SCALAR_TYPES["Boolean"])
        yield from (input_field(key, flag, text) for key, text in _PRESENCE if key not in names)


def _comparison_of(build: Builder, field: FieldSpec) -> GraphQLType:
    match field.type:
        case ScalarType(name="JSON") | MapType():
            return _comparison(build, "JSON", field.operators, SCALAR_TYPES["JSON"])
        case ScalarType(name=name):
            return _comparison(build, name, field.operators, SCALAR_TYPES[name])
        case EnumType(name=name) as found:
            return _comparison(build, name, field.operators, enum_of(build, found))
        case ObjectType(python=python) | RelationType(python=python):
            return filter_of(build, build.catalog.objects[python])
        case UnionType() as found:
            return _union_filter(build, found)
        case ListType(item=item):
            return _list_comparison(build, field, item)


def _list_comparison(build: Builder, field: FieldSpec, item: object) -> GraphQLType:
    match item:
        case ScalarType(name=name):
            return _comparison(build, name, field.operators, SCALAR_TYPES[name], "ListComparison")
        case EnumType(name=name) as found:
            return _comparison(build, name, field.operators, enum_of(build, found), "ListComparison")
        case ObjectType(python=python) | RelationType(python=python):
            spec = build.catalog.objects[python]
            return _comparison(build, spec.name, field.operators, filter_of(build, spec), "ListFilter")
        case UnionType(name=name) as found:
            return _comparison(build, name, field.operators, _union_filter(build, found), "ListFilter")
        case _:
            return _comparison(build, "JSON", ("isEmpty", "size"), SCALAR_TYPES["JSON"], "ListComparison")


def _union_filter(build: Builder, found: UnionType) -> GraphQLType:
    """The fields of all members: a condition on a field that a value lacks does not hold."""

    def fields() -> Iterable[FieldSpec]:
        known: dict[str, FieldSpec] = {}
        for one in reversed(found.members):
            known |= build.catalog.of(one).by_graphql
        return known.values()

    return _filter(build, found.name, f"the union {found.name}", fields, held=True)


def _comparison(
    build: Builder, name: str, operators: Sequence[str], operand: GraphQLType, suffix: str = "FieldComparison"
) -> GraphQLType:
    what = f"a list of {name}" if "List" in suffix else f"a field of {name}"
    return build.input(
        f"{name}{suffix}",
        CORE,
        f"Conditions on {what}: all given must hold.",
        lambda: _operator_fields(build, operators, operand, name),
    )


def _operator_fields(
    build: Builder, operators: Sequence[str], operand: GraphQLType, name: str = ""
) -> Iterable[StrawberryField]:
    for key in operators:
        row = OPERATORS[key]
        yield input_field(key, nullable(_operand(build, row.arity, operand, name)), row.description)


def _operand(build: Builder, arity: str, operand: GraphQLType, name: str) -> GraphQLType:
    match arity:
        case "many":
            return list_of(operand)
        case "pattern" | "key":
            return SCALAR_TYPES["String"]
        case "flag":
            return SCALAR_TYPES["Boolean"]
        case "number":
            return SCALAR_TYPES["Int"]
        case "range":
            return build.input(f"{name}Between", CORE, f"A range of {name}, both ends included.", lambda: (
                input_field("lower", operand, "The lowest value of the range."),
                input_field("upper", operand, "The highest value of the range."),
            ))  # fmt: skip
        case "path":
            return build.input("JSONPathEquals", CORE, "A value inside a JSON object.", lambda: (
                input_field("path", SCALAR_TYPES["String"], "Keys joined by dots."),
                input_field("value", nullable(SCALAR_TYPES["JSON"]), "The value that must stand there."),
            ))  # fmt: skip
        case _:  # "one" and "filter": a value or a filter as it is
            return operand
