"""Any JSON value."""

from typing import Any

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE

CASE = Case(
    annotation=Any,
    nullable=False,
    values=[{"a": [1, {"b": None}]}, "text"],
    filters=[
        ({"hasKey": "a"}, [0]),
        ({"pathEquals": {"path": "a.0", "value": 1}}, [0]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1]),
    ],
    sortable=False,
    refused=[({"$a": 1}, "$")],
)
