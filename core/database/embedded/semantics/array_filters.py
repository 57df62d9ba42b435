"""``arrayFilters``: which elements ``$[identifier]`` stands for.

https://www.mongodb.com/docs/manual/reference/operator/update/positional-filtered/
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .errors import bad, unparsable
from .matching import Match, Scope, compile_query
from .update_paths import Path, is_positional, must_be_array, value_at

_IDENTIFIER = re.compile(r"[a-z][a-zA-Z0-9]*")
Elements = Mapping[str, Callable[[Any], bool]]
"""Identifiers to tests of an element."""


def compile_array_filters(filters: Sequence[Any] | None, scope: Scope) -> Elements:
    """The tests by identifier; raises CommandError for malformed ones."""
    found: dict[str, Callable[[Any], bool]] = {}
    for each in filters or ():
        match = compile_query(each, replace(scope, inside=True))
        name = _identifier(each)
        if name in found:
            raise unparsable(f"Found multiple array filters with the same top-level field name {name}")
        found[name] = _element_test(name, match)
    return found


def _identifier(query: Mapping[str, Any]) -> str:
    if not query:
        raise unparsable("Cannot use an expression without a top-level field name in arrayFilters")
    names = set(_roots(query))
    if len(names) != 1:
        raise unparsable(f"Error parsing array filter: expected a single top-level field name, found {sorted(names)}")
    name = names.pop()
    if not _IDENTIFIER.fullmatch(name):
        rule = "must be an alphanumeric string beginning with a lowercase letter"
        raise bad(f"Error parsing array filter: the top-level field name {rule}, found '{name}'")
    return name


def _roots(query: Mapping[str, Any]) -> Iterable[str]:
    for name, operand in query.items():
        if name in ("$and", "$or", "$nor") and type(operand) is list:
            for part in operand:
                yield from _roots(part if type(part) is dict else {})
        else:
            yield name.split(".")[0]


def _element_test(name: str, match: Match) -> Callable[[Any], bool]:
    return lambda element: match({name: element})


def check_identifiers(paths: Iterable[Path], filters: Elements) -> None:
    """Each ``$[identifier]`` has its filter, each filter its use; raises CommandError otherwise."""
    used: set[str] = set()
    for path in paths:
        for part in path:
            if is_positional(part) and part not in ("$", "$[]"):
                if part[2:-1] not in filters:
                    raise bad(f"No array filter found for identifier '{part[2:-1]}' in path '{'.'.join(path)}'")
                used.add(part[2:-1])
    for name in filters:
        if name not in used:
            raise unparsable(f"The array filter for identifier '{name}' was not used in the update")


def concrete_paths(document: Any, path: Path, position: int | None, filters: Elements) -> list[Path]:
    """The paths without ``$``, ``$[]`` and ``$[identifier]`` that the path stands for in the document."""
    for depth, part in enumerate(path):
        if is_positional(part):
            before, after = path[:depth], path[depth + 1 :]
            places = _places(document, before, part, position, filters)
            return [
                found
                for place in places
                for found in concrete_paths(document, (*before, str(place), *after), position, filters)
            ]
    return [path]


def _places(document: Any, before: Path, part: str, position: int | None, filters: Elements) -> Iterable[int]:
    if part == "$":
        if position is None:
            raise bad("The positional operator did not find the match needed from the query.")
        return (position,)
    items = must_be_array(value_at(document, before), before, part)
    if part == "$[]":
        return range(len(items))
    test = filters[part[2:-1]]
    return [place for place, item in enumerate(items) if test(item)]
