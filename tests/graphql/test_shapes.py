"""Compiled selections answer what the executor would, value by value and error by error."""

from typing import Any

import pytest
from beanie import Document, Link
from graphql import ExecutionResult, parse
from graphql import execute as execute_graphql
from pydantic import BaseModel

from core.access import LOCAL_OWNER
from core.decorators import datamodel
from core.registries import Registry
from graphql_surface.context import make_context
from graphql_surface.executor import Executor
from graphql_surface.shapes import Shape
from tests.graphql.api import Api, serving


class Plain(Executor):
    """Without compiled selections."""

    def _shape(self, type_: Any, details: Any) -> Shape | None:
        return None


class Counted(Executor):
    """Counts what was compiled, and what was not."""

    shaped = 0

    def _shape(self, type_: Any, details: Any) -> Shape | None:
        found = super()._shape(type_, details)
        Counted.shaped += found is not None
        return found


class Size(BaseModel):
    width: int = 1
    note: str | None = None


class Other(Document):
    name: str


class Thing(Document):
    title: str
    tags: list[str] = []  # noqa: RUF012
    size: Size | None = None
    sizes: list[Size] = []  # noqa: RUF012
    other: Link[Other] | None = None


async def run(api: Api, executor: type[Executor], query: str, **variables: Any) -> Any:
    result: Any = execute_graphql(
        api.schema._schema,
        parse(query),
        context_value=make_context(api.services, LOCAL_OWNER),
        variable_values=variables,
        executor_class=executor,
    )
    found: ExecutionResult = await result
    errors = [(error.message, error.path, error.extensions, error.locations) for error in found.errors or ()]
    return found.data, errors


QUERIES = [
    "{ things { nodes { id title tags size { width note } sizes { width } } } }",
    "{ things { nodes { __typename a: title b: title size { __typename w: width } } } }",
    """query ($yes: Boolean = true) { things { nodes {
         title @skip(if: $yes) ...F ... on Thing { tags @include(if: $yes) } } } }
       fragment F on Thing { size { ...S } } fragment S on Size { width note @skip(if: $yes) }""",
    "{ things { nodes { title size { width } size { note } } } }",
    "{ things { nodes { title other { name } } totalCount } }",
    "{ things { nodes { title } pageInfo { hasNextPage endCursor } } }",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_with_and_without_compiled_selections_the_answer_is_the_same(registry: Registry, query: str):
    datamodel()(Other)
    datamodel()(Thing)
    async with serving(registry) as api:
        await Thing.get_pymongo_collection().insert_many(
            [
                {"title": "a", "tags": ["x", "y"], "size": {"width": 5, "note": "n"}, "sizes": [{"width": 1}, {}]},
                {"title": "b"},
                {"title": None},
                {"title": "c", "tags": "x"},
                {"title": "d", "size": 5},
                {"title": "e", "size": {"width": "x"}},
                {"title": "f", "sizes": [{"width": 2**40}]},
            ]
        )
        expected = await run(api, Plain, query)
        assert await run(api, Executor, query) == expected
        assert expected[1], "the broken ones are errors"


async def test_what_needs_only_the_document_is_compiled_and_a_relation_is_not(registry: Registry):
    datamodel()(Other)
    datamodel()(Thing)
    async with serving(registry) as api:
        await Thing.get_pymongo_collection().insert_one({"title": "a"})
        Counted.shaped = 0
        await run(api, Counted, QUERIES[0])
        assert Counted.shaped == 1
        await run(api, Counted, QUERIES[4])
        assert Counted.shaped == 1
