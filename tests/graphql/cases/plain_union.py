"""Unions that only their fields tell apart, in a list."""

from pydantic import BaseModel

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE


class Circle(BaseModel):
    radius: float


class Square(BaseModel):
    side: float


CASE = Case(
    annotation=list[Circle | Square],
    values=[[{"circle": {"radius": 1.5}}, {"square": {"side": 2.0}}], [{"square": {"side": 3.0}}]],
    shown=[
        [{"__typename": "Circle", "radius": 1.5}, {"__typename": "Square", "side": 2.0}],
        [{"__typename": "Square", "side": 3.0}],
    ],
    selection="{ __typename ... on Circle { radius } ... on Square { side } }",
    filters=[
        ({"some": {"side": {"gt": 2}}}, [1]),
        ({"every": {"side": {"gt": 0}}}, [1, NONE]),
        ({"none": {"radius": {"gt": 0}}}, [1, NONE]),
        ({"isEmpty": True}, [NONE]),
        ({"size": 2}, [0]),
    ],
    sortable=False,
    refused=[([{"circle": {"radius": "x"}}], "Float cannot represent")],
)
