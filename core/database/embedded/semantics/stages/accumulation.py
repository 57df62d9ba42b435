"""Accumulators of ``$group``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/group/#accumulator-operator"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..accumulators import (
    Accumulator,
    Count,
    Deviation,
    Distinct,
    Extreme,
    First,
    Last,
    Merged,
    Percentiles,
    Pushed,
    Ranked,
    shares_of,
)
from ..errors import CommandError, bad, mismatch, unparsable, unsupported
from ..evaluation import Constant, Evaluate, Faults, Variables, arguments_of, is_nullish
from ..expressions import compile_expression
from ..keys import encode_key, invert
from ..numbers import DECIMAL, kind
from ..operators.arrays import positive_count
from ..sums import ConstantTotal, Mean, MeanOfLeading, Total
from ..values import MISSING, is_number
from .flow import sort_key
from .scope import StageScope


@dataclass(frozen=True, kw_only=True)
class Plan:
    """``evaluate`` gives what a document contributes, ``make`` an empty accumulator."""

    evaluate: Evaluate
    make: Callable[[], Accumulator]


Row = Callable[[Any, StageScope], Plan]


def compile_accumulator(field: str, spec: Any, scope: StageScope) -> Plan:
    """The plan of one output field of a group; raises CommandError for a malformed or unknown accumulator."""
    if type(spec) is not dict or not next(iter(spec), "").startswith("$"):
        raise CommandError("Location40234", f"The field '{field}' must be an accumulator object")
    if len(spec) != 1:
        raise CommandError("Location40238", f"The field '{field}' must specify one accumulator")
    ((name, argument),) = spec.items()
    if name not in ACCUMULATORS:
        raise unsupported(name, "accumulator")
    return ACCUMULATORS[name](argument, scope)


def _simple(make: Callable[[], Accumulator]) -> Row:
    return lambda argument, scope: Plan(evaluate=_single(argument, scope), make=make)


def _sum(argument: Any, scope: StageScope) -> Plan:
    evaluate = _single(argument, scope)
    constant = evaluate.value if isinstance(evaluate, Constant) else None
    return Plan(evaluate=evaluate, make=ConstantTotal if is_number(constant) and kind(constant) != DECIMAL else Total)


def _mean(argument: Any, scope: StageScope) -> Plan:
    return Plan(evaluate=_single(argument, scope), make=MeanOfLeading if scope.leads else Mean)


def _single(argument: Any, scope: StageScope) -> Evaluate:
    _check_unary(argument)
    return scope.expression(argument)


def _check_unary(argument: Any) -> None:
    if type(argument) is list:
        raise CommandError("Location40237", "an accumulator of $group is a unary operator")


def _keyed(make: Callable[[Callable[[Any], bytes]], Accumulator]) -> Row:
    """An accumulator that compares values."""

    def row(argument: Any, scope: StageScope) -> Plan:
        def key(value: Any) -> bytes:
            return encode_key(value, scope.collation)

        return Plan(evaluate=_single(argument, scope), make=lambda: make(key))

    return row


def _count(argument: Any, scope: StageScope) -> Plan:
    _check_unary(argument)
    if argument != {}:
        raise mismatch("$count takes no arguments, i.e. $count:{}")
    return Plan(evaluate=lambda document, variables: None, make=Count)


_N_FAULTS = Faults(missing={"n": "Location5787906"})
_TOP_FAULTS = Faults(missing={"n": "Location5788003"})
_PERCENTILE_FAULTS = Faults(
    unknown="Location40415", missing=dict.fromkeys(("input", "p", "method"), "Location40414")
)  # fmt: skip


def _percentile(name: str, *, single: bool) -> Row:
    def row(argument: Any, scope: StageScope) -> Plan:
        wanted = ("input", "method") if single else ("input", "p", "method")
        fields = arguments_of(name, argument, wanted, faults=_PERCENTILE_FAULTS)
        if fields["method"] != "approximate":
            raise bad("Currently only 'approximate' can be used as percentile 'method'.")
        shares = shares_of(name, [0.5] if single else _constant(fields["p"], scope))
        return Plan(evaluate=scope.expression(fields["input"]), make=lambda: Percentiles(shares, single=single))

    return row


def _constant(spec: Any, scope: StageScope) -> Any:
    return compile_expression(spec, names=scope.variables.keys())({}, scope.variables)


def _first_of_many(name: str, *, last: bool) -> Row:
    """``$firstN`` and ``$lastN``: the order of the documents decides."""

    def row(argument: Any, scope: StageScope) -> Plan:
        fields = arguments_of(name, argument, ("input", "n"), faults=_N_FAULTS)
        count = positive_count(name, _constant(fields["n"], scope))
        source = scope.expression(fields["input"])

        def evaluate(document: Any, variables: Variables) -> Any:
            return b"", source(document, variables)

        return Plan(evaluate=evaluate, make=lambda: Ranked(count, lowest=last))

    return row


def _extremes(name: str, *, greatest: bool) -> Row:
    """``$maxN`` and ``$minN``: null and missing values do not count."""

    def row(argument: Any, scope: StageScope) -> Plan:
        fields = arguments_of(name, argument, ("input", "n"), faults=_N_FAULTS)
        count = positive_count(name, _constant(fields["n"], scope))
        source = scope.expression(fields["input"])

        def evaluate(document: Any, variables: Variables) -> Any:
            value = source(document, variables)
            if is_nullish(value):
                return MISSING
            key = encode_key(value, scope.collation)
            return (invert(key) if greatest else key), value

        return Plan(evaluate=evaluate, make=lambda: Ranked(count))

    return row


def _top(name: str, *, single: bool, bottom: bool) -> Row:
    """``$top``, ``$bottom`` and their N forms: the accumulator's own ``sortBy`` decides."""

    def row(argument: Any, scope: StageScope) -> Plan:
        wanted = ("sortBy", "output") if single else ("sortBy", "output", "n")
        fields = arguments_of(name, argument, wanted, faults=_TOP_FAULTS)
        count = 1 if single else positive_count(name, _constant(fields["n"], scope))
        if type(fields["sortBy"]) is not dict:
            raise unparsable(f"{name}: sortBy must be an object")
        key, output = sort_key(fields["sortBy"], scope), scope.expression(fields["output"])

        def evaluate(document: Any, variables: Variables) -> Any:
            return key(document), output(document, variables)

        return Plan(evaluate=evaluate, make=lambda: Ranked(count, single=single, lowest=bottom))

    return row


ACCUMULATORS: dict[str, Row] = {
    "$sum": _sum,
    "$avg": _mean,
    "$min": _keyed(lambda key: Extreme(key, greatest=False)),
    "$max": _keyed(lambda key: Extreme(key, greatest=True)),
    "$first": _simple(First),
    "$last": _simple(Last),
    "$push": _simple(Pushed),
    "$addToSet": _keyed(Distinct),
    "$count": _count,
    "$mergeObjects": _simple(Merged),
    "$stdDevPop": _simple(lambda: Deviation(sample=False)),
    "$stdDevSamp": _simple(lambda: Deviation(sample=True)),
    "$median": _percentile("$median", single=True),
    "$percentile": _percentile("$percentile", single=False),
    "$firstN": _first_of_many("$firstN", last=False),
    "$lastN": _first_of_many("$lastN", last=True),
    "$maxN": _extremes("$maxN", greatest=True),
    "$minN": _extremes("$minN", greatest=False),
    "$top": _top("$top", single=True, bottom=False),
    "$topN": _top("$topN", single=False, bottom=False),
    "$bottom": _top("$bottom", single=True, bottom=True),
    "$bottomN": _top("$bottomN", single=False, bottom=True),
}
"""The accumulators offered."""
