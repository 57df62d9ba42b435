"""Values in a row that may not be changed in place."""

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE

CASE = Case(
    annotation=tuple[int, ...],
    values=[[1, 2], [2], []],
    filters=[
        ({"has": 1}, [0]),
        ({"hasAny": [1, 2]}, [0, 1]),
        ({"hasAll": [1, 2]}, [0]),
        ({"isEmpty": True}, [2, NONE]),
        ({"isEmpty": False}, [0, 1]),
        ({"size": 1}, [1]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1, 2]),
    ],
    sortable=False,
    refused=[(["x"], "Int")],
)
