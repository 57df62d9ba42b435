"""Operators that evaluate an expression for each element of an array.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/#array-expression-operators
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

from ..errors import CommandError
from ..evaluation import Evaluate, Faults, Row, Scope, Variables, arguments_of, is_nullish, truthy
from ..keys import encode_compound
from ..numbers import is_int, to_int
from ..paths import value_at
from ..values import MISSING, exact, is_number, type_name
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


_MAP = Faults(
    not_object="Location16878", unknown="Location16879", missing={"input": "Location16880", "in": "Location16882"}
)


def _map(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$map", argument, ("input", "in"), ("as",), _MAP)
    name = _variable(fields)
    source, each = scope.compile(fields["input"]), scope.binding(name).compile(fields["in"])

    def evaluate(document: Any, variables: Variables) -> Any:
        items = _items("$map", "Location16883", source(document, variables))
        if items is None:
            return None
        values = [each(document, {**variables, name: item}) for item in items]
        return [None if value is MISSING else value for value in values]

    return evaluate


_FILTER = Faults(
    not_object="Location28646", unknown="Location28647", missing={"input": "Location28648", "cond": "Location28650"}
)


def _filter(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$filter", argument, ("input", "cond"), ("as", "limit"), _FILTER)
    name = _variable(fields)
    source, keep = scope.compile(fields["input"]), scope.binding(name).compile(fields["cond"])
    limit = scope.compile(fields.get("limit"))

    def evaluate(document: Any, variables: Variables) -> Any:
        items = _items("$filter", "Location28651", source(document, variables))
        if not items:
            return items
        kept = (item for item in items if truthy(keep(document, {**variables, name: item})))
        return list(islice(kept, _limit(limit(document, variables))))  # what is beyond the limit is not evaluated

    return evaluate


def _limit(value: Any) -> int | None:
    if is_nullish(value):
        return None
    if not is_number(value) or not is_int(value):
        message = f"$filter: limit must be represented as a 32-bit integral value: {value!r}"
        raise CommandError("Location327391", message)
    if to_int(value) < 1:
        raise CommandError("Location327392", f"$filter: limit must be greater than 0: {value!r}")
    return to_int(value)


_REDUCE = Faults(
    not_object="Location40075",
    unknown="Location40076",
    missing={"input": "Location40077", "initialValue": "Location40078", "in": "Location40079"},
)


def _reduce(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$reduce", argument, ("input", "initialValue", "in"), faults=_REDUCE)
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


_SORT_ARRAY = Faults(
    not_object="Location2942500",
    unknown="Location2942501",
    missing={"input": "Location2942502", "sortBy": "Location2942503"},
)


def _sort_array(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$sortArray", argument, ("input", "sortBy"), faults=_SORT_ARRAY)
    source, sort_key = scope.compile(fields["input"]), _sort_key(fields["sortBy"], scope)

    def evaluate(document: Any, variables: Variables) -> Any:
        items = _items("$sortArray", "Location2942504", source(document, variables))
        return None if items is None else sorted(items, key=sort_key)

    return evaluate


def _sort_key(by: Any, scope: Scope) -> Callable[[Any], bytes]:
    """Arrays are compared whole, unlike in ``$sort``."""
    if type(by) is dict:
        if not by or not all(map(_is_direction, by.values())):
            message = f"$sortArray needs for each field of 'sortBy' 1 (ascending) or -1 (descending), found {by!r}"
            raise CommandError("Location2942505", message)
        paths, directions = [tuple(path.split(".")) for path in by], [to_int(value) for value in by.values()]
        return lambda item: encode_compound((value_at(item, path) for path in paths), directions, scope.collation)
    if not is_number(by):
        raise CommandError("Location2942507", f"$sortArray 'sortBy' must be 1, -1 or an object, not {type_name(by)}")
    if not _is_direction(by):
        raise CommandError("Location2942506", f"$sortArray 'sortBy' must be 1 or -1, found {by!r}")
    return lambda item: encode_compound((item,), (to_int(by),), scope.collation)


def _is_direction(value: Any) -> bool:
    return is_number(value) and exact(value) in (1, -1)


ROWS: dict[str, Row] = {
    "$map": _map,
    "$filter": _filter,
    "$reduce": _reduce,
    "$sortArray": _sort_array,
}
