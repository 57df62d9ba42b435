"""Which element of an array a query matched: what the positional ``$`` of updates and projections stands for.

MongoDB tries the conditions of a filter in an order of its own, by operator and then by path, and the last one that met
an element of an array counts. https://www.mongodb.com/docs/manual/reference/operator/update/positional/
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bson import Regex

from .comparisons import Predicate
from .errors import unsupported
from .matching import Scope, compile_element, compile_query, is_operators
from .paths import is_index
from .values import MISSING

Position = Callable[[dict[str, Any]], int | None]
_ORDER = (
    "$elemMatch", "$size", "$eq", "$lte", "$lt", "$gt", "$gte", "$regex", "$mod", "$exists", "$in", "$bitsAllSet",
    "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear", "$type",
)  # fmt: skip
"""Operators that one element can fulfil, in the order in which they are tried."""
Condition = tuple[str, str, Any]
"""Path, operator, argument."""


def compile_position(query: Mapping[str, Any], scope: Scope | None = None) -> Position:
    """A function that gives the place of the element the query matched, None where no array was involved."""
    conditions = sorted(_conditions(query), key=lambda condition: (_ORDER.index(condition[1]), condition[0]))
    positions = [_of_condition(condition, scope or Scope()) for condition in conditions]

    def position(document: dict[str, Any]) -> int | None:
        found: int | None = None
        for each in positions:
            place = each(document)
            found = place if place is not None else found
        return found

    return position


def _conditions(query: Mapping[str, Any]) -> list[Condition]:
    conditions: list[Condition] = []
    for name, operand in query.items():
        if name == "$and":
            conditions += [condition for part in _queries(operand) for condition in _conditions(part)]
        elif name == "$or":
            conditions += _of_alternatives(_queries(operand))
        elif not name.startswith("$"):
            conditions += [(name, operator, argument) for operator, argument in _operators(operand)]
    return conditions


def _queries(operand: Any) -> list[Any]:
    """The parts of an ``$and`` or ``$or``; what is no query is refused where the filter is compiled."""
    return [part for part in operand if isinstance(part, Mapping)] if isinstance(operand, list) else []


def _of_alternatives(queries: list[Any]) -> list[Condition]:
    """An ``$or`` says nothing of elements, unless it is in truth one condition: a single query, or an ``$in``."""
    if len(queries) == 1:
        return _conditions(queries[0])
    members = [member for query in queries if (member := _member(query)) is not None]
    paths = {path for path, _ in members}
    if len(members) < len(queries) or len(paths) != 1:
        return []
    return [(paths.pop(), "$in", [value for _, value in members])]


def _member(query: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Path and value of an alternative that can stand among others in one ``$in``: an equality, or a pattern."""
    if len(query) != 1:
        return None
    ((path, operand),) = query.items()
    if path in ("$and", "$or"):
        parts = _queries(operand)
        return _member(parts[0]) if len(parts) == 1 else None
    if path.startswith("$"):
        return None
    if not is_operators(operand):
        return path, operand
    if operand.keys() <= {"$regex", "$options"}:
        return path, _pattern(operand)
    if len(operand) != 1:
        return None
    ((operator, argument),) = operand.items()
    if operator in ("$in", "$all") and isinstance(argument, list) and len(argument) == 1:
        return None if is_operators(argument[0]) else (path, argument[0])
    return (path, argument) if operator == "$eq" and not isinstance(argument, Regex) else None


def _pattern(clause: Mapping[str, Any]) -> Any:
    """The pattern as one value."""
    pattern: Any = clause.get("$regex")
    if "$options" not in clause:
        return Regex(pattern) if type(pattern) is str else pattern
    return Regex(pattern.pattern if isinstance(pattern, Regex) else pattern, clause["$options"])


def _operators(operand: Any) -> list[tuple[str, Any]]:
    """The conditions on a field one by one, without those no single element fulfils."""
    if isinstance(operand, Regex | re.Pattern):
        return [("$regex", operand)]
    if not is_operators(operand):
        return [("$eq", operand)]
    found: list[tuple[str, Any]] = []
    for name, argument in operand.items():
        if name == "$all" and isinstance(argument, list):
            found += [pair for item in argument for pair in _operators(item)]
        elif name == "$regex":
            found.append((name, {key: operand[key] for key in ("$regex", "$options") if key in operand}))
        elif name in _ORDER and (name != "$exists" or argument):
            found.append((name, argument))
    return found


def _of_condition(condition: Condition, scope: Scope) -> Position:
    path, operator, argument = condition
    parts = tuple(path.split("."))
    clause = argument if operator == "$regex" and type(argument) is dict else {operator: argument}
    below = compile_query({path: clause}, scope)
    element = _element_test(operator, argument, clause, scope)

    def position(document: dict[str, Any]) -> int | None:
        depth, array = _first_array(document, parts)
        if array is None:
            return None
        if depth == len(parts):
            return next((at for at, item in enumerate(array) if element(item)), None)
        return next((at for at, item in enumerate(array) if below(_nested(parts[:depth], [item]))), None)

    return position


def _element_test(operator: str, argument: Any, clause: Any, scope: Scope) -> Predicate:
    """The test of an element of the array at the end of the path."""
    if operator == "$size":  # is of the array itself
        return lambda item: False
    return compile_element(argument if operator == "$elemMatch" else clause, scope)


def _first_array(document: Any, parts: tuple[str, ...]) -> tuple[int, list[Any] | None]:
    """The first array on the path that the path does not enter by position, and how deep it lies."""
    for depth, part in enumerate(parts):
        if type(document) is dict:
            document = document.get(part, MISSING)
        elif type(document) is list and is_index(part) and int(part) < len(document):
            document = document[int(part)]
        if type(document) is list:
            following = parts[depth + 1] if depth + 1 < len(parts) else ""
            if not is_index(following):
                return depth + 1, document
            if any(type(item) is dict and following in item for item in document):
                raise unsupported(f"positional $ on a path with '{following}', a place and a name at once")
    return 0, None


def _nested(parts: tuple[str, ...], value: Any) -> dict[str, Any]:
    for part in reversed(parts):
        value = {part: value}
    return value
