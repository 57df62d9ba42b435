"""Arrays: https://www.mongodb.com/docs/manual/reference/operator/aggregation/#array-expression-operators"""

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any

from ..errors import CommandError
from ..evaluation import Evaluate, Faults, Row, Scope, Variables, arguments_of, function, is_nullish, rows, truthy
from ..limits import check_elements
from ..numbers import fits_long, is_whole, to_int
from ..values import MISSING, is_number, type_name


def array(name: str, code: str, value: Any) -> list[Any]:
    if type(value) is not list:
        raise CommandError(code, f"{name}'s argument must be an array, but is {type_name(value)}")
    return value


def whole_number(name: str, codes: tuple[str, str], value: Any) -> int:
    """A number within 32 bits; ``codes`` are those for what is no number and for any other number."""
    if not is_number(value):
        raise CommandError(codes[0], f"{name} needs a number, found: {type_name(value)}")
    if not is_whole(value) or not -(2**31) <= to_int(value) < 2**31:
        raise CommandError(codes[1], f"{name} needs a 32-bit integer, found: {value!r}")
    return to_int(value)


def _element_at(items: Any, place: Any) -> Any:
    array("$arrayElemAt", "Location28689", items)
    at = whole_number("$arrayElemAt", ("Location28690", "Location28691"), place)
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


def _concat(*values: Any) -> list[Any] | None:
    found: list[Any] = []
    for value in values:
        if is_nullish(value):
            return None
        found += array("$concatArrays", "Location28664", value)
    check_elements("$concatArrays", len(found))
    return found


def _slice(items: Any, first: Any, *third: Any) -> list[Any] | None:
    """``n`` from the front (or, below zero, from the end), or a position and how many."""
    if is_nullish(items) or is_nullish(first):
        return None
    array("$slice", "Location28724", items)
    place = whole_number("$slice", ("Location28725", "Location28726"), first)
    if not third:
        return items[:place] if place >= 0 else items[place:]
    if is_nullish(third[0]):
        return None
    count = whole_number("$slice", ("Location28727", "Location28728"), third[0])
    if count <= 0:
        raise CommandError("Location28729", f"Third argument to $slice must be positive: {count}")
    start = place if place >= 0 else max(0, len(items) + place)
    return items[start : start + count]


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

    return scope.fold(evaluate, (value, source))


def _index_of(argument: Any, scope: Scope) -> Evaluate:
    if type(argument) is not list or not 2 <= len(argument) <= 4:
        raise CommandError("Location28667", "Expression $indexOfArray takes at least 2 arguments, and at most 4")
    parts = [scope.compile(item) for item in argument]

    def evaluate(document: Any, variables: Variables) -> Any:
        items, wanted, *bounds = [part(document, variables) for part in parts]
        if is_nullish(items):
            return None
        array("$indexOfArray", "Location40090", items)
        start, end = index_bounds("$indexOfArray", ("Location9711600", "Location9711601"), bounds, len(items))
        return next((place for place in range(start, end) if scope.equal(items[place], wanted)), -1)

    return scope.fold(evaluate, parts)


def index_bounds(name: str, codes: tuple[str, str], bounds: Iterable[Any], length: int) -> tuple[int, int]:
    """Where a search begins and ends; ``codes`` are those for what is no 32-bit integer and for one below zero."""
    found: list[int] = []
    for bound in bounds:
        found.append(whole_number(name, (codes[0], codes[0]), bound))
        if found[-1] < 0:
            raise CommandError(codes[1], f"{name} requires a nonnegative starting and ending index, found: {bound!r}")
    start, end = (*found, *((0, length)[len(found) :]))
    return start, min(end, length)


_ZIP = Faults(not_object="Location34460", unknown="Location34464", missing={"inputs": "Location34465"})


