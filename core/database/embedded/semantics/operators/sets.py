"""Arrays as sets: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#set-expression-operators"""

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import CommandError
from ..evaluation import Constant, Evaluate, Row, Scope, Variables, is_nullish
from ..values import type_name

Compute = Callable[..., Any]
"""Gets each argument as a mapping of comparison keys to elements, the first of equal ones."""


def _operands(argument: Any, scope: Scope) -> list[Evaluate]:
    return [scope.compile(item) for item in (argument if type(argument) is list else [argument])]


def _pair(name: str, compute: Compute, *codes: str, null: bool) -> Row:
    """An operator on two sets. ``codes`` are those for a first and a second argument that is no array."""

    def row(argument: Any, scope: Scope) -> Evaluate:
        parts = _operands(argument, scope)
        if len(parts) != 2:
            message = f"Expression {name} takes exactly 2 arguments. {len(parts)} were passed in."
            raise CommandError("Location16020", message)

        def evaluate(document: Any, variables: Variables) -> Any:
            values = [part(document, variables) for part in parts]
            if null and any(map(is_nullish, values)):
                return None
            return compute(*[_as_set(name, code, value, scope) for code, value in zip(codes, values, strict=True)])

        return scope.fold(evaluate, parts)

    return row


def _commutative(name: str, compute: Compute, code: str) -> Row:
    """An operator on any number of sets.

    MongoDB puts constants behind all other arguments, and makes one of them: it shows in which of equal elements stays,
    and where both null and what is no array are among the arguments.
    """

    def row(argument: Any, scope: Scope) -> Evaluate:
        parts = _operands(argument, scope)
        constants = [part for part in parts if isinstance(part, Constant)]
        if len(constants) > 1:
            constants = [scope.fold(_of_all(constants, scope), constants)]
        parts = [*(part for part in parts if not isinstance(part, Constant)), *constants]
        return scope.fold(_of_all(parts, scope), parts)

    def _of_all(parts: Sequence[Evaluate], scope: Scope) -> Evaluate:
        def evaluate(document: Any, variables: Variables) -> Any:
            sets: list[dict[bytes, Any]] = []
            for part in parts:
                value = part(document, variables)
                if is_nullish(value):
                    return None
                sets.append(_as_set(name, code, value, scope))
            return compute(*sets)

        return evaluate

    return row


def _set_equals(argument: Any, scope: Scope) -> Evaluate:
    """A constant is compared with first, and refused while compiling if it is no array."""
    if type(argument) is not list or len(argument) < 2:
        raise CommandError("Location17045", "$setEquals needs at least two arguments")
    parts = _operands(argument, scope)
    constants = [part for part in parts if isinstance(part, Constant)]
    for part in constants:
        _as_set("$setEquals", "Location5887502", part.value, scope)
    first = next(iter(constants), parts[0])
    others = [part for part in parts if part is not first]

    def keys(part: Evaluate, document: Any, variables: Variables) -> Any:
        return _as_set("$setEquals", "Location17044", part(document, variables), scope).keys()

    def evaluate(document: Any, variables: Variables) -> Any:
        wanted = keys(first, document, variables)
        return all(keys(part, document, variables) == wanted for part in others)

    return scope.fold(evaluate, parts)


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


def _is_subset(left: dict[bytes, Any], right: dict[bytes, Any]) -> bool:
    return left.keys() <= right.keys()


ROWS: dict[str, Row] = {
    "$setUnion": _commutative("$setUnion", _union, "Location17043"),
    "$setIntersection": _commutative("$setIntersection", _intersection, "Location17047"),
    "$setDifference": _pair("$setDifference", _difference, "Location17048", "Location17049", null=True),
    "$setEquals": _set_equals,
    "$setIsSubset": _pair("$setIsSubset", _is_subset, "Location17046", "Location17042", null=False),
}
