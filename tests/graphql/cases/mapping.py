"""Maps from text to values: JSON, checked by pydantic."""

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE

CASE = Case(
    annotation=dict[str, int],
    values=[{"a": 1}, {"b": 2}],
    filters=[
        ({"hasKey": "a"}, [0]),
        ({"pathEquals": {"path": "b", "value": 2}}, [1]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1]),
    ],
    sortable=False,
    refused=[({"a": "x"}, "integer"), ({"$where": 1}, "$"), ([], "dictionary")],
)
