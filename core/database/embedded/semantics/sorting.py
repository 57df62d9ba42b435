"""Sorting: https://www.mongodb.com/docs/manual/reference/method/cursor.sort/"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .collation import Collation
from .errors import CommandError, bad, unparsable, unsupported
from .index_rows import index_rows, walk
from .keys import encode_key, invert
from .numbers import to_long
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
    """One field of a sort, or the text score, and the key of one value."""

    parts: tuple[str, ...]
    key: Callable[[Any], bytes]
    score: Score | None = None


def _row(path: str, direction: Any, collation: Collation | None, score: Score | None) -> _Row:
    if type(direction) is dict:
        return _by_score(direction, score)
    upwards, key = sort_direction(direction) > 0, partial(encode_key, collation=collation)
    return _Row(parts=split_path(path), key=key if upwards else lambda value: invert(key(value)))


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
    return _Row(parts=(), score=score, key=lambda value: invert(encode_key(value)))


def _single(row: _Row) -> SortKey:
    parts, key, score = row.parts, row.key, row.score
    if score is not None:
        return lambda document: key(score(document))

    def sort_key(document: dict[str, Any]) -> bytes:
        value, through = walk(document, parts)
        return key(value) if through is None else min(_keys([row], document))

    return sort_key


def _compound(rows: list[_Row]) -> SortKey:
    def sort_key(document: dict[str, Any]) -> bytes:
        keys: list[bytes] = []
        for row in rows:
            value, through = (row.score(document), None) if row.score is not None else walk(document, row.parts)
            if through is not None:
                return min(_keys(rows, document))
            keys.append(row.key(value))
        return b"".join(keys)

    return sort_key


def _keys(rows: list[_Row], document: dict[str, Any]) -> Iterator[bytes]:
    """The keys of an index on the fields: those under one array take its elements together."""
    try:
        found, _ = index_rows(document, [row.parts for row in rows if row.score is None])
    except CommandError as error:
        if error.code_name != "CannotIndexParallelArrays":
            raise
        raise bad("cannot sort with keys that are parallel arrays") from None
    for line in found:
        values = iter(line)
        yield b"".join([row.key(row.score(document) if row.score is not None else next(values)) for row in rows])
