"""Moments with their UTC offset."""

from datetime import datetime

from tests.graphql.case import Case
from tests.graphql.comparisons import ordered

CASE = Case(
    annotation=datetime,
    values=["1969-12-31T23:59:59Z", "2026-02-28T12:00:00.250+02:00", "2026-02-28T11:00:00Z"],
    shown=["1969-12-31T23:59:59+00:00", "2026-02-28T10:00:00.250000+00:00", "2026-02-28T11:00:00+00:00"],
    filters=ordered("1969-12-31T23:59:59Z", "2026-02-28T10:00:00.250Z", "2026-02-28T12:00:00+01:00"),
    refused=[("2026-02-28T12:00:00", "UTC offset"), ("soon", "DateTime cannot represent"), (5, "DateTime")],
)
