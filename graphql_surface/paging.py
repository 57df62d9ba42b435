"""Sorting, paging and the connection that carries a page."""

from collections.abc import Iterable, Mapping
from typing import Any

from strawberry.types.field import StrawberryField

from core.specs import ModelSpec
from graphql_surface.builder import CORE, Builder
from graphql_surface.definitions import GraphQLType, ReadField, input_field, list_of, nullable
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.types import object_of

_ID, _INT, _STRING, _BOOLEAN = (SCALAR_TYPES[name] for name in ("ID", "Int", "String", "Boolean"))


def offset_paging(build: Builder) -> GraphQLType:
    return build.input("OffsetPaging", CORE, "Which part of the list to take.", lambda: (
        input_field("limit", nullable(_INT), "The most to return; the server has a maximum of its own."),
        input_field("offset", nullable(_INT), "How many to pass over first."),
        input_field("after", nullable(_STRING), "The `endCursor` of the page before: for deep pages."),
    ))  # fmt: skip


def page_info(build: Builder) -> GraphQLType:
    return build.output("PageInfo", CORE, "Where the page stands in the list.", lambda: (
        ReadField("hasNextPage", _BOOLEAN, "Whether more follow.", lambda page: page.has_next),
        ReadField("hasPreviousPage", _BOOLEAN, "Whether some came before.", lambda page: page.has_previous),
        ReadField("startCursor", nullable(_STRING), "Cursor of the first node.", lambda page: page.cursors.start),
        ReadField("endCursor", nullable(_STRING), "Cursor of the last node: `after`.", lambda page: page.cursors.end),
    ))  # fmt: skip


def connection_of(build: Builder, model: ModelSpec) -> GraphQLType:
    def fields() -> Iterable[StrawberryField]:
        yield ReadField(
            "nodes", list_of(object_of(build, model.object)), f"The {model.plural_type} of this page.", _read("nodes")
        )
        yield ReadField("totalCount", _INT, "How many there are on all pages; counted when selected.", _read("total"))
        yield ReadField("pageInfo", page_info(build), "Where the page stands in the list.", _read("page"))

    return build.output(
        f"{model.singular_type}Connection", f"the list of model {model.name}", f"A page of {model.plural_type}.", fields
    )


def sort_fields(build: Builder, model: ModelSpec) -> GraphQLType:
    """The fields a list may be sorted or grouped by, by their GraphQL names; the values are the wire names."""
    return build.enum(
        f"{model.singular_type}SortFields", f"the sorting of model {model.name}", f"Keys of {model.plural_type}.",
        lambda: ((one.graphql, one.wire, f"By {one.graphql}.") for one in model.object.fields if one.sortable),
    )  # fmt: skip


def sort_of(build: Builder, model: ModelSpec) -> GraphQLType:
    direction = build.enum("SortDirection", CORE, "Which way to sort.", lambda: (
        ("ASC", "ASC", "Lowest first."), ("DESC", "DESC", "Highest first."),
    ))  # fmt: skip
    nulls = build.enum("SortNulls", CORE, "Where to put what has no value.", lambda: (
        ("NULLS_FIRST", "first", "Before all others."), ("NULLS_LAST", "last", "After all others."),
    ))  # fmt: skip
    return build.input(
        f"{model.singular_type}Sort", f"the sorting of model {model.name}", f"One key to sort {model.plural_type} by.",
        lambda: (
            input_field("field", sort_fields(build, model), "What to sort by."),
            input_field("direction", direction, "Which way."),
            input_field("nulls", nullable(nulls), "Where to put what has no value."),
        ),
    )  # fmt: skip


def _read(key: str) -> Any:
    def read(source: Mapping[str, Any]) -> Any:
        return source[key]

    return read
