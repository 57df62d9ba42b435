"""Aggregation expressions, compiled once to closures.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from .collation import Collation
from .errors import CommandError, unsupported
from .evaluation import Evaluate, Row, Scope, Score, Variables, constant, truthy
from .operators import (
    arithmetic,
    arrays,
    bindings,
    comparison,
    conditions,
    conversions,
    dates,
    objects,
    sets,
    strings,
    summaries,
)
from .paths import REFERENCE_FIELDS
from .values import MISSING

__all__ = ["EXPRESSIONS", "command_variables", "compile_expression", "truthy", "walk"]

_OPERATORS: dict[str, Row] = {
    **arithmetic.ROWS, **arrays.ROWS, **bindings.ROWS, **comparison.ROWS, **conditions.ROWS, **conversions.ROWS,
    **dates.ROWS, **objects.ROWS, **sets.ROWS, **strings.ROWS, **summaries.ROWS,
}  # fmt: skip
EXPRESSIONS = (*_OPERATORS, "$meta")
"""The expression operators offered."""


def compile_expression(
    spec: Any,
    *,
    collation: Collation | None = None,
    names: Collection[str] = (),
    score: Score | None = None,
) -> Evaluate:
    """A function of (document, variables) that gives the expression's value, MISSING where there is none.

    ``names`` are the variables that will be there, beside ROOT, CURRENT, REMOVE and NOW; ``score`` gives a document's
    text score. Raises CommandError for a malformed expression, or an operator that is not offered.
    """
    return _compile(spec, Scope(compile_in=_compile, collation=collation, names=frozenset(names), score=score))


def command_variables(let: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The variables of one command: those of its ``let``, which are constant expressions, and NOW."""
    now = current_time()
    return {"NOW": now, **{name: compile_expression(spec)({}, {"NOW": now}) for name, spec in (let or {}).items()}}


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
    return constant(spec)


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


def _meta(argument: Any, scope: Scope) -> Evaluate:
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

    return evaluate


def _array(spec: list[Any], scope: Scope) -> Evaluate:
    items = [scope.compile(item) for item in spec]

    def evaluate(document: Any, variables: Variables) -> Any:
        values = [item(document, variables) for item in items]
        return [None if value is MISSING else value for value in values]

    return evaluate


# Fields and variables


def _reference(text: str, scope: Scope) -> Evaluate:
    if not text.startswith("$$"):
        return _field(_path_parts(text[1:], text))
    name, _, path = text[2:].partition(".")
    parts = _path_parts(path, text) if path else ()
    if not name:
        raise CommandError("FailedToParse", f"empty variable names are not allowed: {text!r}")
    if name in ("ROOT", "CURRENT") and name not in scope.names:
        return _field(parts) if parts else lambda document, variables: document
    value = _variable(name, scope)
    return (lambda document, variables: walk(value(document, variables), parts)) if parts else value


def _path_parts(path: str, text: str) -> tuple[str, ...]:
    parts = tuple(path.split("."))
    if not path:
        raise CommandError("Location16872", "'$' by itself is not a valid FieldPath")
    if not all(parts):
        raise CommandError("Location15998", f"FieldPath field names may not be empty strings: {text!r}")
    if any(part.startswith("$") and part not in REFERENCE_FIELDS for part in parts):
        raise CommandError("Location16410", f"FieldPath field names may not start with '$': {text!r}")
    return parts


def _variable(name: str, scope: Scope) -> Evaluate:
    if name in scope.names:
        return lambda document, variables: variables[name]
    if name == "REMOVE":
        return constant(MISSING)
    if name == "NOW":
        now = current_time()
        return lambda document, variables: variables.get("NOW", now)
    if name.isupper():
        raise unsupported(f"$${name}", "expression")
    raise CommandError("Location17276", f"Use of undefined variable: {name}")


def _field(parts: tuple[str, ...]) -> Evaluate:
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
