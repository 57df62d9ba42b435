"""The rows of values that an index holds for a document, and that a sort compares.

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
"""A value, and the path still to go from it: through this array; None where the value is what the path leads to."""


def index_rows(document: dict[str, Any], paths: Sequence[Parts]) -> tuple[list[list[Any]], set[int]]:
    """The rows, and the places in ``paths`` of those that led to or through an array.

    A field that is not there is MISSING, an empty array UNDEFINED. Raises CommandError CannotIndexParallelArrays where
    the paths lead to two arrays that do not contain one another, and 16746 where a number in a path may be a place as
    well as a name.
    """
    arrays: set[int] = set()
    return _expand([walk(document, parts) for parts in paths], paths, arrays, whole=False), arrays


def walk(value: Any, parts: Parts) -> Cell:
    """Down to a value, or to the first array."""
    for place, part in enumerate(parts):
        if type(value) is list:
            return value, parts[place:]
        value = value.get(part, MISSING) if type(value) is dict else MISSING
    return value, () if type(value) is list else None


def _expand(cells: list[Cell], paths: Sequence[Parts], arrays: set[int], *, whole: bool) -> list[list[Any]]:
    """``whole``: an array that a path names by its place in an array is kept, not opened."""
    opened = [place for place, (_, parts) in enumerate(cells) if parts is not None]
    if not opened:
        return [[value for value, _ in cells]]
    array: list[Any] = cells[opened[0]][0]
    _check_parallel(cells, opened, paths)
    placed = {place: _placed(array, cells[place][1] or ()) for place in opened}
    arrays.update(place for place, (_, found) in placed.items() if found is None and (cells[place][1] or not whole))
    rows: list[list[Any]] = []
    for item in array or [UNDEFINED]:
        below = list(cells)
        inner = False
        for place, (nested, found) in placed.items():
            parts = cells[place][1]
            if not parts:
                below[place] = (array if whole and array else item, None)
                continue
            here = type(item) is dict and parts[0] in item
            if here and found is not None:
                raise _ambiguous(parts[0], array)
            below[place] = walk(item, parts) if here else found or (MISSING, None)
            inner = inner or (nested and not here)
        rows += _expand(below, paths, arrays, whole=inner)
    return rows


def _placed(array: list[Any], parts: Parts) -> tuple[bool, Cell | None]:
    """Where a path leads that names a place in the array, and whether an array lies there; None if it names none."""
    if not parts or not is_index(parts[0]) or int(parts[0]) >= len(array):
        return False, None
    item = array[int(parts[0])]
    return type(item) is list, walk(item, parts[1:])


def _check_parallel(cells: list[Cell], opened: list[int], paths: Sequence[Parts]) -> None:
    for place in opened:
        if cells[place][0] is not cells[opened[0]][0]:
            names = " ".join(f"[{'.'.join(paths[one])}]" for one in (place, opened[0]))
            raise CommandError("CannotIndexParallelArrays", f"cannot index parallel arrays {names}")


def _ambiguous(name: str, array: list[Any]) -> CommandError:
    message = (
        "Ambiguous field name found in array (do not use numeric field names in embedded elements in an array), "
        f"field: '{name}' for array: {array!r:.300}"
    )
    return CommandError("Location16746", message)
