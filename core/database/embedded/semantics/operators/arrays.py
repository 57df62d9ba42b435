"""Arrays: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#array-expression-operators"""

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from ..errors import CommandError
from ..evaluation import Evaluate, Row, Scope, Variables, arguments_of, constant, function, is_nullish, rows, truthy
from ..limits import check_elements
from ..numbers import is_whole, to_int
from ..values import MISSING, is_number, type_name


def array(name: str, code: str, value: Any) -> list[Any]:
    if type(value) is not list:
        raise CommandError(code, f"{name}'s argument must be an array, but is {type_name(value)}")
    return value


def whole_number(name: str, code: str, value: Any) -> int:
    if not is_number(value) or not is_whole(value) or not -(2**31) <= to_int(value) < 2**31:
        raise CommandError(code, f"{name} needs a 32-bit integer, found: {value!r}")
    return to_int(value)


def _element_at(items: Any, place: Any) -> Any:
    array("$arrayElemAt", "Location28689", items)
    at = whole_number("$arrayElemAt", "Location28691", place)
    return items[at] if -len(items) <= at < len(items) else MISSING


def _end(name: str, place: int) -> Callable[[Any], Any]:
    def compute(items: Any) -> Any:
        array(name, "Location28689", items)
        return items[place] if items else MISSING

    return compute


def _size(value: Any) -> int:
    if type(value) is not list:
        raise CommandError(
            "Location17124", f"The argument to $size must be an array, but was of type: {type_name(value)}"
        )
    return len(value)


def _concat(*values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        found += array("$concatArrays", "Location28664", value)
    check_elements("$concatArrays", len(found))
    return found


def _slice(items: Any, *numbers: Any) -> list[Any]:
    """``n`` from the front (or, below zero, from the end), or a position and how many."""
    array("$slice", "Location28724", items)
    first, *rest = [whole_number("$slice", "Location28726", number) for number in numbers]
    if not rest:
        return items[:first] if first >= 0 else items[first:]
    if rest[0] <= 0:
        raise CommandError("Location28729", f"Third argument to $slice must be positive: {rest[0]}")
    start = min(first, len(items)) if first >= 0 else max(0, len(items) + first)
    return items[start : start + rest[0]]


def _reverse(items: Any) -> list[Any]:
    return array("$reverseArray", "Location34435", items)[::-1]


def _is_array(value: Any) -> bool:
    return type(value) is list


def _in(argument: Any, scope: Scope) -> Evaluate:
    if type(argument) is not list or len(argument) != 2:
        raise CommandError("Location16020", "Expression $in takes exactly 2 arguments.")
    value, source = scope.compile(argument[0]), scope.compile(argument[1])
    equal = scope.equal

    def evaluate(document: Any, variables: Variables) -> Any:
        wanted, items = value(document, variables), source(document, variables)
        if type(items) is not list:
            message = f"$in requires an array as a second argument, found: {type_name(items)}"
            raise CommandError("Location40081", message)
        return any(equal(wanted, item) for item in items)

    return evaluate


def _index_of(argument: Any, scope: Scope) -> Evaluate:
    if type(argument) is not list or not 2 <= len(argument) <= 4:
        raise CommandError("Location28667", "Expression $indexOfArray takes at least 2 arguments, and at most 4")
    parts = [scope.compile(item) for item in argument]

    def evaluate(document: Any, variables: Variables) -> Any:
        items, wanted, *bounds = [part(document, variables) for part in parts]
        if is_nullish(items):
            return None
        array("$indexOfArray", "Location40090", items)
        start, end = index_bounds("$indexOfArray", bounds, len(items))
        return next((place for place in range(start, end) if scope.equal(items[place], wanted)), -1)

    return evaluate


def index_bounds(name: str, bounds: list[Any], length: int) -> tuple[int, int]:
    """Where a search begins and ends."""
    found = [whole_number(name, "Location40096", bound) for bound in bounds]
    if any(bound < 0 for bound in found):
        raise CommandError("Location40097", f"{name} requires a nonnegative starting and ending index")
    start, end = (*found, *((0, length)[len(found) :]))
    return start, min(end, length)


def _zip(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$zip", argument, ("inputs",), ("useLongestLength", "defaults"))
    inputs, longest = scope.compile(fields["inputs"]), fields.get("useLongestLength", False)
    defaults = scope.compile(fields["defaults"]) if "defaults" in fields else constant(None)
    if "defaults" in fields and longest is not True:
        raise CommandError("Location34466", "cannot specify defaults unless useLongestLength is true")

    def evaluate(document: Any, variables: Variables) -> Any:
        arrays = inputs(document, variables)
        if type(arrays) is not list or any(map(is_nullish, arrays)):
            return None
        for item in arrays:
            array("$zip", "Location34468", item)
        if not longest:
            return [list(row) for row in zip(*arrays, strict=False)]
        fill = defaults(document, variables) or [None] * len(arrays)
        lines = zip_longest(*arrays, fillvalue=MISSING)
        return [[fill[at] if item is MISSING else item for at, item in enumerate(line)] for line in lines]

    return evaluate


def _all_true(value: Any) -> bool:
    return all(map(truthy, array("$allElementsTrue", "Location17040", value)))


def _any_true(value: Any) -> bool:
    return any(map(truthy, array("$anyElementTrue", "Location17041", value)))


def _count_row(name: str, take: Callable[[list[Any], int], list[Any]]) -> Row:
    """``$firstN`` and ``$lastN``."""

    def row(argument: Any, scope: Scope) -> Evaluate:
        fields = arguments_of(name, argument, ("input", "n"))
        source, count = scope.compile(fields["input"]), scope.compile(fields["n"])

        def evaluate(document: Any, variables: Variables) -> Any:
            items = array(name, "Location5788200", source(document, variables))
            return take(items, positive_count(name, count(document, variables)))

        return evaluate

    return row


def positive_count(name: str, value: Any) -> int:
    """The ``n`` of ``$firstN`` and its family."""
    if not is_number(value) or not is_whole(value) or to_int(value) <= 0:
        raise CommandError("Location5787908", f"{name}: 'n' must be a positive integer, found {value!r}")
    return to_int(value)


ROWS: dict[str, Row] = {
    "$in": _in,
    "$indexOfArray": _index_of,
    "$zip": _zip,
    "$firstN": _count_row("$firstN", lambda items, count: items[:count]),
    "$lastN": _count_row("$lastN", lambda items, count: items[-count:]),
    **rows({
        "$arrayElemAt": function(_element_at, 2),
        "$first": function(_end("$first", 0)),
        "$last": function(_end("$last", -1)),
        "$size": function(_size, null=False),
        "$concatArrays": function(_concat, 0, many=True),
        "$slice": function(_slice, 2, 3),
        "$reverseArray": function(_reverse),
        "$isArray": function(_is_array, null=False),
        "$allElementsTrue": function(_all_true, null=False),
        "$anyElementTrue": function(_any_true, null=False),
    }),
}  # fmt: skip
