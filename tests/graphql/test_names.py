"""Which names types and fields get, and that a clash of two stops start-up naming both."""

from collections.abc import Callable
from typing import Generic, TypeVar

import pytest
from beanie import Document
from graphql import GraphQLSchema
from pydantic import BaseModel, SecretStr

from core.decorators import datamodel, operation
from core.errors import DeclarationError
from core.inspection import take_catalog
from core.registries import Registry
from graphql_surface.schema import schema_of

T = TypeVar("T")


class Point(BaseModel):
    x: int


class Nothing(BaseModel):
    pass


class Sealed(BaseModel):
    token: SecretStr


class EchoInput(BaseModel):
    x: int


class Echo(BaseModel):
    given: EchoInput


class Page(BaseModel, Generic[T]):
    items: list[T]


class Points(BaseModel):
    page: Page[Point]


def schema(registry: Registry) -> GraphQLSchema:
    return schema_of(take_catalog(registry))._schema


def fields(found: GraphQLSchema, name: str) -> set[str]:
    type_ = found.get_type(name)
    assert type_ is not None, f"no type {name}"
    return set(type_.fields)  # type: ignore[attr-defined]


def test_an_acronym_is_named_as_clients_derive_it_from_the_resource(registry: Registry):
    datamodel(name="CV")(type("CV", (Document,), {"__module__": __name__, "__annotations__": {"text": str}}))
    found = schema(registry)
    assert {"cv", "cvs", "cvAggregate"} <= fields(found, "Query")
    assert {"createOneCv", "createManyCvs", "updateOneCv", "deleteManyCvs"} <= fields(found, "Mutation")
    assert {"createdCv", "updatedOneCv", "deletedOneCv"} <= fields(found, "Subscription")
    assert fields(found, "CvFilter") == {"and", "or", "not", "id", "text"}
    assert "id" in fields(found, "CV")


def test_a_class_taken_in_gets_the_suffix_input_once(registry: Registry):
    @operation()
    async def move(input: Point) -> Point: ...

    @operation()
    async def shout(input: EchoInput) -> Point: ...

    found = schema(registry)
    assert fields(found, "Point") == fields(found, "PointInput") == {"x"}
    assert fields(found, "EchoInput") == {"x"}
    assert found.get_type("EchoInputInput") is None


def test_generics_are_named_by_what_they_hold(registry: Registry):
    @operation()
    async def points(input: Nothing) -> Points: ...

    assert fields(schema(registry), "PagePoint") == {"items"}


def test_what_has_no_fields_is_json(registry: Registry):
    @operation()
    async def ping(input: Nothing) -> Sealed: ...

    found = schema(registry)
    mutation = found.get_type("Mutation").fields["ping"]  # type: ignore[union-attr]
    assert str(mutation.args["input"].type) == "JSON"
    assert str(found.get_type("PingRun").fields["output"].type) == "JSON"  # type: ignore[union-attr]


def _echo() -> None:
    @operation()
    async def echo(input: EchoInput) -> Echo: ...


def _cancel() -> None:
    @operation(name="cancel_task_run")
    async def cancel(input: Point) -> Point: ...


def _create() -> None:
    datamodel()(type("Job", (Document,), {"__module__": __name__, "__annotations__": {"x": int}}))

    @operation(name="create_one_job")
    async def create(input: Point) -> Point: ...


def _empty_member() -> None:
    datamodel()(type("Box", (Document,), {"__module__": __name__, "__annotations__": {"held": Point | Nothing}}))


def _reserved() -> None:
    datamodel()(type("TaskRunLog", (Document,), {"__module__": __name__}))


@pytest.mark.parametrize(
    ("declare", "named"),
    [
        (_echo, ["EchoInput", "as an input"]),
        (_cancel, ["cancelTaskRun", "Core itself", "operation cancel_task_run"]),
        (_create, ["createOneJob", "model Job", "operation create_one_job"]),
        (_empty_member, ["BoxHeld", "Nothing", "no fields"]),
        (_reserved, ["TaskRunLog", "Core itself"]),
    ],
)
def test_a_clash_stops_start_up_naming_both(registry: Registry, declare: Callable[[], None], named: list[str]):
    declare()
    with pytest.raises(DeclarationError) as raised:
        schema(registry)
    for part in named:
        assert part in raised.value.message
