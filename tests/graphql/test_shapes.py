"""Compiled selections answer what the executor would, value by value and error by error."""

from typing import Any, ClassVar

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
from graphql_surface.shapes import Shapes
from tests.graphql.api import Api, serving


class Plain(Executor):
    """Without compiled selections."""

    def _shapes_of(self, type_: Any, selected: Any) -> Shapes:
        return Shapes({}, selected)


class Counted(Executor):
    """Writes down which fields of a Thing the executor resolved itself."""

    resolved: ClassVar[list[str]] = []

    def execute_field(self, parent_type: Any, source: Any, details: Any, path: Any, context: Any) -> Any:
        if parent_type.name == "Thing":
            Counted.resolved.append(path.key)
        return super().execute_field(parent_type, source, details, path, context)


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
    "{ things { nodes { title other { name } size { width } } totalCount } }",
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


async def test_the_executor_resolves_nothing_but_relations_itself(registry: Registry):
    datamodel()(Other)
    datamodel()(Thing)
    async with serving(registry) as api:
        await Thing.get_pymongo_collection().insert_one({"title": "a"})
        for query, expected in ((QUERIES[0], []), (QUERIES[4], ["other"])):
            Counted.resolved.clear()
            await run(api, Counted, query)
            assert Counted.resolved == expected
