"""What an expression compiles to, and the forms in which operators take their arguments.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bson import Decimal128

from .collation import Collation
from .errors import CommandError, unparsable
from .keys import encode_key
from .values import MISSING, UNDEFINED, equal

Variables = Mapping[str, Any]
Evaluate = Callable[[Any, Variables], Any]
"""A function of the document at hand and the variables; it gives MISSING for what is not there."""
Score = Callable[[dict[str, Any]], float]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an expression is compiled for. ``names`` are the variables it may use."""

    compile_in: Callable[[Any, "Scope"], Evaluate]
    collation: Collation | None = None
    names: frozenset[str] = frozenset()
    score: Score | None = None

    def compile(self, spec: Any) -> Evaluate:
        return self.compile_in(spec, self)

    def binding(self, *names: str) -> "Scope":
        return replace(self, names=self.names.union(names))

    def key(self, value: Any) -> bytes:
        """Bytes that order values as expressions compare them: a missing field is below null."""
        return encode_key(UNDEFINED if value is MISSING else value, self.collation)

    def equal(self, left: Any, right: Any) -> bool:
        if left is MISSING or right is MISSING:
            return left is right
        return equal(left, right) if self.collation is None else self.key(left) == self.key(right)


Row = Callable[[Any, Scope], Evaluate]
"""Compiles an operator's argument."""


def constant(value: Any) -> Evaluate:
    return lambda document, variables: value


def is_nullish(value: Any) -> bool:
    return value is None or value is MISSING


def truthy(value: Any) -> bool:
    """What ``$cond``, ``$and`` and the like take for true: all but false, null, a missing field and zero."""
    if value is None or value is MISSING or value is False:
        return False
    if type(value) is Decimal128:
        return value.to_decimal() != Decimal(0)
    return value != 0


def function(
    compute: Callable[..., Any], least: int = 1, most: int | None = None, *, null: bool = True, many: bool = False
) -> Callable[[str], Row]:
    """An operator on values given in order: ``least`` to ``most`` of them, or any number from ``least`` (``many``).

    With ``null``, an argument that is null or missing makes the answer null and ``compute`` is not called.
    """
    highest = None if many else most or least

    def row(name: str) -> Row:
        def compile_call(argument: Any, scope: Scope) -> Evaluate:
            arguments = [scope.compile(item) for item in (argument if type(argument) is list else [argument])]
            _check_count(name, len(arguments), least, highest)
            return _call(compute, arguments, null)

        return compile_call

    return row


def _call(compute: Callable[..., Any], arguments: list[Evaluate], null: bool) -> Evaluate:
    if len(arguments) == 1:
        return _call_one(compute, arguments[0], null)

    def call(document: Any, variables: Variables) -> Any:
        values = [argument(document, variables) for argument in arguments]
        if null and any(value is None or value is MISSING for value in values):
            return None
        return compute(*values)

    return call


def _call_one(compute: Callable[..., Any], argument: Evaluate, null: bool) -> Evaluate:
    if not null:
        return lambda document, variables: compute(argument(document, variables))

    def call(document: Any, variables: Variables) -> Any:
        value = argument(document, variables)
        return None if value is None or value is MISSING else compute(value)

    return call


def _check_count(name: str, count: int, least: int, most: int | None) -> None:
    if count >= least and (most is None or count <= most):
        return
    if most == least:
        passed = f"takes exactly {least} arguments. {count} were passed in."
        raise CommandError("Location16020", f"Expression {name} {passed}")
    upper = f", and at most {most}" if most is not None else ""
    raise CommandError(
        "Location28667", f"Expression {name} takes at least {least} arguments{upper}, but {count} were passed in."
    )


def named(
    compute: Callable[..., Any], required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Callable[[str], Row]:
    """An operator on an object of values; ``compute`` takes them by name, MISSING for an optional one not given."""

    def row(name: str) -> Row:
        def compile_call(argument: Any, scope: Scope) -> Evaluate:
            fields = arguments_of(name, argument, required, optional)
            given = {field: scope.compile(item) for field, item in fields.items()}
            arguments = {_python_name(field): given.get(field, _not_given) for field in (*required, *optional)}

            def call(document: Any, variables: Variables) -> Any:
                return compute(**{field: item(document, variables) for field, item in arguments.items()})

            return call

        return compile_call

    return row


def _not_given(document: Any, variables: Variables) -> Any:
    return MISSING


def _python_name(field: str) -> str:
    """``onError`` → ``on_error``."""
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in field)


def arguments_of(name: str, argument: Any, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of an operator's argument object; raises CommandError for an unknown or a missing one."""
    if type(argument) is not dict:
        raise unparsable(f"{name} only supports an object as its argument")
    for field in argument:
        if field not in required and field not in optional:
            raise unparsable(f"Unrecognized argument to {name}: {field}")
    for field in required:
        if field not in argument:
            raise unparsable(f"Missing '{field}' parameter to {name}")
    return argument


def rows(table: Mapping[str, Callable[[str], Row]]) -> dict[str, Row]:
    """Give each row the name it reports in errors."""
    return {name: make(name) for name, make in table.items()}
