"""``jobAggregate``: count, sum, average, least and greatest, for groups of documents."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from strawberry.types.field import StrawberryField

from core.actions import Aggregate, DateBucket, GroupBy
from core.aggregates import NUMERIC
from core.specs import FieldSpec, ModelSpec, ScalarType
from graphql_surface.builder import CORE, Builder
from graphql_surface.convert import wire_filter
from graphql_surface.definitions import GraphQLType, ReadField, ResolvedField, argument, input_field, list_of, nullable
from graphql_surface.errors import translated
from graphql_surface.filters import filter_of
from graphql_surface.paging import sort_fields
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.selection import fields_under
from graphql_surface.types import output_type

_FUNCTIONS = (
    ("count", "How many have a value in each field."),
    ("sum", "Sum of each field."),
    ("avg", "Average of each field."),
    ("min", "Least value of each field."),
    ("max", "Greatest value of each field."),
)
_OVER_NUMBERS = frozenset({"sum", "avg"})
_AVERAGED = {"Int": "Float", "BigInt": "Float"}


def aggregate_field(build: Builder, model: ModelSpec) -> StrawberryField:
    async def resolve(source: Any, info: Any, arguments: Mapping[str, Any]) -> Any:
        context = info.context
        return await context.services.data.aggregate(
            model,
            context.principal,
            wire_filter(build.catalog, model.object, arguments.get("filter")),
            [GroupBy(field=one["field"], bucket=one.get("bucket")) for one in arguments.get("groupBy") or ()],
            {function: _selected(model, info, function) for function, _ in _FUNCTIONS},
        )

    return ResolvedField(
        f"{model.singular}Aggregate",
        list_of(_response(build, model)),
        f"Figures over {model.plural_type}: one row a group, or one for all.",
        translated(resolve, build.catalog, model.object),
        arguments=[
            argument("filter", nullable(filter_of(build, model.object)), f"Which {model.plural_type} to take."),
            argument("groupBy", nullable(list_of(_group_by(build, model))), "What makes a group; one for all without."),
        ],
    )


def _selected(model: ModelSpec, info: Any, function: str) -> list[str]:
    known = model.object.by_graphql
    return [known[one.name].wire for one in fields_under(info, function) if one.name in known]


def _response(build: Builder, model: ModelSpec) -> GraphQLType:
    def fields() -> Iterable[StrawberryField]:
        group = _columns(build, model, "Group", "What the group has in common.", _sortable(model))
        yield ReadField("groupBy", nullable(group), "What the group has in common.", lambda found: found.group)
        for function, text in _FUNCTIONS:
            columns = [one for one in _sortable(model) if function not in _OVER_NUMBERS or _is_number(one)]
            if columns:
                type_ = _columns(build, model, f"{function.capitalize()}Aggregate", text, columns, function)
                yield ReadField(function, nullable(type_), text, _values(function))

    return build.output(
        f"{model.singular_type}AggregateResponse", f"the aggregate of model {model.name}",
        f"Figures over a group of {model.plural_type}.", fields,
    )  # fmt: skip


def _columns(
    build: Builder, model: ModelSpec, suffix: str, text: str, columns: Sequence[FieldSpec], function: str = ""
) -> GraphQLType:
    def fields() -> Iterable[StrawberryField]:
        for one in columns:
            type_ = _result_type(build, one, function)
            yield ReadField(one.graphql, nullable(type_), f"{(function or 'value').capitalize()} of {one.graphql}.",
                            _column(one, function))  # fmt: skip

    return build.output(f"{model.singular_type}{suffix}", f"the aggregate of model {model.name}", text, fields)


def _result_type(build: Builder, field: FieldSpec, function: str) -> GraphQLType:
    if function == "count":
        return SCALAR_TYPES["Int"]
    if isinstance(field.type, ScalarType) and function == "sum" and field.type.name == "Int":
        return SCALAR_TYPES["BigInt"]
    if isinstance(field.type, ScalarType) and function == "avg":
        return SCALAR_TYPES[_AVERAGED.get(field.type.name, field.type.name)]
    return output_type(build, field.type)


def _column(field: FieldSpec, function: str) -> Any:
    """A group's own value is kept under its wire name; keys become text, as everywhere."""
    is_key = isinstance(field.type, ScalarType) and field.type.name == "ID" and function != "count"

    def read(values: Mapping[str, Any]) -> Any:
        value = values.get(field.wire)
        return str(value) if is_key and value is not None else value

    return read


def _values(function: str) -> Any:
    def read(found: Aggregate) -> Mapping[str, Any]:
        return found.values.get(function, {})

    return read


def _group_by(build: Builder, model: ModelSpec) -> GraphQLType:
    bucket = build.enum(
        "DateBucket", CORE, "A period that dates are cut to, in UTC.",
        lambda: ((name, name, f"The {name.lower()} it falls in.") for name in get_args(DateBucket)),
    )  # fmt: skip
    return build.input(
        f"{model.singular_type}GroupBy", f"the aggregate of model {model.name}", f"What groups {model.plural_type}.",
        lambda: (
            input_field("field", sort_fields(build, model), "What to group by."),
            input_field("bucket", nullable(bucket), "For dates: the period to group by."),
        ),
    )  # fmt: skip


def _sortable(model: ModelSpec) -> list[FieldSpec]:
    return [one for one in model.object.fields if one.sortable]


def _is_number(field: FieldSpec) -> bool:
    return isinstance(field.type, ScalarType) and field.type.name in NUMERIC
