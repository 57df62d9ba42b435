"""Times of day."""

from datetime import time

from tests.graphql.case import Case
from tests.graphql.comparisons import ordered

CASE = Case(
    annotation=time,
    values=["00:00:00", "09:30:00.5", "23:59:59"],
    shown=["00:00:00", "09:30:00.500000", "23:59:59"],
    filters=ordered("00:00:00", "09:30:00.5", "23:59:59"),
    refused=[("24:00", "Time cannot represent"), (5, "Time cannot represent")],
)
