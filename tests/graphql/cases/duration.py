"""Lengths of time."""

from datetime import timedelta

from tests.graphql.case import Case
from tests.graphql.comparisons import ordered

CASE = Case(
    annotation=timedelta,
    values=["-PT1S", 90, "P1DT0.5S"],
    shown=["-PT1S", "PT90S", "P1DT0.5S"],
    filters=ordered("-PT1S", "PT1M30S", "P1DT0.5S"),
    refused=[("1:30", "Duration cannot represent"), (True, "Duration cannot represent")],
)
