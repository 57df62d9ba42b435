"""Query filters, compiled once to closures: https://www.mongodb.com/docs/manual/reference/operator/query/

``compile_filter`` gives a function of a document. Each operator on a field is a row of ``TESTS`` (a predicate tried on
every candidate value of the path) or of ``_PATH_OPERATORS`` (which need the whole path).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bson import Regex

from .collation import Collation
from .comparisons import Predicate
from .errors import CommandError, bad, unparsable, unsupported
from .expressions import compile_expression, truthy
from .numbers import is_whole
from .paths import candidates
from .predicates import NEGATED_TESTS, TESTS, Test, is_operators, literal_test, operators_of
from .text import check_places, check_text, compile_text
from .text_fields import TextIndex
from .values import MISSING, exact, is_number

Match = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a filter is compiled for."""

    collation: Collation | None = None
    variables: Mapping[str, Any] | None = None
    """Read whenever a document is tested, so they may change between documents."""
    text: TextIndex | None = None
    """The collection's text index."""
    inside: bool = False
    """The filter is of an update's elements, not of whole documents."""
    nested: bool = False
    """The filter is in an ``$elemMatch``."""


def compile_filter(
    query: Mapping[str, Any],
    *,
    collation: Collation | None = None,
    variables: Mapping[str, Any] | None = None,
    text: TextIndex | None = None,
) -> Match:
    """A function that says whether a document matches.

    ``variables`` are those of a command's ``let``, for ``$expr``; ``text`` is the collection's text index. Raises
    CommandError for a malformed filter, or an operator that is not offered.
    """
    check_places(query)
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
    if compile_clause is not None:
        return compile_clause(operand, scope)
    if name in _REFERENCE:
        return _on_field(name, literal_test(operand, scope.collation if name == "$id" else None))
    if name in FIELD_OPERATORS:
        raise bad(f"unknown top level operator: {name}")
    raise unsupported(name)


def _queries(name: str, operand: Any, scope: Scope) -> list[Match]:
    if not isinstance(operand, list):
        raise bad(f"{name} argument must be an array")
    if not operand:
        raise bad(f"{name} argument must be a non-empty array")
    if not all(isinstance(query, Mapping) for query in operand):
        raise bad(f"{name} argument's entries must be objects")
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
    if scope.inside and not scope.nested:
        raise CommandError("QueryFeatureNotAllowed", "$expr is not allowed in this context")
    _only_of_documents("$expr", scope)
    variables = scope.variables if scope.variables is not None else {}
    collation = None if _is_one_of(operand) else scope.collation
    evaluate = compile_expression(operand, collation=collation, names=variables.keys())
    return lambda document: truthy(evaluate(document, variables))


def _is_one_of(expression: Any) -> bool:
    """A field in a list of constants. MongoDB looks for it by a query ``$in`` first, and that without the collation."""
    arguments = expression.get("$in") if type(expression) is dict else None
    if type(arguments) is not list or len(arguments) != 2:
        return False
    field, values = arguments
    if type(field) is not str or not field.startswith("$") or field.startswith("$$") or type(values) is not list:
        return False
    return not any(type(value) in (dict, list) or (type(value) is str and value.startswith("$")) for value in values)


def _only_of_documents(name: str, scope: Scope) -> None:
    if scope.nested or scope.inside:
        raise bad(f"{name} can only be applied to the top-level document")


def _text(operand: Any, scope: Scope) -> Match:
    _only_of_documents("$text", scope)
    check_text(operand)
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
_REFERENCE = ("$ref", "$id", "$db")
"""Fields of a DBRef; a query on one may be a DBRef itself."""


# One field


def _field(path: str, operand: Any, scope: Scope) -> Match:
    parts = tuple(path.split("."))
    if not is_operators(operand):
        return _on_path(parts, literal_test(operand, scope.collation))
    matches: list[Match] = []
    for name, argument in operators_of(operand).items():
        if name in TESTS:
            matches.append(_on_path(parts, TESTS[name](argument, scope.collation)))
        elif name in _PATH_OPERATORS:
            matches.append(_PATH_OPERATORS[name](parts, argument, scope))
        else:
            raise unsupported(name)
    return _all(matches)


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


