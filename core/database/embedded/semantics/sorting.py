"""Sorting: https://www.mongodb.com/docs/manual/reference/method/cursor.sort/"""

from collections.abc import Callable, Mapping
from typing import Any

from .collation import Collation
from .errors import CommandError, bad, unsupported
from .keys import encode_key, invert
from .paths import index_values
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
    rows = [_row(path, direction, collation, score) for path, direction in spec.items()]
    if len(rows) == 1:
        return rows[0]
    return lambda document: b"".join([row(document) for row in rows])


def direction_of(value: Any) -> int:
    """1 or -1 from what a sort specification says."""
    if not is_number(value) or exact(value) not in (1, -1):
        raise bad("$sort key ordering must be 1 (for ascending) or -1 (for descending)")
    return int(exact(value))


def _row(path: str, direction: Any, collation: Collation | None, score: Score | None) -> SortKey:
    if type(direction) is dict:
        return _by_score(direction, score)
    if path.startswith("$") or not all(path.split(".")):
        raise unsupported(f"sort by {path!r}")
    if direction_of(direction) > 0:
        return lambda document: min([encode_key(value, collation) for value in index_values(document, path)])
    return lambda document: invert(max([encode_key(value, collation) for value in index_values(document, path)]))


def _by_score(direction: dict[str, Any], score: Score | None) -> SortKey:
    if direction != {"$meta": "textScore"}:
        raise unsupported(f"sort by {direction!r}")
    if score is None:
        raise CommandError("Location40218", "query requires text score metadata, but it is not available")
    return lambda document: invert(encode_key(score(document)))
