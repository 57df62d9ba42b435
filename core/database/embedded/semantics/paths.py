"""Dotted paths, as queries read them: arrays on the way are opened, by position and element by element.

https://www.mongodb.com/docs/manual/core/document/#dot-notation
"""

from collections.abc import Iterator
from typing import Any

from .values import MISSING

REFERENCE_FIELDS = frozenset({"$ref", "$id", "$db"})
"""The fields of a DBRef: the only names in paths that may begin with a dollar."""


def is_index(part: str) -> bool:
    """A path component that can name a place in an array: digits, without leading zeros."""
    return part.isascii() and part.isdigit() and (part == "0" or part[0] != "0")


def candidates(document: Any, parts: tuple[str, ...], *, open_last: bool = True) -> Iterator[Any]:
    """Every value that a predicate on the path is tried on; MISSING where the path ends in nothing.

    With ``open_last`` an array at the end gives its elements, then itself.
    """
    for place, part in enumerate(parts):
        document = document.get(part, MISSING) if type(document) is dict else MISSING
        if type(document) is list:
            yield from _in_array(document, parts[place + 1 :], open_last)
            return
    yield document


def _in_array(array: list[Any], rest: tuple[str, ...], open_last: bool) -> Iterator[Any]:
    if not rest:
        if open_last:
            yield from array
        yield array
        return
    at = int(rest[0]) if is_index(rest[0]) else -1
    for place, item in enumerate(array):
        if type(item) is dict:
            yield from candidates(item, rest, open_last=open_last)
        if place != at:
            continue
        if len(rest) == 1:
            yield item  # an array named by its position is not opened
        elif type(item) is dict:
            yield from candidates(item, rest[1:], open_last=open_last)
        elif type(item) is list:
            yield from _in_array(item, rest[1:], open_last)


def value_at(value: Any, parts: tuple[str, ...]) -> Any:
    """The one value at a path on which numbers are places of arrays, which are not opened; MISSING if there is none."""
    for part in parts:
        if type(value) is dict:
            value = value.get(part, MISSING)
        elif type(value) is list and is_index(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def path_values(document: dict[str, Any], path: str) -> list[Any]:
    """The values a path leads to, those of an array at its end one by one: for ``distinct`` and joins.

    A number is the place in an array wherever it can be.
    """
    return list(_path_values(document, tuple(path.split("."))))


def _path_values(value: Any, parts: tuple[str, ...]) -> Iterator[Any]:
    for place, part in enumerate(parts):
        if type(value) is list:
            if is_index(part):
                value = value[int(part)] if int(part) < len(value) else MISSING
                continue
            for item in value:
                if type(item) is dict:
                    yield from _path_values(item, parts[place:])
            return
        value = value.get(part, MISSING) if type(value) is dict else MISSING
    if type(value) is list:
        yield from value
    elif value is not MISSING:
        yield value
