"""Floating-point numbers."""

from tests.graphql.case import Case
from tests.graphql.comparisons import ordered

CASE = Case(
    annotation=float,
    values=[-1.5, 0, 1e300],
    filters=ordered(-1.5, 0, 1e300),
    refused=[("1", "Float cannot represent"), (float("nan"), "Float cannot represent")],
)
