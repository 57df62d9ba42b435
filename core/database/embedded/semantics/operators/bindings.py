"""Operators that evaluate an expression for each element of an array.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/#array-expression-operators
"""

from typing import Any

from ..errors import CommandError, bad
from ..evaluation import Evaluate, Row, Scope, Variables, arguments_of, is_nullish, truthy
from ..numbers import is_whole, to_int
from ..sorting import compile_sort, direction_of
from ..values import MISSING, is_number, type_name
from .conditions import check_variable


def _items(name: str, code: str, value: Any) -> list[Any] | None:
    """The array to go through; None where the input is null or missing."""
    if is_nullish(value):
        return None
    if type(value) is not list:
        raise CommandError(code, f"input to {name} must be an array not {type_name(value)}")
    return value


def _variable(fields: dict[str, Any]) -> str:
    name = fields.get("as", "this")
    check_variable(name)
    return name


def _map(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$map", argument, ("input", "in"), ("as",))
    name = _variable(fields)
    source, each = scope.compile(fields["input"]), scope.binding(name).compile(fields["in"])

    def evaluate(document: Any, variables: Variables) -> Any:
        items = _items("$map", "Location16883", source(document, variables))
        if items is None:
            return None
        values = [each(document, {**variables, name: item}) for item in items]
        return [None if value is MISSING else value for value in values]

    return evaluate


def _filter(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$filter", argument, ("input", "cond"), ("as", "limit"))
    name = _variable(fields)
    source, keep = scope.compile(fields["input"]), scope.binding(name).compile(fields["cond"])
    limit = scope.compile(fields.get("limit"))

    def evaluate(document: Any, variables: Variables) -> Any:
        items = _items("$filter", "Location28651", source(document, variables))
        if items is None:
            return None
        kept = [item for item in items if truthy(keep(document, {**variables, name: item}))]
        return kept[: _limit(limit(document, variables))]

    return evaluate


def _limit(value: Any) -> int | None:
    if is_nullish(value):
        return None
    if not is_number(value) or not is_whole(value) or to_int(value) < 1:
        raise CommandError("Location327392", f"$filter: limit must be a positive integer, found {value!r}")
    return to_int(value)


def _reduce(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$reduce", argument, ("input", "initialValue", "in"))
    source, initial = scope.compile(fields["input"]), scope.compile(fields["initialValue"])
    step = scope.binding("this", "value").compile(fields["in"])

    def evaluate(document: Any, variables: Variables) -> Any:
        items = _items("$reduce", "Location40080", source(document, variables))
        if items is None:
            return None
        value = initial(document, variables)
        for item in items:
            value = step(document, {**variables, "this": item, "value": value})
        return value

    return evaluate


def _sort_array(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$sortArray", argument, ("input", "sortBy"))
    source, by = scope.compile(fields["input"]), fields["sortBy"]
    if type(by) is dict:
        sort_key = compile_sort({f"value.{path}": direction for path, direction in by.items()}, scope.collation)
    elif is_number(by):
        sort_key = compile_sort({"value": direction_of(by)}, scope.collation)
    else:
        raise bad("The $sort key specification must be an object or a number")

    def key(item: Any) -> bytes:
        # Elements that are arrays are compared whole: an array in an array is not opened.
        return sort_key({"value": [item] if type(item) is list else item})

    def evaluate(document: Any, variables: Variables) -> Any:
        items = _items("$sortArray", "Location2942504", source(document, variables))
        return None if items is None else sorted(items, key=key)

    return evaluate


ROWS: dict[str, Row] = {
    "$map": _map,
    "$filter": _filter,
    "$reduce": _reduce,
    "$sortArray": _sort_array,
}