def _zip(argument: Any, scope: Scope) -> Evaluate:
    fields = arguments_of("$zip", argument, ("inputs",), ("useLongestLength", "defaults"), _ZIP)
    inputs, longest, defaults = _zip_fields({"useLongestLength": False, "defaults": [], **fields})
    sources, fills = [[scope.compile(item) for item in items] for items in (inputs, defaults or [None] * len(inputs))]

    def evaluate(document: Any, variables: Variables) -> Any:
        arrays: list[list[Any]] = []
        for source in sources:
            items = source(document, variables)
            if is_nullish(items):
                return None
            arrays.append(array("$zip", "Location34468", items))
        if not longest:
            return [list(row) for row in zip(*arrays, strict=False)]
        fill = [_in_array(one(document, variables)) for one in fills]
        lines = zip_longest(*arrays, fillvalue=MISSING)
        return [[fill[at] if item is MISSING else item for at, item in enumerate(line)] for line in lines]

    return scope.fold(evaluate, (*sources, *fills))


def _zip_fields(fields: dict[str, Any]) -> tuple[list[Any], bool, list[Any]]:
    inputs, longest, defaults = fields["inputs"], fields["useLongestLength"], fields["defaults"]
    array("inputs of $zip", "Location34461", inputs)
    array("defaults of $zip", "Location34462", defaults)
    if type(longest) is not bool:
        raise CommandError("Location34463", f"useLongestLength must be a bool, found {type_name(longest)}")
    if not inputs:
        raise CommandError("Location34465", "$zip requires at least one input array")
    if defaults and not longest:
        raise CommandError("Location34466", "cannot specify defaults unless useLongestLength is true")
    if defaults and len(defaults) != len(inputs):
        raise CommandError("Location34467", "defaults and inputs must have the same length")
    return inputs, longest, defaults


def _in_array(value: Any) -> Any:
    return None if value is MISSING else value


def _all_true(value: Any) -> bool:
    return all(map(truthy, array("$allElementsTrue", "Location17040", value)))


def _any_true(value: Any) -> bool:
    return any(map(truthy, array("$anyElementTrue", "Location17041", value)))


_N_MISSING = {"n": "Location5787906", "input": "Location5787907"}
FIRST_FAULTS = Faults(not_object="Location5787801", unknown="Location5787901", missing=_N_MISSING)
EXTREME_FAULTS = Faults(not_object="Location5787900", unknown="Location5787901", missing=_N_MISSING)
"""Of ``$firstN`` and ``$lastN``, and of ``$maxN`` and ``$minN``."""


def _count_row(name: str, take: Callable[[list[Any], int], list[Any]]) -> Row:
    """``$firstN`` and ``$lastN``."""

    def row(argument: Any, scope: Scope) -> Evaluate:
        fields = arguments_of(name, argument, ("n", "input"), faults=FIRST_FAULTS)
        source, count = scope.compile(fields["input"]), scope.compile(fields["n"])

        def evaluate(document: Any, variables: Variables) -> Any:
            number = positive_count(name, count(document, variables))
            return take(array(name, "Location5788200", source(document, variables)), number)

        return evaluate

    return row


def positive_count(name: str, value: Any) -> int:
    """The ``n`` of ``$firstN`` and its family."""
    if not is_number(value):
        raise CommandError("Location5787902", f"{name}: 'n' must be a number, found {type_name(value)}")
    if not is_whole(value) or not fits_long(to_int(value)):
        raise CommandError("Location5787903", f"{name}: 'n' must be a 64-bit integer, found {value!r}")
    if to_int(value) <= 0:
        raise CommandError("Location5787908", f"{name}: 'n' must be greater than 0, found {value!r}")
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
        "$concatArrays": function(_concat, 0, null=False, many=True),
        "$slice": function(_slice, 2, 3, null=False),
        "$reverseArray": function(_reverse),
        "$isArray": function(_is_array, null=False),
        "$allElementsTrue": function(_all_true, null=False),
        "$anyElementTrue": function(_any_true, null=False),
    }),
}  # fmt: skip
