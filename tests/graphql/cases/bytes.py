"""Bytes: base64."""

from tests.graphql.case import Case
from tests.graphql.comparisons import equality

CASE = Case(
    annotation=bytes,
    values=["AAECAwT/", ""],
    filters=equality("AAECAwT/", ""),
    sortable=False,
    refused=[("a", "Bytes cannot represent"), ("-_-_", "Bytes cannot represent")],
)
