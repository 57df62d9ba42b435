"""Every kind of value, through the whole surface: one case file each in ``cases``, found by its name.

All cases are models of one schema in one database, made once; each test begins with an empty collection.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from graphql import GraphQLInputObjectType, build_schema, get_named_type, specified_scalar_types

from core.decorators import datamodel
from core.naming import pascal
from core.registries import isolated_registry
from core.scalars import SCALARS
from core.specs import ModelSpec
from tests.graphql.api import Api, serving
from tests.graphql.case import Case
from tests.graphql.every_type import cases

pytestmark = pytest.mark.asyncio(loop_scope="module")

CREATE = "mutation ($input: CreateOne{Type}Input!) {{ made: createOne{Type}(input: $input) {{ id {shown} }} }}"
GET = "query ($id: ID!) {{ found: {one}(id: $id) {{ {shown} }} }}"
LIST = """query ($filter: {Type}Filter, $sorting: [{Type}Sort!]) {{
    found: {many}(filter: $filter, sorting: $sorting) {{ nodes {{ name }} }} }}"""
UPDATE = "mutation ($input: UpdateOne{Type}Input!) {{ changed: updateOne{Type}(input: $input) {{ name {shown} }} }}"
WATCH = "subscription {{ changed: updatedOne{Type} {{ id {shown} }} }}"


@dataclass(frozen=True)
class Subject:
    """One case, served."""

    api: Api
    case: Case
    model: ModelSpec

    def query(self, template: str) -> str:
        names = {"Type": self.model.singular_type, "one": self.model.singular, "many": self.model.resource}
        return template.format(shown=f"value {self.case.selection}".strip(), **names)

    def new(self, **fields: Any) -> dict[str, Any]:
        return {"input": {self.model.singular: fields}}

    async def ask(self, template: str, **variables: Any) -> Any:
        return await self.api.ask(self.query(template), **variables)

    async def create_all(self) -> None:
        """One document a value, named by its place, and one without."""
        for place, value in enumerate(self.case.values):
            await self.ask(CREATE, **self.new(name=str(place), value=value))
        await self.ask(CREATE, **self.new(name="none"))

    async def names(self, **arguments: Any) -> list[str]:
        return [node["name"] for node in (await self.ask(LIST, **arguments))["found"]["nodes"]]

    def type(self, suffix: str) -> Any:
        return self.api.schema._schema.get_type(f"{self.model.singular_type}{suffix}")  # pyright: ignore


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def api() -> AsyncIterator[Api]:
    with isolated_registry() as registry:
        for name, case in cases().items():
            for document in case.documents:
                datamodel()(document)
            datamodel()(case.document(pascal(f"{name}_thing")))
        async with serving(registry) as found:
            yield found


@pytest_asyncio.fixture(loop_scope="module", params=cases(), ids=cases())
async def subject(api: Api, request: pytest.FixtureRequest) -> Subject:
    model = api.services.catalog.models[pascal(f"{request.param}_thing")]
    await model.document.get_pymongo_collection().delete_many({})  # type: ignore[attr-defined]
    return Subject(api, cases()[request.param], model)


async def test_what_is_created_comes_back(subject: Subject):
    for value, expected in zip(subject.case.values, subject.case.outputs, strict=True):
        made = (await subject.ask(CREATE, **subject.new(name="x", value=value)))["made"]
        assert made["value"] == expected
        assert (await subject.ask(GET, id=made["id"]))["found"]["value"] == expected


async def test_what_a_type_cannot_hold_is_refused_where_it_stands(subject: Subject):
    for value, message in subject.case.refused:
        errors = await subject.api.errors(subject.query(CREATE), **subject.new(name="x", value=value))
        assert message in errors[0].message
        assert (errors[0].extensions or {}).get("code", "BAD_USER_INPUT") == "BAD_USER_INPUT"


async def test_every_operator_of_the_type_finds_what_it_says(subject: Subject):
    await subject.create_all()
    for comparison, places in subject.case.filters:
        found = await subject.names(filter={"value": comparison})
        assert sorted(found) == sorted("none" if place < 0 else str(place) for place in places), comparison
    comparison_type = get_named_type(subject.type("Filter").fields["value"].type)
    assert isinstance(comparison_type, GraphQLInputObjectType)
    tested = {operator for comparison, _ in subject.case.filters for operator in comparison}
    assert set(comparison_type.fields) - {"and", "or", "not"} <= tested


async def test_a_list_is_sorted_by_the_value_with_nulls_where_they_are_wanted(subject: Subject):
    if not subject.case.sortable:
        assert "value" not in subject.type("SortFields").values
        return
    await subject.create_all()
    ascending = [str(place) for place in range(len(subject.case.values))]
    by = {"field": "value", "direction": "ASC"}
    assert await subject.names(sorting=[by]) == ["none", *ascending]
    assert await subject.names(sorting=[{**by, "nulls": "NULLS_LAST"}]) == [*ascending, "none"]
    by = {"field": "value", "direction": "DESC"}
    assert await subject.names(sorting=[by]) == [*reversed(ascending), "none"]
    assert await subject.names(sorting=[{**by, "nulls": "NULLS_FIRST"}]) == ["none", *reversed(ascending)]


async def test_an_update_changes_the_value_and_a_subscriber_sees_it(subject: Subject):
    case = subject.case
    key = (await subject.ask(CREATE, **subject.new(name="x", value=case.values[0])))["made"]["id"]
    async with subject.api.watching(subject.query(WATCH)) as events:
        for value, expected in ((case.values[-1], case.outputs[-1]), (None, None)):
            changed = await subject.ask(UPDATE, input={"id": key, "update": {"value": value}})
            assert changed["changed"] == {"name": "x", "value": expected}
            assert (await events.next())["changed"] == {"id": key, "value": expected}


async def test_the_sdl_names_the_specification_of_every_scalar_as_its_row_does(api: Api) -> None:
    types = build_schema(api.schema.as_str()).type_map
    rows = {name: row.specified_by for name, row in SCALARS.items() if name not in specified_scalar_types}
    assert all(rows.values())
    assert {name: types[name].specified_by_url for name in rows} == rows  # type: ignore[attr-defined]
