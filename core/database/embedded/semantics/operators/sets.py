"""Arrays as sets: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#set-expression-operators"""

from collections.abc import Callable
from typing import Any

from ..errors import CommandError
from ..evaluation import Constant, Evaluate, Row, Scope, Variables, is_nullish
from ..values import type_name

Compute = Callable[..., Any]
"""Gets each argument as a mapping of comparison keys to elements, the first of equal ones."""


def _row(name: str, compute: Compute, codes: tuple[str, ...], *, count: int | None = None, null: bool = True) -> Row:
    """``codes`` are those for an argument that is no array, by its place; the last one for all further places."""

    def row(argument: Any, scope: Scope) -> Evaluate:
        parts = [scope.compile(item) for item in (argument if type(argument) is list else [argument])]
        if count is not None and len(parts) != count:
            message = f"Expression {name} takes exactly {count} arguments. {len(parts)} were passed in."
            raise CommandError("Location16020", message)

        def evaluate(document: Any, variables: Variables) -> Any:
            values = [part(document, variables) for part in parts]
            if null and count is not None and any(map(is_nullish, values)):
                return None
            sets: list[dict[bytes, Any]] = []
            for place, value in enumerate(values):
                if null and is_nullish(value):
                    return None
                sets.append(_as_set(name, codes[min(place, len(codes) - 1)], value, scope))
            return compute(*sets)

        return scope.fold(evaluate, parts)

    return row


def _set_equals(argument: Any, scope: Scope) -> Evaluate:
    """Refuses constants that are no arrays while compiling."""
    if type(argument) is not list or len(argument) < 2:
        raise CommandError("Location17045", "$setEquals needs at least two arguments")
    for part in map(scope.compile, argument):
        if isinstance(part, Constant):
            _as_set("$setEquals", "Location5887502", part.value, scope)
    return _row("$setEquals", _equals, ("Location17044",), null=False)(argument, scope)


def _as_set(name: str, code: str, value: Any, scope: Scope) -> dict[bytes, Any]:
    if type(value) is not list:
        raise CommandError(code, f"All operands of {name} must be arrays. One argument is of type: {type_name(value)}")
    found: dict[bytes, Any] = {}
    for item in value:
        found.setdefault(scope.key(item), item)
    return found


def _union(*sets: dict[bytes, Any]) -> list[Any]:
    found: dict[bytes, Any] = {}
    for one in sets:
        found = {**one, **found}
    return [found[key] for key in sorted(found)]


def _intersection(*sets: dict[bytes, Any]) -> list[Any]:
    """Of equal elements those of the smaller set stay."""
    found = sets[0] if sets else {}
    for other in sets[1:]:
        small, large = (found, other) if len(found) <= len(other) else (other, found)
        found = {key: item for key, item in small.items() if key in large}
    return [found[key] for key in sorted(found)]


def _difference(left: dict[bytes, Any], right: dict[bytes, Any]) -> list[Any]:
    return [item for key, item in left.items() if key not in right]


def _equals(*sets: dict[bytes, Any]) -> bool:
    return all(one.keys() == sets[0].keys() for one in sets)


def _is_subset(left: dict[bytes, Any], right: dict[bytes, Any]) -> bool:
    return left.keys() <= right.keys()


_SUBSET = ("Location17046", "Location17042")
ROWS: dict[str, Row] = {
    "$setUnion": _row("$setUnion", _union, ("Location17043",)),
    "$setIntersection": _row("$setIntersection", _intersection, ("Location17047",)),
    "$setDifference": _row("$setDifference", _difference, ("Location17048", "Location17049"), count=2),
    "$setEquals": _set_equals,
    "$setIsSubset": _row("$setIsSubset", _is_subset, _SUBSET, count=2, null=False),
}
