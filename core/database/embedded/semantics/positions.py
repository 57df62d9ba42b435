"""Which element of an array a query matched: what the positional ``$`` of updates and projections stands for.

https://www.mongodb.com/docs/manual/reference/operator/update/positional/
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bson import Regex

from .matching import Scope, compile_query, is_operators
from .paths import is_index
from .values import MISSING

Position = Callable[[dict[str, Any]], int | None]
_OF_NO_ELEMENT = frozenset({"$ne", "$nin", "$not", "$exists", "$size", "$options"})


def compile_position(query: Mapping[str, Any], scope: Scope | None = None) -> Position:
    """A function that gives the place of the first element the query matched, None where no array was involved.

    Where conditions on several arrays match, the last one counts.
    """
    return _last(_positions(query, scope or Scope()))


def _last(positions: list[Position]) -> Position:
    def position(document: dict[str, Any]) -> int | None:
        found: int | None = None
        for each in positions:
            place = each(document)
            found = place if place is not None else found
        return found

    return position


def _positions(query: Mapping[str, Any], scope: Scope) -> list[Position]:
    positions: list[Position] = []
    for name, operand in query.items():
        if name == "$and":
            positions += [position for part in operand for position in _positions(part, scope)]
        elif name == "$or":
            positions.append(_of_alternatives(operand, scope))
        elif not name.startswith("$"):
            positions += [_of_clause(name, clause, scope) for clause in _clauses(operand)]
    return positions


def _of_alternatives(queries: list[Any], scope: Scope) -> Position:
    alternatives = [(compile_query(query, scope), _last(_positions(query, scope))) for query in queries]

    def position(document: dict[str, Any]) -> int | None:
        return next((place(document) for match, place in alternatives if match(document)), None)

    return position


def _clauses(operand: Any) -> list[Any]:
    """The conditions on a field one by one, without those no single element fulfils."""
    if isinstance(operand, Regex | re.Pattern) or not is_operators(operand):
        return [operand]
    clauses: list[Any] = []
    for name, argument in operand.items():
        if name == "$all":
            clauses += [item if is_operators(item) else {"$eq": item} for item in argument]
        elif name == "$regex":
            clauses.append({key: operand[key] for key in ("$regex", "$options") if key in operand})
        elif name not in _OF_NO_ELEMENT:
            clauses.append({name: argument})
    return clauses


def _of_clause(path: str, clause: Any, scope: Scope) -> Position:
    parts = tuple(path.split("."))
    match = compile_query({path: clause}, scope)

    def position(document: dict[str, Any]) -> int | None:
        depth, array = _first_array(document, parts)
        if array is None:
            return None
        return next((at for at, item in enumerate(array) if match(_nested(parts[:depth], [item]))), None)

    return position


def _first_array(document: Any, parts: tuple[str, ...]) -> tuple[int, list[Any] | None]:
    """The first array on the path that the path does not enter by position, and how deep it lies."""
    for depth, part in enumerate(parts):
        if type(document) is dict:
            document = document.get(part, MISSING)
        elif type(document) is list and is_index(part) and int(part) < len(document):
            document = document[int(part)]
        if type(document) is list and not (depth + 1 < len(parts) and is_index(parts[depth + 1])):
            return depth + 1, document
    return 0, None


def _nested(parts: tuple[str, ...], value: Any) -> dict[str, Any]:
    for part in reversed(parts):
        value = {part: value}
    return value
