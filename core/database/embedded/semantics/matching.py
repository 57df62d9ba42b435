"""Query filters, compiled once to closures: https://www.mongodb.com/docs/manual/reference/operator/query/

``compile_filter`` gives a function of a document. Each operator on a field is a row of ``_FIELD_OPERATORS`` (a
predicate tried on every candidate value of the path) or of ``_PATH_OPERATORS`` (which need the whole path).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bson import Regex

from .bits import BIT_OPERATORS
from .collation import Collation
from .comparisons import comparison, equality, membership
from .errors import CommandError, bad, unparsable, unsupported
from .expressions import compile_expression, truthy
from .paths import candidates
from .patterns import compile_pattern
from .text import compile_text
from .values import MISSING, TYPES, exact, is_nan, is_number, regex_parts

Match = Callable[[dict[str, Any]], bool]
Predicate = Callable[[Any], bool]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a filter is compiled for."""

    collation: Collation | None = None
    variables: Mapping[str, Any] | None = None
    """Read whenever a document is tested, so they may change between documents."""
    text: Iterable[str] | None = None
    """Fields of the collection's text index; None without one."""
    inside: bool = False
    """The filter is of elements, not of whole documents."""


def compile_filter(
    query: Mapping[str, Any],
    *,
    collation: Collation | None = None,
    variables: Mapping[str, Any] | None = None,
    text: Iterable[str] | None = None,
) -> Match:
    """A function that says whether a document matches.

    ``variables`` are those of a command's ``let``, for ``$expr``; ``text`` the fields of the text index (``"$**"`` for
    all). Raises CommandError for a malformed filter, or an operator that is not offered.
    """
    return compile_query(query, Scope(collation=collation, variables=variables, text=text))


def compile_query(query: Any, scope: Scope) -> Match:
    if not isinstance(query, Mapping):
        raise unparsable("the match filter must be an expression in an object")
    matches = [_clause(name, operand, scope) for name, operand in query.items() if name != "$comment"]
    return _all(matches)


def _all(matches: list[Any]) -> Any:
    if not matches:
        return lambda value: True
    if len(matches) == 1:
        return matches[0]
    if len(matches) == 2:
        first, second = matches
        return lambda value: first(value) and second(value)
    return lambda value: all(match(value) for match in matches)


def _clause(name: str, operand: Any, scope: Scope) -> Match:
    if not name.startswith("$"):
        return _field(name, operand, scope)
    compile_clause = _TOP_OPERATORS.get(name)
    if compile_clause is None:
        raise unsupported(name)
    return compile_clause(operand, scope)


def _queries(name: str, operand: Any, scope: Scope) -> list[Match]:
    if not isinstance(operand, list):
        raise bad(f"{name} argument must be an array")
    if not operand:
        raise bad(f"{name} argument must be a non-empty array")
    return [compile_query(query, scope) for query in operand]


def _and(operand: Any, scope: Scope) -> Match:
    return _all(_queries("$and", operand, scope))


def _or(operand: Any, scope: Scope) -> Match:
    matches = _queries("$or", operand, scope)
    return lambda document: any(match(document) for match in matches)


def _nor(operand: Any, scope: Scope) -> Match:
    matches = _queries("$nor", operand, scope)
    return lambda document: not any(match(document) for match in matches)


def _expr(operand: Any, scope: Scope) -> Match:
    _only_of_documents("$expr", scope)
    variables = scope.variables if scope.variables is not None else {}
    evaluate = compile_expression(operand, collation=scope.collation, names=variables.keys())
    return lambda document: truthy(evaluate(document, variables))


def _only_of_documents(name: str, scope: Scope) -> None:
    if scope.inside:
        raise CommandError("QueryFeatureNotAllowed", f"{name} can only be applied to the top-level document")


def _text(operand: Any, scope: Scope) -> Match:
    _only_of_documents("$text", scope)
    if scope.text is None:
        raise CommandError("IndexNotFound", "text index required for $text query")
    return compile_text(operand, scope.text).matches


_TOP_OPERATORS: dict[str, Callable[[Any, Scope], Match]] = {
    "$and": _and,
    "$or": _or,
    "$nor": _nor,
    "$expr": _expr,
    "$text": _text,
}


