"""True and false."""

from tests.graphql.case import Case
from tests.graphql.comparisons import NONE, equality

CASE = Case(
    annotation=bool,
    values=[False, True],
    filters=[*equality(False, True), ({"is": True}, [1]), ({"isNot": True}, [0, NONE]), ({"is": False}, [0])],
    refused=[("true", "Boolean cannot represent"), (1, "Boolean cannot represent")],
)
