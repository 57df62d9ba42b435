"""Sets of enums: no member twice."""

from tests.graphql.case import Case
from tests.graphql.cases.enum import Colour
from tests.graphql.comparisons import NONE

CASE = Case(
    annotation=set[Colour],
    values=[["RED"], ["BLUE", "BLUE"], []],
    shown=[["RED"], ["BLUE"], []],
    filters=[
        ({"has": "RED"}, [0]),
        ({"hasAny": ["RED", "BLUE"]}, [0, 1]),
        ({"hasAll": ["BLUE"]}, [1]),
        ({"isEmpty": True}, [2, NONE]),
        ({"size": 1}, [0, 1]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1, 2]),
    ],
    sortable=False,
    refused=[(["GREEN"], "does not exist")],
)
