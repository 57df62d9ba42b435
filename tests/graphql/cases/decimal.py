"""Exact decimal numbers: text, so that no digit is lost."""

from decimal import Decimal

from tests.graphql.case import Case
from tests.graphql.comparisons import ordered

CASE = Case(
    annotation=Decimal,
    values=["-0.10", "9.99", "12345678901234567890.123456789"],
    filters=ordered("-0.1", "9.99", "12345678901234567890.123456789"),
    refused=[("NaN", "Decimal cannot represent"), ("1,5", "Decimal cannot represent"), (True, "Decimal")],
)
