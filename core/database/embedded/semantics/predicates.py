"""Tests of one value: the rows of the query operators that need nothing but a candidate value.

https://www.mongodb.com/docs/manual/reference/operator/query/
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bson import Regex

from .bits import BIT_OPERATORS
from .collation import Collation
from .comparisons import Predicate, comparison, equality, membership
from .errors import CommandError, bad, mismatch, unparsable
from .patterns import compile_pattern
from .values import TYPES, exact, is_nan, is_number, regex_parts, type_name

Test = Callable[[Any, Collation | None], Predicate]
"""Compiles an operator's argument."""


def is_operators(operand: Any) -> bool:
    """Whether a field's operand is ``{$operator: …}`` rather than a value (a DBRef is a value)."""
    if type(operand) is not dict or not operand:
        return False
    return next(iter(operand)).startswith("$") and not ("$ref" in operand and "$id" in operand)


def operators_of(operand: Mapping[str, Any]) -> Mapping[str, Any]:
    """The operators with their arguments; ``$regex`` and ``$options`` are one, which gets both."""
    both = {name: operand[name] for name in operand if name in ("$regex", "$options")}
    if not both:
        return operand
    return {**{name: argument for name, argument in operand.items() if name not in both}, "$regex": both}


def literal_test(operand: Any, collation: Collation | None) -> Predicate:
    """What a bare value in the place of operators means: equality, or a match of the pattern it is."""
    if isinstance(operand, Regex | re.Pattern):
        return _pattern_test(*regex_parts(operand))
    return equality(operand, collation)


def _regex(both: Mapping[str, Any], collation: Collation | None) -> Predicate:
    if "$regex" not in both:
        raise bad("$options needs a $regex")
    argument, options = both["$regex"], both.get("$options", "")
    if type(options) is not str:
        raise bad("$options has to be a string")
    if type(argument) is str:
        return _pattern_test(argument, options)
    if not isinstance(argument, Regex | re.Pattern):
        raise bad("$regex has to be a string")
    pattern, flags = regex_parts(argument)
    if flags and "$options" in both:
        if next(iter(both)) == "$regex":
            raise CommandError("Location51075", "options set in both $regex and $options")
        if options:
            raise CommandError("Location51074", "options set in both $options and $regex")
    return _pattern_test(pattern, flags or options)


def _pattern_test(pattern: str, flags: str) -> Predicate:
    """Strings the pattern matches, and patterns equal to it."""
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
    patterns = [_pattern_test(*regex_parts(item)) for item in argument if isinstance(item, Regex | re.Pattern)]
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
        elif is_number(item) and not is_nan(item) and exact(item) in numbers:
            tests.append(numbers[int(exact(item))])
        elif is_number(item):
            raise bad(f"Invalid numerical type code: {item}")
        elif type(item) is str:
            raise bad(f"Unknown type name alias: {item}")
        else:
            raise mismatch(f"type must be represented as a number or a string, not {type_name(item)}")
    if not tests:
        raise unparsable("$type must match at least one type")
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _mod(argument: Any, collation: Collation | None) -> Predicate:
    if type(argument) is not list or len(argument) != 2:
        raise bad("malformed mod, needs to be an array of two numbers")
    if not all(is_number(item) and not is_nan(item) and -(2**63) <= exact(item) < 2**63 for item in argument):
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
    "$regex": _regex,
    **{name: lambda argument, collation, make=make: make(argument) for name, make in BIT_OPERATORS.items()},
}
"""Operators that hold where any candidate value passes."""
NEGATED_TESTS: dict[str, Test] = {"$ne": _not_equal, "$nin": _in}
"""Operators that hold where no candidate value passes."""
