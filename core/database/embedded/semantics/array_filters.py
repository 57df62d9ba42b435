"""``arrayFilters``: which elements ``$[identifier]`` stands for.

https://www.mongodb.com/docs/manual/reference/operator/update/positional-filtered/
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .clauses import LOGICAL, clauses
from .errors import bad, unparsable
from .matching import Match, Scope, compile_query
from .update_paths import Path, check_conflicts, check_ways, is_positional, must_be_array, value_at

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
    names = {name.split(".")[0] for name, _ in clauses(query) if name not in LOGICAL}
    if len(names) != 1:
        raise unparsable(f"Error parsing array filter: expected a single top-level field name, found {sorted(names)}")
    name = names.pop()
    if not _IDENTIFIER.fullmatch(name):
        rule = "must be an alphanumeric string beginning with a lowercase letter"
        raise bad(f"Error parsing array filter: the top-level field name {rule}, found '{name}'")
    return name


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


def concrete_paths(
    document: Any, paths: Sequence[Path], position: int | None, filters: Elements
) -> list[tuple[int, Path]]:
    """What the paths stand for in the document: the place of each in ``paths``, and one without flexible names.

    Two that meet at an element must not go on alike, be there something below it or not: CommandError otherwise.
    """
    found = list(enumerate(paths))
    for depth in range(max(map(len, paths), default=0)):
        if any(is_positional(part) for _, path in found for part in path[depth : depth + 1]):
            found = [
                (which, one) for which, path in found for one in _one_deeper(document, path, depth, position, filters)
            ]
            check_conflicts(path for _, path in found)
            check_ways(path for _, path in found)
    return found


def _one_deeper(document: Any, path: Path, depth: int, position: int | None, filters: Elements) -> Iterable[Path]:
    if depth >= len(path) or not is_positional(path[depth]):
        return (path,)
    before, after = path[:depth], path[depth + 1 :]
    return [(*before, str(place), *after) for place in _places(document, before, path[depth], position, filters)]


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
