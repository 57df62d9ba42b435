"""Comparison of any two values: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#comparison-expression-operators

There is no type bracketing here: all values have one order, and a missing field is below null.
"""

import operator
from collections.abc import Callable
from typing import Any

from ..errors import CommandError
from ..evaluation import Evaluate, Row, Scope, Variables


def _pair(name: str, argument: Any, scope: Scope) -> tuple[Evaluate, Evaluate]:
    if type(argument) is not list or len(argument) != 2:
        count = len(argument) if type(argument) is list else 1
        raise CommandError("Location16020", f"Expression {name} takes exactly 2 arguments. {count} were passed in.")
    return scope.compile(argument[0]), scope.compile(argument[1])


def _equality(name: str, wanted: bool) -> Row:
    def row(argument: Any, scope: Scope) -> Evaluate:
        left, right = _pair(name, argument, scope)
        equal = scope.equal
        return lambda document, variables: equal(left(document, variables), right(document, variables)) == wanted

    return row


def _order(name: str, holds: Callable[[bytes, bytes], Any]) -> Row:
    def row(argument: Any, scope: Scope) -> Evaluate:
        left, right = _pair(name, argument, scope)
        key = scope.key

        def evaluate(document: Any, variables: Variables) -> Any:
            return holds(key(left(document, variables)), key(right(document, variables)))

        return evaluate

    return row


def _compare(left: bytes, right: bytes) -> int:
    return (left > right) - (left < right)


ROWS: dict[str, Row] = {
    "$eq": _equality("$eq", True),
    "$ne": _equality("$ne", False),
    "$gt": _order("$gt", operator.gt),
    "$gte": _order("$gte", operator.ge),
    "$lt": _order("$lt", operator.lt),
    "$lte": _order("$lte", operator.le),
    "$cmp": _order("$cmp", _compare),
}
