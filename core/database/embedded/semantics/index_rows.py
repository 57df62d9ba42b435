"""The rows of values that a compound index holds for a document, and that a sort by several fields compares.

Fields under one array go element by element, together:
https://www.mongodb.com/docs/manual/core/indexes/index-types/index-multikey/#compound-multikey-indexes
"""

from collections.abc import Sequence
from typing import Any

from .errors import CommandError
from .paths import is_index
from .values import MISSING, UNDEFINED

Parts = tuple[str, ...]
Cell = tuple[Any, Parts | None]
"""A value, and the path still to go from it; None where it is not opened any more, though it may be an array."""


def index_rows(document: dict[str, Any], paths: Sequence[Parts]) -> tuple[list[list[Any]], set[int]]:
    """The rows, and the places in ``paths`` of those that led to or through an array.

    Raises CommandError CannotIndexParallelArrays where they lead to two arrays that do not contain one another.
    """
    arrays: set[int] = set()
    return _expand([(document, parts) for parts in paths], paths, arrays), arrays


def _expand(cells: list[Cell], paths: Sequence[Parts], arrays: set[int]) -> list[list[Any]]:
    walked = [_walk(value, parts) for value, parts in cells]
    opened = [place for place, (_, parts) in enumerate(walked) if parts is not None]
    if not opened:
        return [[value for value, _ in walked]]
    array = walked[opened[0]][0]
    for place in opened:
        if walked[place][0] is not array:
            names = " ".join(f"[{'.'.join(paths[one])}]" for one in (place, opened[0]))
            raise CommandError("CannotIndexParallelArrays", f"cannot index parallel arrays {names}")
    arrays.update(opened)
    rows: list[list[Any]] = []
    for item in array or [UNDEFINED]:
        below = [_element(item, parts) if parts is not None else (value, None) for value, parts in walked]
        rows += _expand(below, paths, arrays)
    return rows


def _walk(value: Any, parts: Parts | None) -> Cell:
    """Down to a value, or to the first array; a number in the path enters an array."""
    if parts is None:
        return value, None
    for place, part in enumerate(parts):
        if type(value) is dict:
            value = value.get(part, MISSING)
        elif type(value) is not list:
            return MISSING, None
        elif is_index(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return value, parts[place:]
    return value, () if type(value) is list else None


def _element(item: Any, parts: Parts) -> Cell:
    if not parts or item is UNDEFINED:
        return item, None
    return (item, parts) if type(item) is dict else (MISSING, None)
