"""Objects that contain themselves."""

from pydantic import BaseModel

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE


class Node(BaseModel):
    label: str
    children: list["Node"] = []


LEAF = {"label": "leaf", "children": []}

CASE = Case(
    annotation=Node,
    values=[{"label": "root", "children": [LEAF, {"label": "twig", "children": [LEAF]}]}, {"label": "alone"}],
    shown=[
        {"label": "root", "children": [LEAF, {"label": "twig", "children": [LEAF]}]},
        {"label": "alone", "children": []},
    ],
    selection="{ label children { label children { label children { label } } } }",
    filters=[
        ({"label": {"eq": "root"}}, [0]),
        ({"children": {"some": {"children": {"some": {"label": {"eq": "leaf"}}}}}}, [0]),
        ({"children": {"none": {"label": {"eq": "twig"}}}}, [1, NONE]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1]),
    ],
    sortable=False,
    refused=[({"label": "root", "children": [{"label": "x", "children": [{}]}]}, "label")],
)