# One field


def is_operators(operand: Any) -> bool:
    """Whether a field's operand is ``{$operator: …}`` rather than a value (a DBRef is a value)."""
    if type(operand) is not dict or not operand:
        return False
    first = next(iter(operand))
    return first.startswith("$") and first not in ("$ref", "$id", "$db")


def _field(path: str, operand: Any, scope: Scope) -> Match:
    parts = tuple(path.split("."))
    if not is_operators(operand):
        return _on_path(parts, _literal(operand, scope))
    if "$options" in operand and "$regex" not in operand:
        raise bad("$options needs a $regex")
    matches: list[Match] = []
    for name, argument in operand.items():
        if name == "$options":
            continue
        if name == "$regex":
            matches.append(_on_path(parts, _regex(argument, operand.get("$options"))))
        elif name in _FIELD_OPERATORS:
            matches.append(_on_path(parts, _FIELD_OPERATORS[name](argument, scope)))
        elif name in _PATH_OPERATORS:
            matches.append(_PATH_OPERATORS[name](parts, argument, scope))
        else:
            raise unsupported(name)
    return _all(matches)


def _literal(operand: Any, scope: Scope) -> Predicate:
    return _regex(operand, None) if isinstance(operand, Regex | re.Pattern) else equality(operand, scope.collation)


def _on_path(parts: tuple[str, ...], predicate: Predicate) -> Match:
    """The predicate holds for any candidate; documents on the way are walked without a generator."""
    if len(parts) == 1:
        return _on_field(parts[0], predicate)
    first, rest = parts[0], parts[1:]

    def match(document: dict[str, Any]) -> bool:
        value: Any = document.get(first, MISSING)
        for part in rest:
            if type(value) is dict:
                value = value.get(part, MISSING)
            elif type(value) is list:
                return any(map(predicate, candidates(document, parts)))
            else:
                value = MISSING
        if type(value) is list:
            return any(map(predicate, value)) or predicate(value)
        return predicate(value)

    return match


def _on_field(name: str, predicate: Predicate) -> Match:
    def match(document: dict[str, Any]) -> bool:
        value = document.get(name, MISSING)
        if type(value) is list:
            return any(map(predicate, value)) or predicate(value)
        return predicate(value)

    return match


# Predicates


def _regex(argument: Any, options: Any) -> Predicate:
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


def _in(argument: Any, scope: Scope) -> Predicate:
    if type(argument) is not list:
        raise bad("$in needs an array")
    patterns = [_regex(item, None) for item in argument if isinstance(item, Regex | re.Pattern)]
    values = [item for item in argument if not isinstance(item, Regex | re.Pattern)]
    if any(is_operators(item) for item in values):
        raise bad("cannot nest $ under $in")
    among = membership(values, scope.collation)
    if not patterns:
        return among
    return lambda value: among(value) or any(pattern(value) for pattern in patterns)


def _type(argument: Any, scope: Scope) -> Predicate:
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


def _mod(argument: Any, scope: Scope) -> Predicate:
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


_FIELD_OPERATORS: dict[str, Callable[[Any, Scope], Predicate]] = {
    "$eq": lambda argument, scope: equality(argument, scope.collation),
    "$gt": lambda argument, scope: comparison("$gt", argument, scope.collation),
    "$gte": lambda argument, scope: comparison("$gte", argument, scope.collation),
    "$lt": lambda argument, scope: comparison("$lt", argument, scope.collation),
    "$lte": lambda argument, scope: comparison("$lte", argument, scope.collation),
    "$in": _in,
    "$type": _type,
    "$mod": _mod,
    **{name: lambda argument, scope, make=make: make(argument) for name, make in BIT_OPERATORS.items()},
}


# Operators on a path


