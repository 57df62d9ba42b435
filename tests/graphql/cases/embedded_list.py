"""Lists of embedded objects: a filter holds for one and the same element."""

from pydantic import BaseModel

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE


class Line(BaseModel):
    sku: str
    count: int = 1


def line(sku: str, count: int) -> dict[str, object]:
    return {"sku": sku, "count": count}


CASE = Case(
    annotation=list[Line],
    values=[[line("a", 1), line("b", 5)], [line("a", 5)], []],
    selection="{ sku count }",
    filters=[
        ({"some": {"sku": {"eq": "a"}, "count": {"gte": 5}}}, [1]),
        ({"every": {"sku": {"eq": "a"}}}, [1, 2, NONE]),
        ({"none": {"count": {"gte": 5}}}, [2, NONE]),
        ({"isEmpty": True}, [2, NONE]),
        ({"size": 2}, [0]),
    ],
    sortable=False,
    refused=[([{"count": 1}], "sku")],
)
