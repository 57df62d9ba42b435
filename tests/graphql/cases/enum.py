"""Enums: member names outside, values in storage; they sort by value."""

from enum import Enum

from tests.graphql.case import Case
from tests.graphql.comparisons import equality


class Colour(Enum):
    """A colour."""

    RED = "a"
    BLUE = "b"


CASE = Case(
    annotation=Colour,
    values=["RED", "BLUE"],
    filters=equality("RED", "BLUE"),
    refused=[("a", "does not exist"), ("GREEN", "does not exist")],
)
