"""One value or a list of them: shown as a list."""

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE

CASE = Case(
    annotation=str | list[str],
    values=[["a", "b"], ["b"], []],
    filters=[
        ({"has": "a"}, [0]),
        ({"hasAny": ["a", "b"]}, [0, 1]),
        ({"hasAll": ["a", "b"]}, [0]),
        ({"isEmpty": True}, [2, NONE]),
        ({"isEmpty": False}, [0, 1]),
        ({"size": 1}, [1]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1, 2]),
    ],
    sortable=False,
)
