"""Whole numbers of 32 bits."""

from tests.graphql.case import Case
from tests.graphql.comparisons import ordered

CASE = Case(
    annotation=int,
    values=[-(2**31), 0, 2**31 - 1],
    filters=ordered(-(2**31), 0, 2**31 - 1),
    refused=[
        ("1", "Int cannot represent"),
        (1.5, "Int cannot represent"),
        (2**31, "Int cannot represent"),
        (True, "Int"),
    ],
)
