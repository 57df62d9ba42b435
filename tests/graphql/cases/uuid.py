"""UUIDs."""

from uuid import UUID

from tests.graphql.case import Case
from tests.graphql.comparisons import equality

FIRST, SECOND = "00000000-0000-4000-8000-000000000001", "ffffffff-ffff-4fff-8fff-ffffffffffff"

CASE = Case(
    annotation=UUID, values=[FIRST, SECOND], filters=equality(FIRST, SECOND), refused=[("x", "UUID cannot represent")]
)
