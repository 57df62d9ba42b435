"""Literals: values that are no GraphQL names get member names."""

from typing import Literal

from tests.graphql.case import Case
from tests.graphql.comparisons import equality

CASE = Case(
    annotation=Literal["1 full-time", "2"],
    values=["VALUE_1_FULL_TIME", "VALUE_2"],
    filters=equality("VALUE_1_FULL_TIME", "VALUE_2"),
    refused=[("2", "does not exist")],
)
