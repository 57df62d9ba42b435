"""Whole numbers of 64 bits: declared bounds say that 32 are not enough."""

from tests.graphql.case import Case
from tests.graphql.comparisons import ordered

CASE = Case(
    annotation=int,
    field_options={"ge": -(2**63), "le": 2**63 - 1},
    values=[-(2**63), 2**53 + 1, "9223372036854775807"],
    shown=[-(2**63), 2**53 + 1, 2**63 - 1],
    filters=ordered(-(2**63), 2**53 + 1, 2**63 - 1),
    refused=[(2**63, "64 bits"), ("1.0", "64 bits"), (True, "64 bits")],
)
