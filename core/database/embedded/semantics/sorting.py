"""Sorting: https://www.mongodb.com/docs/manual/reference/method/cursor.sort/"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .collation import Collation
from .errors import CommandError, bad, unparsable, unsupported
from .index_rows import index_rows
from .keys import encode_key, invert
from .numbers import to_long
from .paths import index_values
from .projection_tree import split_path
from .values import exact, is_number

SortKey = Callable[[dict[str, Any]], bytes]
Score = Callable[[dict[str, Any]], float]


def compile_sort(spec: Mapping[str, Any], collation: Collation | None = None, *, score: Score | None = None) -> SortKey:
    """A key for ``sorted``: bytes, equal to those of an index on the same fields in the same directions.

    An array counts as its least element upwards, its greatest downwards; a missing field is null. ``score`` is the text
    score of the command's ``$text``.
    """
    if not spec:
        raise bad("the sort specification must not be empty")
    if sum(type(direction) is not dict for direction in spec.values()) > _MOST_FIELDS:
        raise CommandError("Location13103", f"too many compound keys: a sort may have {_MOST_FIELDS}")
    rows = [_row(path, direction, collation, score) for path, direction in spec.items()]
    if len(rows) == 1:
        return _single(rows[0])
    return _compound(rows)


_MOST_FIELDS = 32


def sort_direction(value: Any) -> int:
    """1 or -1 from what a sort specification says; fractions do not count."""
    if not is_number(value):
        raise CommandError("Location15974", f"Illegal key in $sort specification: {value!r}")
    if to_long(value) not in (1, -1):
        raise CommandError("Location15975", "$sort key ordering must be 1 (for ascending) or -1 (for descending)")
    return to_long(value)


def direction_of(value: Any) -> int:
    """1 or -1, exactly that."""
    if not is_number(value) or exact(value) not in (1, -1):
        raise bad("$sort key ordering must be 1 (for ascending) or -1 (for descending)")
    return int(exact(value))


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One field of a sort: all its values in a document, and the key of one value."""

    parts: tuple[str, ...]
    values: Callable[[dict[str, Any]], list[Any]]
    key: Callable[[Any], bytes]


def _row(path: str, direction: Any, collation: Collation | None, score: Score | None) -> _Row:
    if type(direction) is dict:
        return _by_score(direction, score)
    upwards, key = sort_direction(direction) > 0, partial(encode_key, collation=collation)
    return _Row(
        parts=split_path(path),
        values=lambda document: index_values(document, path),
        key=key if upwards else lambda value: invert(key(value)),
    )


_META = ("randVal", "geoNearDistance", "searchScore", "vectorSearchScore", "score")


def _by_score(direction: dict[str, Any], score: Score | None) -> _Row:
    if "$meta" not in direction:
        raise CommandError("Location17312", "$meta is the only expression supported by $sort right now")
    if len(direction) > 1:
        raise unparsable("Cannot have additional keys in a $meta sort specification")
    if direction["$meta"] in _META:
        raise unsupported(f"sort by {direction!r}")
    if direction["$meta"] != "textScore":
        raise CommandError("Location31138", f"Illegal $meta sort: {direction!r}")
    if score is None:
        raise CommandError("Location40218", "query requires text score metadata, but it is not available")
    return _Row(parts=(), values=lambda document: [score(document)], key=lambda value: invert(encode_key(value)))


def _single(row: _Row) -> SortKey:
    return lambda document: _least(row, row.values(document))


def _compound(rows: list[_Row]) -> SortKey:
    def sort_key(document: dict[str, Any]) -> bytes:
        columns = [row.values(document) for row in rows]
        if sum([len(column) > 1 for column in columns]) > 1:
            return min(_joint_keys(rows, document))
        return b"".join([_least(row, column) for row, column in zip(rows, columns, strict=True)])

    return sort_key


def _least(row: _Row, column: list[Any]) -> bytes:
    return row.key(column[0]) if len(column) == 1 else min(map(row.key, column))


def _joint_keys(rows: list[_Row], document: dict[str, Any]) -> Iterator[bytes]:
    """The keys of an index on the fields: those under one array take its elements together."""
    try:
        joint, _ = index_rows(document, [row.parts for row in rows if row.parts])
    except CommandError:
        raise bad("cannot sort with keys that are parallel arrays") from None
    for found in joint:
        values = iter(found)
        yield b"".join([row.key(next(values) if row.parts else row.values(document)[0]) for row in rows])
