"""Keys of documents, as fields."""

from beanie import PydanticObjectId

from tests.graphql.case import Case
from tests.graphql.comparisons import ordered

VALUES = ["000000000000000000000001", "507f1f77bcf86cd799439011", "ffffffffffffffffffffffff"]

CASE = Case(annotation=PydanticObjectId, values=VALUES, filters=ordered(*VALUES), refused=[("x", "")])
