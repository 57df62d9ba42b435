"""Aggregation expressions, compiled once to closures.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from .collation import Collation
from .errors import CommandError, unsupported
from .evaluation import Constant, Evaluate, Row, Scope, Score, Variables, truthy
from .limits import check_text
from .operators import (
    arithmetic,
    arrays,
    bindings,
    comparison,
    conditions,
    conversions,
    dates,
    objects,
    powers,
    regexes,
    sets,
    strings,
    summaries,
)
from .operators.conditions import check_readable, check_variable
from .paths import REFERENCE_FIELDS
from .values import MISSING

__all__ = ["EXPRESSIONS", "command_variables", "compile_expression", "truthy", "walk"]

_OPERATORS: dict[str, Row] = {
    **arithmetic.ROWS, **arrays.ROWS, **bindings.ROWS, **comparison.ROWS, **conditions.ROWS, **conversions.ROWS,
    **dates.ROWS, **objects.ROWS, **powers.ROWS, **regexes.ROWS, **sets.ROWS, **strings.ROWS, **summaries.ROWS,
}  # fmt: skip
EXPRESSIONS = (*_OPERATORS, "$meta")
"""The expression operators offered."""


def compile_expression(
    spec: Any,
    *,
    collation: Collation | None = None,
    names: Collection[str] = (),
    score: Score | None = None,
    folding: bool = True,
) -> Evaluate:
    """A function of (document, variables) that gives the expression's value, MISSING where there is none.

    ``names`` are the variables that will be there, beside ROOT, CURRENT, REMOVE and NOW; ``score`` gives a document's
    text score; ``folding`` is that of ``Scope``. Raises CommandError for a malformed expression, or an operator that is
    not offered.
    """
    scope = Scope(compile_in=_compile, collation=collation, names=frozenset(names), score=score, folding=folding)
    try:
        return scope.compile(spec)
    except CommandError:
        scope.check(spec)  # an error of form anywhere comes before that of a constant
        raise


def command_variables(let: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The variables of one command: NOW and those of its ``let``, in which each may use the ones before it."""
    variables: dict[str, Any] = {}
    for name, spec in (let or {}).items():
        if name in _OF_COMMANDS:
            raise CommandError("Location4738901", f"Attempt to set internal constant: {name}")
        check_variable(name)
        scope = Scope(compile_in=_compile, names=frozenset(variables), documents=False)
        variables[name] = scope.compile(spec)({}, variables)
    return {"NOW": current_time(), **variables}