# Operators on a path


def _negated(positive: Test) -> Callable[[tuple[str, ...], Any, Scope], Match]:
    def compile_negated(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
        match = _on_path(parts, positive(argument, scope.collation))
        return lambda document: not match(document)

    return compile_negated


def _not(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
    _check_not(argument)
    match = _field(".".join(parts), argument, scope)
    return lambda document: not match(document)


def _check_not(argument: Any) -> None:
    if not isinstance(argument, Regex | re.Pattern) and not is_operators(argument):
        raise bad("$not needs a regex or a document")


def _exists(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
    wanted = truthy(argument)
    return lambda document: any(value is not MISSING for value in candidates(document, parts)) == wanted


def _size(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
    if not is_number(argument) or not is_whole(argument):
        raise bad(f"Failed to parse $size. Expected an integer: $size: {argument!r}")
    size = int(exact(argument))
    if not 0 <= size < 2**31:
        raise bad(f"Failed to parse $size. Expected a non-negative integer of 32 bits: $size: {size}")
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
    if is_operators(argument) and next(iter(argument)) not in (*_TOP_OPERATORS, *_REFERENCE, "$comment"):
        return _value_match(argument, scope)
    match = compile_query(argument, replace(scope, nested=True))

    def element(value: Any) -> bool:
        if type(value) is list:
            value = {str(place): item for place, item in enumerate(value)}
        return type(value) is dict and match(value)

    return element


def _value_match(operators: dict[str, Any], scope: Scope) -> Predicate:
    """Operators on an element itself: what is an array in an array is not opened."""
    predicates: list[Predicate] = []
    for name, argument in operators_of(operators).items():
        if name in TESTS:
            predicates.append(TESTS[name](argument, scope.collation))
        elif name in NEGATED_TESTS:
            positive = NEGATED_TESTS[name](argument, scope.collation)
            predicates.append(lambda value, positive=positive: not positive(value))
        elif name == "$not":
            _check_not(argument)
            inner = _value_match(argument, scope) if is_operators(argument) else literal_test(argument, scope.collation)
            predicates.append(lambda value, inner=inner: not inner(value))
        elif name == "$all" and not _of_elements(argument):
            predicates += [literal_test(item, scope.collation) for item in argument] or [lambda value: False]
        elif name in _PATH_OPERATORS:
            match = _PATH_OPERATORS[name](("",), argument, scope)
            predicates.append(lambda value, match=match: match({"": value}))
        else:
            raise unsupported(name)
    return _all(predicates)


def _all_operator(parts: tuple[str, ...], argument: Any, scope: Scope) -> Match:
    if _of_elements(argument):
        return _all([_elem_match(parts, item["$elemMatch"], scope) for item in argument])
    if not argument:
        return lambda document: False
    return _all([_on_path(parts, literal_test(item, scope.collation)) for item in argument])


def _of_elements(argument: Any) -> bool:
    """Whether an ``$all`` is made of ``$elemMatch`` rather than of values."""
    if type(argument) is not list:
        raise bad("$all needs an array")
    elements = [type(item) is dict and next(iter(item), None) == "$elemMatch" for item in argument]
    if any(elements) and not all(elements):
        raise bad("$all/$elemMatch has to be consistent")
    if not any(elements) and any(is_operators(item) for item in argument):
        raise bad("no $ expressions in $all")
    return any(elements)


_PATH_OPERATORS: dict[str, Callable[[tuple[str, ...], Any, Scope], Match]] = {
    **{name: _negated(positive) for name, positive in NEGATED_TESTS.items()},
    "$not": _not,
    "$exists": _exists,
    "$size": _size,
    "$elemMatch": _elem_match,
    "$all": _all_operator,
}
FIELD_OPERATORS = (*TESTS, *_PATH_OPERATORS, "$options")
OPERATORS = (*_TOP_OPERATORS, *FIELD_OPERATORS, "$comment")
"""The query operators offered."""
