"""Calendar dates."""

from datetime import date

from tests.graphql.case import Case
from tests.graphql.comparisons import ordered

CASE = Case(
    annotation=date,
    values=["1900-03-01", "2024-02-29", "2026-01-01"],
    filters=ordered("1900-03-01", "2024-02-29", "2026-01-01"),
    refused=[("2026-02-30", "Date cannot represent"), ("20260101", "Date cannot represent"), (5, "Date")],
)
