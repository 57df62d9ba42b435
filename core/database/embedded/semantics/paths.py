"""Dotted paths, as queries read them: arrays on the way are opened, by position and element by element.

https://www.mongodb.com/docs/manual/core/document/#dot-notation
"""

from collections.abc import Iterator
from typing import Any

from .values import MISSING, UNDEFINED

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


def index_values(document: dict[str, Any], path: str) -> list[Any]:
    """The values an index on the path holds for the document: one an element of an array, UNDEFINED for an empty one.

    https://www.mongodb.com/docs/manual/core/indexes/index-types/index-multikey/
    """
    return list(_index_values(document, tuple(path.split("."))))


def _index_values(value: Any, parts: tuple[str, ...]) -> Iterator[Any]:
    if not parts:
        if type(value) is list:
            yield from value or [UNDEFINED]
        else:
            yield value
    elif type(value) is dict:
        yield from _index_values(value.get(parts[0], MISSING), parts[1:])
    elif type(value) is list:
        if is_index(parts[0]):
            at = int(parts[0])
            if at < len(value):
                yield from _index_values(value[at], parts[1:])
                return
        for item in value:
            yield from _index_values(item, parts) if type(item) is dict else (MISSING,)
        if not value:
            yield UNDEFINED
    else:
        yield MISSING
