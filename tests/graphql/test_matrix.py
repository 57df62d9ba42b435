"""Every kind of value, through the whole surface: one case file each in ``cases``, found by its name."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from core.decorators import datamodel
from core.registries import Registry
from tests.graphql.api import Api, serving
from tests.graphql.case import Case
from tests.graphql.every_type import cases

CREATE = "mutation ($input: CreateOneThingInput!) { createOneThing(input: $input) { id %s } }"
LIST = """query ($filter: ThingFilter, $sorting: [ThingSort!]) {
    things(filter: $filter, sorting: $sorting) { nodes { name } } }"""
UPDATE = "mutation ($input: UpdateOneThingInput!) { updateOneThing(input: $input) { name %s } }"


@pytest.fixture(params=cases().values(), ids=cases())
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
async def api(case: Case, registry: Registry) -> AsyncIterator[Api]:
    for document in case.documents:
        datamodel()(document)
    datamodel()(case.document())
    async with serving(registry) as found:
        yield found


def shown(case: Case) -> str:
    return f"value {case.selection}".strip()


async def create_all(api: Api, case: Case) -> list[str]:
    """One document a value, named by its place, and one without."""
    things = [{"name": str(place), "value": value} for place, value in enumerate(case.values)]
    ids: list[str] = []
    for thing in [*things, {"name": "none"}]:
        found = await api.ask(CREATE % "", input={"thing": thing})
        ids.append(found["createOneThing"]["id"])
    return ids


async def names(api: Api, **arguments: Any) -> list[str]:
    found = await api.ask(LIST, **arguments)
    return [node["name"] for node in found["things"]["nodes"]]


async def test_what_is_created_comes_back(api: Api, case: Case):
    for value, expected in zip(case.values, case.outputs, strict=True):
        made = await api.ask(CREATE % shown(case), input={"thing": {"name": "x", "value": value}})
        assert made["createOneThing"]["value"] == expected
        one = await api.ask(
            f"query ($id: ID!) {{ thing(id: $id) {{ {shown(case)} }} }}", id=made["createOneThing"]["id"]
        )
        assert one["thing"]["value"] == expected


async def test_what_a_type_cannot_hold_is_refused_where_it_stands(api: Api, case: Case):
    for value, message in case.refused:
        errors = await api.errors(CREATE % "", input={"thing": {"name": "x", "value": value}})
        assert message in errors[0].message
        assert errors[0].extensions.get("code", "BAD_USER_INPUT") == "BAD_USER_INPUT"


async def test_every_operator_of_the_type_finds_what_it_says(api: Api, case: Case):
    await create_all(api, case)
    for comparison, places in case.filters:
        found = await names(api, filter={"value": comparison})
        assert sorted(found) == sorted("none" if place < 0 else str(place) for place in places), comparison
    field = api.schema._schema.get_type("ThingFilter").fields.get("value")  # pyright: ignore
    if field is not None:
        comparison_type = get_named_type(field.type)
        assert isinstance(comparison_type, GraphQLInputObjectType)
        tested = {operator for comparison, _ in case.filters for operator in comparison}
        assert set(comparison_type.fields) - {"and", "or", "not"} <= tested


async def test_a_list_is_sorted_by_the_value_with_nulls_where_they_are_wanted(api: Api, case: Case):
    if not case.sortable:
        assert "value" not in api.schema._schema.get_type("ThingSortFields").values  # pyright: ignore
        return
    await create_all(api, case)
    ascending = [str(place) for place in range(len(case.values))]
    by = {"field": "value", "direction": "ASC"}
    assert await names(api, sorting=[by]) == ["none", *ascending]
    assert await names(api, sorting=[{**by, "nulls": "NULLS_LAST"}]) == [*ascending, "none"]
    by = {"field": "value", "direction": "DESC"}
    assert await names(api, sorting=[by]) == [*reversed(ascending), "none"]
    assert await names(api, sorting=[{**by, "nulls": "NULLS_FIRST"}]) == ["none", *reversed(ascending)]


async def test_an_update_changes_the_value_and_a_subscriber_sees_it(api: Api, case: Case):
    made = await api.ask(CREATE % "", input={"thing": {"name": "x", "value": case.values[0]}})
    key = made["createOneThing"]["id"]
    async with api.watching(f"subscription {{ updatedOneThing {{ id {shown(case)} }} }}") as events:
        event = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.1)
        for value, expected in ((case.values[-1], case.outputs[-1]), (None, None)):
            changed = await api.ask(UPDATE % shown(case), input={"id": key, "update": {"value": value}})
            assert changed["updateOneThing"] == {"name": "x", "value": expected}
            result = await asyncio.wait_for(event, 10)
            assert result.errors is None
            assert result.data["updatedOneThing"] == {"id": key, "value": expected}
            event = asyncio.ensure_future(anext(events))
        event.cancel()
