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
    Pushed,
)
from ..errors import CommandError, mismatch, unsupported
from ..evaluation import Constant, Evaluate, Faults, Variables, arguments_of, is_nullish
from ..expressions import compile_expression
from ..keys import encode_key, invert
from ..numbers import DECIMAL, kind
from ..operators.arrays import EXTREME_FAULTS, FIRST_FAULTS, positive_count
from ..percentiles import MISSING_CODES, Percentiles, check_method, not_constant, shares_of
from ..ranking import Highest, Leading, Lowest, Single, Trailing
from ..sums import ConstantTotal, Mean, MeanOfLeading, Total
from ..values import MISSING, is_number
from .flow import sort_key
from .scope import StageScope


@dataclass(frozen=True, kw_only=True)
class Plan:
    """``evaluate`` gives what a document contributes, ``make`` an empty accumulator for what identifies the group."""

    evaluate: Evaluate
    make: Callable[[Any], Accumulator]
    by_group: bool = False
    """Whether the accumulator differs with the group."""


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
    return lambda argument, scope: Plan(evaluate=_single(argument, scope), make=lambda group: make())


def _sum(argument: Any, scope: StageScope) -> Plan:
    evaluate = _single(argument, scope)
    constant = evaluate.value if isinstance(evaluate, Constant) else None
    make = ConstantTotal if is_number(constant) and kind(constant) != DECIMAL else Total
    return Plan(evaluate=evaluate, make=lambda group: make())


def _mean(argument: Any, scope: StageScope) -> Plan:
    make = MeanOfLeading if scope.leads else Mean
    return Plan(evaluate=_single(argument, scope), make=lambda group: make())


def _single(argument: Any, scope: StageScope) -> Evaluate:
    _check_unary(argument)
    return scope.expression(argument)


def _check_unary(argument: Any) -> None:
    if type(argument) is list:
        raise CommandError("Location40237", "an accumulator of $group is a unary operator")


def _extreme(*, greatest: bool) -> Row:
    """Of equal values MongoDB's engine for groups takes the last, its other one the first."""

    def row(argument: Any, scope: StageScope) -> Plan:
        key, last = _key_of(scope), scope.leads
        return Plan(evaluate=_single(argument, scope), make=lambda group: Extreme(key, greatest=greatest, last=last))

    return row


def _distinct(argument: Any, scope: StageScope) -> Plan:
    return Plan(evaluate=_single(argument, scope), make=lambda group: Distinct(_key_of(scope)))


def _key_of(scope: StageScope) -> Callable[[Any], bytes]:
    return lambda value: encode_key(value, scope.collation)


def _count(argument: Any, scope: StageScope) -> Plan:
    _check_unary(argument)
    if argument != {}:
        raise mismatch("$count takes no arguments, i.e. $count:{}")
    return Plan(evaluate=lambda document, variables: None, make=lambda group: Count())


_TOP_FAULTS = Faults(
    not_object="Location5788001",
    unknown="Location5788002",
    missing={"n": "Location5788003", "output": "Location5788004", "sortBy": "Location5788005"},
)


def _percentile(name: str, *, single: bool) -> Row:
    faults = Faults(
        not_object="Location7436100" if single else "Location7429703",
        unknown="Location40415",
        missing=MISSING_CODES,
    )

    def row(argument: Any, scope: StageScope) -> Plan:
        wanted = ("input", "method") if single else ("input", "p", "method")
        fields = arguments_of(name, argument, wanted, faults=faults)
        check_method(fields["method"])
        source = scope.expression(fields["input"])
        try:
            shares = shares_of(name, [0.5] if single else scope.constant(fields["p"]))
        except LookupError:
            raise not_constant(name) from None
        return Plan(evaluate=source, make=lambda group: Percentiles(shares, single=single))

    return row


def _sized(name: str, spec: Any, evaluate: Evaluate, make: Callable[[int], Accumulator], scope: StageScope) -> Plan:
    """An accumulator of ``n`` values; ``n`` may read the fields of what identifies the group."""
    number = compile_expression(spec, names=scope.variables.keys())
    if isinstance(number, Constant):
        count = positive_count(name, number.value)
        return Plan(evaluate=evaluate, make=lambda group: make(count))

    def make_for(group: Any) -> Accumulator:
        return make(positive_count(name, number(group if type(group) is dict else {}, scope.variables)))

    return Plan(evaluate=evaluate, make=make_for, by_group=True)


