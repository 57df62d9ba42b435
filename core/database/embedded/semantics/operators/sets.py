"""Arrays as sets: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#set-expression-operators"""

from collections.abc import Callable
from typing import Any

from ..errors import CommandError
from ..evaluation import Evaluate, Row, Scope, Variables, is_nullish
from ..values import type_name

Sets = list[dict[bytes, Any]]


def _row(name: str, compute: Callable[..., Any], *, count: int | None = None, null: bool = True) -> Row:
    """``compute`` gets each argument as a mapping of comparison keys to elements, the first of equal ones."""

    def row(argument: Any, scope: Scope) -> Evaluate:
        parts = [scope.compile(item) for item in (argument if type(argument) is list else [argument])]
        if count is not None and len(parts) != count:
            message = f"Expression {name} takes exactly {count} arguments. {len(parts)} were passed in."
            raise CommandError("Location16020", message)

        def evaluate(document: Any, variables: Variables) -> Any:
            values = [part(document, variables) for part in parts]
            if null and any(map(is_nullish, values)):
                return None
            return compute(*[_as_set(name, value, scope) for value in values])

        return evaluate

    return row


def _as_set(name: str, value: Any, scope: Scope) -> dict[bytes, Any]:
    if type(value) is not list:
        raise CommandError(
            "Location17043", f"All operands of {name} must be arrays. One argument is of type: {type_name(value)}"
        )
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
    if not sets:
        return []
    common = set(sets[0]).intersection(*sets[1:])
    return [sets[0][key] for key in sorted(common)]


def _difference(left: dict[bytes, Any], right: dict[bytes, Any]) -> list[Any]:
    return [item for key, item in left.items() if key not in right]


def _equals(*sets: dict[bytes, Any]) -> bool:
    return all(one.keys() == sets[0].keys() for one in sets)


def _is_subset(left: dict[bytes, Any], right: dict[bytes, Any]) -> bool:
    return left.keys() <= right.keys()


ROWS: dict[str, Row] = {
    "$setUnion": _row("$setUnion", _union),
    "$setIntersection": _row("$setIntersection", _intersection),
    "$setDifference": _row("$setDifference", _difference, count=2),
    "$setEquals": _row("$setEquals", _equals, null=False),
    "$setIsSubset": _row("$setIsSubset", _is_subset, count=2, null=False),
}
