"""Unions told apart by a field: a GraphQL union outside, a @oneOf input inside, which fills that field."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


CASE = Case(
    annotation=Annotated[Cat | Dog, Field(discriminator="kind")],
    values=[{"cat": {"kind": "CAT", "lives": 3}}, {"dog": {"kind": "DOG", "name": "Rex"}}],
    shown=[{"__typename": "Cat", "lives": 3}, {"__typename": "Dog", "name": "Rex"}],
    selection="{ __typename ... on Cat { lives } ... on Dog { name } }",
    filters=[
        ({"lives": {"lt": 9}}, [0]),
        ({"name": {"eq": "Rex"}}, [1]),
        ({"kind": {"eq": "CAT"}}, [0]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1]),
    ],
    sortable=False,
    refused=[({"cat": {"kind": "CAT"}, "dog": {"kind": "DOG", "name": "Rex"}}, "exactly one"), ({}, "exactly one")],
)