def _negated(positive: Callable[[Any, Scope], Predicate]) -> Callable[[tuple[str, ...], Any, Scope], Match]:
    def compile_negated(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
        match = _on_path(parts, positive(argument, scope))
        return lambda document: not match(document)

    return compile_negated


def _not_equal(argument: Any, scope: Scope) -> Predicate:
    if isinstance(argument, Regex | re.Pattern):
        raise bad("Can't have regex as arg to $ne.")
    return equality(argument, scope.collation)


def _not(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
    if not isinstance(argument, Regex | re.Pattern) and not is_operators(argument):
        raise bad("$not needs a regex or a document")
    match = _field(".".join(parts), argument, scope)
    return lambda document: not match(document)


def _exists(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
    wanted = truthy(argument)
    return lambda document: any(value is not MISSING for value in candidates(document, parts)) == wanted


def _size(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
    if not is_number(argument) or is_nan(argument) or exact(argument) != int(exact(argument)):
        raise unparsable(f"Failed to parse $size. Expected a number in: $size: {argument!r}")
    size = int(exact(argument))
    if size < 0:
        raise unparsable(f"Failed to parse $size. Expected a non-negative number in: $size: {size}")
    return _on_arrays(parts, lambda array: len(array) == size)


def _on_arrays(parts: tuple[str, ...], predicate: Callable[[list[Any]], bool]) -> Match:
    """The predicate holds for an array at the path; its elements are not tried."""
    return lambda document: any(
        type(value) is list and predicate(value) for value in candidates(document, parts, open_last=False)
    )


def _elem_match(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
    element = compile_element(argument, scope)
    return _on_arrays(parts, lambda array: any(map(element, array)))


def compile_element(argument: Any, scope: Scope) -> Predicate:
    """The test ``$elemMatch`` makes of one element: operators on a value, or a query on a document."""
    if type(argument) is not dict:
        raise bad("$elemMatch needs an Object")
    if is_operators(argument) and next(iter(argument)) not in _TOP_OPERATORS:
        return _value_match(argument, scope)
    match = compile_query(argument, replace(scope, inside=True))

    def element(value: Any) -> bool:
        if type(value) is list:
            value = {str(place): item for place, item in enumerate(value)}
        return type(value) is dict and match(value)

    return element


def _value_match(operators: dict[str, Any], scope: Scope) -> Predicate:
    """Operators on an element itself: what is an array in an array is not opened."""
    predicates: list[Predicate] = []
    for name, argument in operators.items():
        if name in _FIELD_OPERATORS:
            predicates.append(_FIELD_OPERATORS[name](argument, scope))
        elif name == "$regex":
            predicates.append(_regex(argument, operators.get("$options")))
        elif name in _NEGATED:
            positive = _NEGATED[name](argument, scope)
            predicates.append(lambda value, positive=positive: not positive(value))
        elif name == "$not":
            inner = _literal(argument, scope) if not is_operators(argument) else _value_match(argument, scope)
            predicates.append(lambda value, inner=inner: not inner(value))
        elif name in _PATH_OPERATORS:
            match = _PATH_OPERATORS[name](("",), argument, scope)
            predicates.append(lambda value, match=match: match({"": value}))
        elif name != "$options":
            raise unsupported(name)
    return _all(predicates)


def _all_operator(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
    if type(argument) is not list:
        raise bad("$all needs an array")
    if not argument:
        return lambda document: False
    matches: list[Match] = []
    for item in argument:
        if type(item) is dict and next(iter(item), None) == "$elemMatch":
            matches.append(_elem_match(parts, item["$elemMatch"], scope))
        elif is_operators(item):
            raise bad("no $ expressions in $all")
        else:
            matches.append(_on_path(parts, _literal(item, scope)))
    return _all(matches)


_NEGATED: dict[str, Callable[[Any, Scope], Predicate]] = {"$ne": _not_equal, "$nin": _in}
_PATH_OPERATORS: dict[str, Callable[[tuple[str, ...], Any, Scope], Match]] = {
    **{name: _negated(positive) for name, positive in _NEGATED.items()},
    "$not": _not,
    "$exists": _exists,
    "$size": _size,
    "$elemMatch": _elem_match,
    "$all": _all_operator,
}
OPERATORS = (*_TOP_OPERATORS, *_FIELD_OPERATORS, *_PATH_OPERATORS, "$regex", "$options", "$comment")
"""The query operators offered."""
