"""What a list is asked for and what a page of it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core.coercion import refuse
from core.settings import Settings

Raw = dict[str, Any]
"""A document as it is stored, its keys those of the collection."""

MAX_OFFSET = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Sort:
    """One key of an order. ``field`` is a dotted wire path; ``nulls`` is where null and absent stand, by default
    MongoDB's: before every value, so first when ascending and last when descending."""

    field: str
    descending: bool = False
    nulls: Literal["first", "last"] | None = None


@dataclass(frozen=True, kw_only=True)
class Query:
    """A list somebody asks for. ``after`` is the ``end`` cursor of an earlier page with the same ``sorting``."""

    filter: Mapping[str, Any] | None = None
    search: str | None = None
    sorting: Sequence[Sort] = ()
    limit: int | None = None
    offset: int | None = None
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cursors:
    """Opaque places of the first and the last row; None on an empty page."""

    start: str | None = None
    end: str | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows of a list, in order, and what lies around them."""

    rows: list[Raw]
    has_next: bool
    has_previous: bool
    cursors: Cursors = field(default_factory=Cursors)


def limit_of(query: Query, settings: Settings) -> int:
    """How many rows: the default, clamped to the maximum; a filter that names ids gets every one it names.

    Raises:
        InputError: a negative limit.
    """
    named = _named_ids(query.filter)
    if query.limit is not None and not query.limit >= 0:
        raise refuse(("paging", "limit"), "invalid_value", "a limit is a whole number from 0")
    if named is not None:
        return named if query.limit is None else min(query.limit, named)
    return min(settings.page_size if query.limit is None else query.limit, settings.max_page_size)


def offset_of(query: Query) -> int:
    """How many rows to pass over.

    Raises:
        InputError: negative, or together with a cursor.
    """
    offset = query.offset or 0
    if not 0 <= offset <= MAX_OFFSET:
        raise refuse(("paging", "offset"), "invalid_value", "an offset is a whole number from 0")
    if offset and query.after is not None:
        raise refuse(("paging", "after"), "invalid_value", "give an offset or a cursor, not both")
    return offset


def _named_ids(given: Any) -> int | None:
    if not isinstance(given, Mapping):
        return None
    match dict(given):  # pyright: ignore[reportUnknownArgumentType]
        case {"id": {"in": [*ids]}}:
            return len(ids)
        case _:
            return None
