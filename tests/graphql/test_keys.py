"""Documents whose keys are no ObjectIds."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from beanie import Document, Link
from pydantic import BaseModel, Field, create_model

from core.decorators import datamodel, operation
from core.registries import Registry
from tests.graphql.api import serving

KINDS: list[tuple[str, Any, Any]] = [
    ("uuid", UUID, Field(default_factory=uuid4)),
    ("int", int, Field(default=7)),
    ("str", str, Field(default="a/b c")),
]


@pytest.mark.parametrize(("annotation", "default"), [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
async def test_any_type_of_key_is_an_id_to_get_filter_link_change_and_delete_by(
    registry: Registry, annotation: Any, default: Any
):
    thing = create_model("Thing", __base__=Document, __module__=__name__, id=(annotation, default), name=(str, "x"))
    datamodel()(thing)
    holder = create_model("Holder", __base__=Document, __module__=__name__, thing=(Link[thing] | None, None))
    datamodel()(holder)
    async with serving(registry) as api:
        made = await api.ask("mutation { createOneThing(input: {thing: {}}) { id } }")
        key = made["createOneThing"]["id"]
        assert str(annotation(key)) == key
        found = await api.ask(
            """query ($id: ID!) { thing(id: $id) { id }
                a: things(filter: {id: {eq: $id}}) { nodes { id } }
                b: things(filter: {id: {in: [$id]}}, sorting: [{field: id, direction: ASC}]) { nodes { id } } }""",
            id=key,
        )
        assert found == {"thing": {"id": key}, "a": {"nodes": [{"id": key}]}, "b": {"nodes": [{"id": key}]}}
        held = await api.ask(
            "mutation ($id: ID!) { createOneHolder(input: {holder: {thing: $id}}) { thing { id name runs { id } } } }",
            id=key,
        )
        assert held["createOneHolder"]["thing"] == {"id": key, "name": "x", "runs": []}
        through = await api.ask('{ holders(filter: {thing: {name: {eq: "x"}}}) { nodes { thing { id } } } }')
        assert through["holders"]["nodes"] == [{"thing": {"id": key}}]
        await api.ask('mutation ($id: ID!) { updateOneThing(input: {id: $id, update: {name: "y"}}) { id } }', id=key)
        async with api.watching("subscription { deletedOneThing { id } }") as events:
            gone = await api.ask("mutation ($id: ID!) { deleteOneThing(input: {id: $id}) { id name } }", id=key)
            assert gone["deleteOneThing"] == {"id": key, "name": "y"}
            assert await events.next() == {"deletedOneThing": {"id": key}}


@pytest.mark.parametrize(("annotation", "default"), [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
async def test_runs_and_the_documents_they_touch_name_each_other(registry: Registry, annotation: Any, default: Any):
    thing = create_model("Thing", __base__=Document, __module__=__name__, id=(annotation, default), name=(str, "x"))
    datamodel()(thing)

    class Done(BaseModel):
        id: str

    @operation(outputs=Done)
    async def make(name: str):
        made = await thing(name=name).insert()
        return Done(id=str(made.id))

    async with serving(registry) as api:
        query = """mutation { make(input: {name: "y"}) {
            taskRun { id resultRefs { id action document } } output { id } } }"""
        run = (await api.ask(query))["make"]
        key = run["output"]["id"]
        assert run["taskRun"]["resultRefs"] == [{"id": key, "action": "INSERT", "document": {"id": key, "name": "y"}}]
        found = await api.ask("query ($id: ID!) { thing(id: $id) { runs { id } } }", id=key)
        assert found["thing"]["runs"] == [{"id": run["taskRun"]["id"]}]
