"""The time of a run is the database's, so that clocks of several machines need not agree.

https://www.mongodb.com/docs/manual/reference/aggregation-variables/#mongodb-variable-variable.NOW
"""

from collections.abc import Mapping
from typing import Any

NOW = "$$NOW"


def later(seconds: float) -> dict[str, Any]:
    """That long from now."""
    return {"$add": [NOW, round(seconds * 1000)]}


def is_past(field: str) -> dict[str, Any]:
    """A query for documents whose moment ``field`` is not in the future."""
    return {"$expr": {"$lte": [f"${field}", NOW]}}


def is_older(field: str, seconds: float) -> dict[str, Any]:
    """A query for documents whose moment ``field`` lies further back."""
    return {"$expr": {"$lt": [f"${field}", {"$subtract": [NOW, round(seconds * 1000)]}]}}


def literally(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are: in an update pipeline a text that begins with ``$`` would be an expression."""
    return {name: {"$literal": value} for name, value in fields.items()}
