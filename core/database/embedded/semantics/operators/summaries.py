"""Accumulators as expressions: of the elements of one array, or of several arguments.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/#accumulators--in-other-stages-
"""

from collections.abc import Callable
from typing import Any

from ..accumulators import Accumulator, Deviation, Extreme
from ..errors import CommandError
from ..evaluation import Constant, Evaluate, Faults, Row, Scope, Variables, arguments_of, is_nullish, reads_document
from ..percentiles import MISSING_CODES, check_method, not_constant, percentiles, shares_of
from ..ranking import Highest, Lowest
from ..sums import Mean, Total
from ..values import type_name
from .arrays import EXTREME_FAULTS, positive_count


def _summary(make: Callable[[Scope], Accumulator]) -> Row:
    def row(argument: Any, scope: Scope) -> Evaluate:
        single = type(argument) is not list or len(argument) == 1
        parts = [scope.compile(item) for item in (argument if type(argument) is list else [argument])]

        def evaluate(document: Any, variables: Variables) -> Any:
            values = [part(document, variables) for part in parts]
            if single and type(values[0]) is list:
                values = values[0]
            return summarised(make(scope), values)

        return evaluate

    return row


def summarised(accumulator: Accumulator, values: list[Any]) -> Any:
    for value in values:
        accumulator.add(value)
    return accumulator.result()


def _percentile(name: str, *, single: bool) -> Row:
    faults = Faults(
        not_object="Location7436201" if single else "Location7436200",
        unknown="Location40415",
        missing=MISSING_CODES,
    )

    def row(argument: Any, scope: Scope) -> Evaluate:
        wanted = ("input", "method") if single else ("input", "p", "method")
        fields = arguments_of(name, argument, wanted, faults=faults)
        check_method(fields["method"])
        source, listed = scope.compile(fields["input"]), scope.compile([0.5] if single else fields["p"])
        if reads_document(listed):
            raise not_constant(name)
        if isinstance(listed, Constant):
            shares_of(name, listed.value)

        def evaluate(document: Any, variables: Variables) -> Any:
            found = percentiles(source(document, variables), shares_of(name, listed(document, variables)))
            return found[0] if single else found

        return evaluate

    return row


def _ranked(name: str, *, greatest: bool) -> Row:
    """``$maxN`` and ``$minN`` of an array."""

    def row(argument: Any, scope: Scope) -> Evaluate:
        fields = arguments_of(name, argument, ("n", "input"), faults=EXTREME_FAULTS)
        source, count = scope.compile(fields["input"]), scope.compile(fields["n"])

        def evaluate(document: Any, variables: Variables) -> Any:
            number = positive_count(name, count(document, variables))
            items = source(document, variables)
            if type(items) is not list:
                raise CommandError("Location5788200", f"{name} needs an array, found {type_name(items)}")
            found = [(scope.key(item), item) for item in items if not is_nullish(item)]
            return summarised(Highest(number), found)[::-1] if greatest else summarised(Lowest(number), found)

        return evaluate

    return row


ROWS: dict[str, Row] = {
    "$sum": _summary(lambda scope: Total()),
    "$avg": _summary(lambda scope: Mean()),
    "$min": _summary(lambda scope: Extreme(scope.key, greatest=False)),
    "$max": _summary(lambda scope: Extreme(scope.key, greatest=True)),
    "$stdDevPop": _summary(lambda scope: Deviation(sample=False)),
    "$stdDevSamp": _summary(lambda scope: Deviation(sample=True)),
    "$median": _percentile("$median", single=True),
    "$percentile": _percentile("$percentile", single=False),
    "$maxN": _ranked("$maxN", greatest=True),
    "$minN": _ranked("$minN", greatest=False),
}