def _of_order(name: str, make: Callable[[int], Accumulator]) -> Row:
    """``$firstN`` and ``$lastN``: the order of the documents decides."""

    def row(argument: Any, scope: StageScope) -> Plan:
        fields = arguments_of(name, argument, ("n", "input"), faults=FIRST_FAULTS)
        return _sized(name, fields["n"], scope.expression(fields["input"]), make, scope)

    return row


def _extremes(name: str, *, greatest: bool) -> Row:
    """``$maxN`` and ``$minN``: null and missing values do not count."""

    def row(argument: Any, scope: StageScope) -> Plan:
        fields = arguments_of(name, argument, ("n", "input"), faults=EXTREME_FAULTS)
        source = scope.expression(fields["input"])

        def evaluate(document: Any, variables: Variables) -> Any:
            value = source(document, variables)
            if is_nullish(value):
                return MISSING
            key = encode_key(value, scope.collation)
            return (invert(key) if greatest else key), value

        return _sized(name, fields["n"], evaluate, Lowest, scope)

    return row


def _sort_key(spec: dict[str, Any], scope: StageScope) -> Evaluate:
    """The key of a document: of its paths in a leading group, else of what they are as expressions."""
    key = sort_key(spec, scope)
    if scope.leads or any(type(direction) is dict for direction in spec.values()):
        return lambda document, variables: key(document)
    fields = [(str(place), scope.expression(f"${path}")) for place, path in enumerate(spec)]
    key = sort_key({str(place): direction for place, direction in enumerate(spec.values())}, scope)

    def evaluate(document: Any, variables: Variables) -> Any:
        values = [(name, value(document, variables)) for name, value in fields]
        return key({name: value for name, value in values if value is not MISSING})

    return evaluate


def _top(name: str, make: Callable[[int], Accumulator], *, single: bool = False) -> Row:
    """``$top``, ``$bottom`` and their N forms: the accumulator's own ``sortBy`` decides."""

    def row(argument: Any, scope: StageScope) -> Plan:
        wanted = ("output", "sortBy") if single else ("n", "output", "sortBy")
        fields = arguments_of(name, argument, wanted, faults=_TOP_FAULTS)
        if type(fields["sortBy"]) is not dict:
            raise CommandError("Location10065", f"invalid parameter: expected an object (sortBy) for {name}")
        key, output = _sort_key(fields["sortBy"], scope), scope.expression(fields["output"])

        def evaluate(document: Any, variables: Variables) -> Any:
            return key(document, variables), output(document, variables)

        if single:
            return Plan(evaluate=evaluate, make=lambda group: Single(make(1)))
        return _sized(name, fields["n"], evaluate, make, scope)

    return row


ACCUMULATORS: dict[str, Row] = {
    "$sum": _sum,
    "$avg": _mean,
    "$min": _extreme(greatest=False),
    "$max": _extreme(greatest=True),
    "$first": _simple(First),
    "$last": _simple(Last),
    "$push": _simple(Pushed),
    "$addToSet": _distinct,
    "$count": _count,
    "$mergeObjects": _simple(Merged),
    "$stdDevPop": _simple(lambda: Deviation(sample=False)),
    "$stdDevSamp": _simple(lambda: Deviation(sample=True)),
    "$median": _percentile("$median", single=True),
    "$percentile": _percentile("$percentile", single=False),
    "$firstN": _of_order("$firstN", Leading),
    "$lastN": _of_order("$lastN", Trailing),
    "$maxN": _extremes("$maxN", greatest=True),
    "$minN": _extremes("$minN", greatest=False),
    "$top": _top("$top", Lowest, single=True),
    "$topN": _top("$topN", Lowest),
    "$bottom": _top("$bottom", Highest, single=True),
    "$bottomN": _top("$bottomN", Highest),
}
"""The accumulators offered."""
