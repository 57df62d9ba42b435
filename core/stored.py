"""Rows as the database sees them: for Mongo queries that are asked of a document in hand instead of a collection."""

from collections.abc import Mapping
from typing import Any

import bson

from core.database.codec import CODEC
from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.matching import Match, compile_filter
from core.database.embedded.semantics.values import decode
from core.errors import Unavailable


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row in the types a compiled query compares."""
    return decode(bson.encode(row, codec_options=CODEC))


def compile_match(query: Mapping[str, Any]) -> Match:
    """A Mongo query as a function of a ``plain`` row.

    Raises:
        Unavailable: the query uses an operator that only a server can evaluate; a row filter must not, where documents
            are written or followed live.
    """
    try:
        return compile_filter(plain(query))
    except CommandError as error:
        raise Unavailable(f"a row filter uses what cannot be checked on a single document: {error}") from error


def matches(query: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    """Whether a row matches a Mongo query."""
    return not query or compile_match(query)(plain(row))