def current_time() -> datetime:
    """The time in UTC, with the milliseconds a BSON date holds."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _compile(spec: Any, scope: Scope) -> Evaluate:
    kind = type(spec)
    if kind is str and spec.startswith("$"):
        return _reference(spec, scope)
    if kind is dict:
        return _operator(spec, scope) if next(iter(spec), "").startswith("$") else _object(spec, scope)
    if kind is list:
        return _array(spec, scope)
    return Constant(check_text(spec) if kind is str else spec)


def _operator(spec: dict[str, Any], scope: Scope) -> Evaluate:
    if len(spec) != 1:
        message = f"an object representing an expression must have exactly one field: {spec!r}"
        raise CommandError("Location15983", message)
    ((name, argument),) = spec.items()
    if name == "$meta":
        return _meta(argument, scope)
    if name not in _OPERATORS:
        raise unsupported(name, "expression")
    return _OPERATORS[name](argument, scope)


# https://www.mongodb.com/docs/manual/reference/operator/aggregation/meta/
_METADATA = (
    "textScore", "indexKey", "recordId", "sortKey", "randVal", "geoNearDistance", "geoNearPoint", "searchScore",
    "searchHighlights", "searchScoreDetails", "searchSequenceToken", "vectorSearchScore", "score", "scoreDetails",
)  # fmt: skip


def _meta(argument: Any, scope: Scope) -> Evaluate:
    if type(argument) is not str:
        raise CommandError("Location17307", "$meta only supports string arguments")
    if argument not in _METADATA:
        raise CommandError("Location17308", f"Unsupported argument to $meta: {argument}")
    if argument != "textScore":
        raise unsupported(f"$meta {argument!r}", "expression")
    if scope.score is None:
        raise CommandError("Location40218", "query requires text score metadata, but it is not available")
    score = scope.score
    return lambda document, variables: score(document)


def _object(spec: dict[str, Any], scope: Scope) -> Evaluate:
    fields: list[tuple[str, Evaluate]] = []
    for name, item in spec.items():
        if not name:
            raise CommandError("Location15998", "FieldPath field names may not be empty strings.")
        if name.startswith("$") or "." in name:
            code = "Location16410" if name.startswith("$") else "Location16412"
            raise CommandError(code, f"FieldPath field names may not start with '$' or contain '.'. Field: {name!r}")
        fields.append((name, scope.compile(item)))

    def evaluate(document: Any, variables: Variables) -> Any:
        values = [(name, item(document, variables)) for name, item in fields]
        return {name: value for name, value in values if value is not MISSING}

    return scope.fold(evaluate, [item for _, item in fields])


def _array(spec: list[Any], scope: Scope) -> Evaluate:
    items = [scope.compile(item) for item in spec]

    def evaluate(document: Any, variables: Variables) -> Any:
        values = [item(document, variables) for item in items]
        return [None if value is MISSING else value for value in values]

    return scope.fold(evaluate, items)


# Fields and variables


def _reference(text: str, scope: Scope) -> Evaluate:
    if "\0" in text:
        raise CommandError("Location16411", f"FieldPath field names may not contain '\\0': {text!r}")
    if not text.startswith("$$"):
        return _at_path("CURRENT", _path_parts(text[1:], text), scope)
    name, dot, path = text[2:].partition(".")
    check_readable(name)
    return _at_path(name, _path_parts(path, text) if dot else (), scope)


def _at_path(name: str, parts: tuple[str, ...], scope: Scope) -> Evaluate:
    """What a path leads to from a variable. CURRENT is the document unless it was bound to something else."""
    if name == "ROOT" or (name == "CURRENT" and name not in scope.names):
        return _field(parts, scope)
    value = _variable(name, scope)
    return (lambda document, variables: walk(value(document, variables), parts)) if parts else value


def _path_parts(path: str, text: str) -> tuple[str, ...]:
    parts = tuple(path.split("."))
    if text == "$":
        raise CommandError("Location16872", "'$' by itself is not a valid FieldPath")
    if not parts[-1]:
        raise CommandError("Location40353", "FieldPath must not end with a '.'.")
    if not all(parts):
        raise CommandError("Location15998", f"FieldPath field names may not be empty strings: {text!r}")
    if any(part.startswith("$") and part not in REFERENCE_FIELDS for part in parts):
        raise CommandError("Location16410", f"FieldPath field names may not start with '$': {text!r}")
    return parts


# https://www.mongodb.com/docs/manual/reference/aggregation-variables/
_OF_COMMANDS = ("NOW", "CLUSTER_TIME", "USER_ROLES", "JS_SCOPE", "IS_MR")
_OF_STAGES = ("DESCEND", "PRUNE", "KEEP", "SEARCH_META")


def _variable(name: str, scope: Scope) -> Evaluate:
    if name in scope.names:
        return lambda document, variables: variables[name]
    if name == "REMOVE":
        return Constant(MISSING)
    if name in _OF_COMMANDS and "NOW" not in scope.names:  # as in count, distinct and a command's let
        raise CommandError("Location51144", f"Builtin variable '$${name}' is not available")
    if name in (*_OF_COMMANDS, *_OF_STAGES):
        raise unsupported(f"$${name}", "expression")
    raise CommandError("Location17276", f"Use of undefined variable: {name}")


def _field(parts: tuple[str, ...], scope: Scope) -> Evaluate:
    if not scope.documents:
        message = "Command let Expression tried to access a field, but this is not allowed"
        raise CommandError("Location4890500", message)
    if not parts:
        return lambda document, variables: document
    first, rest = parts[0], parts[1:]
    if not rest:
        return lambda document, variables: document.get(first, MISSING)
    return lambda document, variables: walk(document.get(first, MISSING), rest)


def walk(value: Any, parts: tuple[str, ...]) -> Any:
    """The value at a path as expressions read it: an array on the way gives the array of what its documents hold."""
    for place, part in enumerate(parts):
        if type(value) is dict:
            value = value.get(part, MISSING)
        elif type(value) is list:
            found = [walk(item, parts[place:]) for item in value if type(item) is dict]
            return [item for item in found if item is not MISSING]
        else:
            return MISSING
    return value
