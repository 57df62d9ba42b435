"""Tests of one value: the rows of the query operators that need nothing but a candidate value.

https://www.mongodb.com/docs/manual/reference/operator/query/
"""

import re
from collections.abc import Callable
from typing import Any

from bson import Regex

from .bits import BIT_OPERATORS
from .collation import Collation
from .comparisons import Predicate, comparison, equality, membership
from .errors import bad, unparsable
from .patterns import compile_pattern
from .values import TYPES, exact, is_nan, is_number, regex_parts

Test = Callable[[Any, Collation | None], Predicate]
"""Compiles an operator's argument."""


def is_operators(operand: Any) -> bool:
    """Whether a field's operand is ``{$operator: …}`` rather than a value (a DBRef is a value)."""
    if type(operand) is not dict or not operand:
        return False
    first = next(iter(operand))
    return first.startswith("$") and first not in ("$ref", "$id", "$db")


def literal_test(operand: Any, collation: Collation | None) -> Predicate:
    """What a bare value in the place of operators means: equality, or a match of the pattern it is."""
    return pattern_test(operand, None) if isinstance(operand, Regex | re.Pattern) else equality(operand, collation)


def pattern_test(argument: Any, options: Any) -> Predicate:
    """``$regex`` with its ``$options``: strings it matches, and patterns equal to it."""
    if isinstance(argument, Regex | re.Pattern):
        pattern, flags = regex_parts(argument)
        if flags and options:
            raise bad("options set in both $regex and $options")
        flags = flags.replace("u", "") or (options or "")
    elif type(argument) is str:
        pattern, flags = argument, options or ""
    else:
        raise bad("$regex has to be a string")
    if type(flags) is not str:
        raise bad("$options has to be a string")
    search = compile_pattern(pattern, flags)
    same = (pattern, "".join(sorted(flags)))

    def predicate(value: Any) -> bool:
        if type(value) is str:
            return search(value) is not None
        return isinstance(value, Regex | re.Pattern) and regex_parts(value) == same

    return predicate


def _in(argument: Any, collation: Collation | None) -> Predicate:
    if type(argument) is not list:
        raise bad("$in needs an array")
    patterns = [pattern_test(item, None) for item in argument if isinstance(item, Regex | re.Pattern)]
    values = [item for item in argument if not isinstance(item, Regex | re.Pattern)]
    if any(is_operators(item) for item in values):
        raise bad("cannot nest $ under $in")
    among = membership(values, collation)
    if not patterns:
        return among
    return lambda value: among(value) or any(pattern(value) for pattern in patterns)


def _type(argument: Any, collation: Collation | None) -> Predicate:
    tests: list[Predicate] = []
    numbers = dict(TYPES.values())
    for item in argument if type(argument) is list else [argument]:
        if item == "number":
            tests.append(is_number)
        elif type(item) is str and item in TYPES:
            tests.append(TYPES[item][1])
        elif is_number(item) and exact(item) in numbers:
            tests.append(numbers[int(exact(item))])
        else:
            raise bad(f"Unknown type name alias: {item}")
    if not tests:
        raise unparsable("$type must match at least one type")
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _mod(argument: Any, collation: Collation | None) -> Predicate:
    if type(argument) is not list or len(argument) != 2:
        raise bad("malformed mod, needs to be an array of two numbers")
    if not all(is_number(item) and not is_nan(item) and abs(exact(item)) < 2**63 for item in argument):
        raise bad("malformed mod, divisor and remainder must be numbers")
    divisor, remainder = (int(exact(item)) for item in argument)
    if divisor == 0:
        raise bad("divisor cannot be 0")

    def predicate(value: Any) -> bool:
        if not is_number(value) or is_nan(value):
            return False
        number = exact(value)
        if not -(2**63) <= number < 2**63:
            return False
        whole = abs(int(number)) % abs(divisor)  # towards zero, as C divides
        return (whole if number >= 0 else -whole) == remainder

    return predicate


def _not_equal(argument: Any, collation: Collation | None) -> Predicate:
    if isinstance(argument, Regex | re.Pattern):
        raise bad("Can't have regex as arg to $ne.")
    return equality(argument, collation)


TESTS: dict[str, Test] = {
    "$eq": equality,
    "$gt": lambda argument, collation: comparison("$gt", argument, collation),
    "$gte": lambda argument, collation: comparison("$gte", argument, collation),
    "$lt": lambda argument, collation: comparison("$lt", argument, collation),
    "$lte": lambda argument, collation: comparison("$lte", argument, collation),
    "$in": _in,
    "$type": _type,
    "$mod": _mod,
    **{name: lambda argument, collation, make=make: make(argument) for name, make in BIT_OPERATORS.items()},
}
"""Operators that hold where any candidate value passes."""
NEGATED_TESTS: dict[str, Test] = {"$ne": _not_equal, "$nin": _in}
"""Operators that hold where no candidate value passes."""
