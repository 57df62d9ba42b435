"""What an expression compiles to, and the forms in which operators take their arguments.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bson import Decimal128

from .collation import Collation
from .errors import CommandError
from .keys import encode_key
from .values import MISSING, UNDEFINED, equal, exact

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
    folding: bool = True
    """Whether constant expressions are computed, and their errors raised, while compiling."""
    documents: bool = True
    """Whether there are documents to read: not for the variables of a command's ``let``."""

    def compile(self, spec: Any) -> Evaluate:
        return self.compile_in(spec, self)

    def check(self, spec: Any) -> None:
        """Compile what will not be evaluated, for the errors of its form alone."""
        self.compile_in(spec, replace(self, folding=False))

    def fold(self, call: Evaluate, parts: Iterable[Evaluate]) -> Evaluate:
        """``call``, or its value where all ``parts`` are constant.

        MongoDB computes constant expressions before it reads a document: their errors come also where no document
        needs them, in the branch of a ``$cond`` or on an empty collection.
        """
        return Constant(call({}, {})) if self.folding and all(type(part) is Constant for part in parts) else call

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


@dataclass(frozen=True)
class Constant:
    """An expression with one value for all documents."""

    value: Any

    def __call__(self, document: Any, variables: Variables) -> Any:
        return self.value


class Unread(dict[str, Any]):
    """The document of a constant expression: to read it, LookupError, is the proof that the expression is none."""

    def get(self, *_: Any) -> Any:
        raise LookupError


def reads_document(expression: Evaluate) -> bool:
    """Whether an expression needs a document, as far as can be told before variables have values."""
    try:
        expression(Unread(), {})
    except KeyError:  # a variable
        return False
    except LookupError:
        return True
    return False


def is_nullish(value: Any) -> bool:
    return value is None or value is MISSING


def truthy(value: Any) -> bool:
    """What ``$cond``, ``$and`` and the like take for true: all but false, null, a missing field and zero."""
    if value is None or value is MISSING or value is False:
        return False
    if type(value) is Decimal128:
        return exact(value) != 0
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
            return scope.fold(_call(compute, arguments, null), arguments)

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


@dataclass(frozen=True, kw_only=True)
class Faults:
    """The codes with which an operator refuses an argument object: MongoDB has its own for most operators."""

    not_object: str = "FailedToParse"
    unknown: str = "FailedToParse"
    missing: Mapping[str, str] = field(default_factory=dict[str, str])


FAILED_TO_PARSE = Faults()


def named(
    compute: Callable[..., Any],
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
    faults: Faults = FAILED_TO_PARSE,
) -> Callable[[str], Row]:
    """An operator on an object of values; ``compute`` takes them by name, MISSING for an optional one not given."""

    def row(name: str) -> Row:
        def compile_call(argument: Any, scope: Scope) -> Evaluate:
            fields = arguments_of(name, argument, required, optional, faults)
            given = {field: scope.compile(item) for field, item in fields.items()}
            arguments = {_python_name(field): given.get(field, _not_given) for field in (*required, *optional)}

            def call(document: Any, variables: Variables) -> Any:
                return compute(**{field: item(document, variables) for field, item in arguments.items()})

            return scope.fold(call, given.values())

        return compile_call

    return row


def _not_given(document: Any, variables: Variables) -> Any:
    return MISSING


def _python_name(field: str) -> str:
    """``onError`` → ``on_error``."""
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in field)


def arguments_of(
    name: str,
    argument: Any,
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
    faults: Faults = FAILED_TO_PARSE,
) -> dict[str, Any]:
    """The fields of an operator's argument object; raises CommandError for an unknown or a missing one."""
    if type(argument) is not dict:
        raise CommandError(faults.not_object, f"{name} only supports an object as its argument")
    for given in argument:
        if given not in required and given not in optional:
            raise CommandError(faults.unknown, f"Unrecognized argument to {name}: {given}")
    for wanted in required:
        if wanted not in argument:
            raise CommandError(faults.missing.get(wanted, "FailedToParse"), f"Missing '{wanted}' parameter to {name}")
    return argument


def rows(table: Mapping[str, Callable[[str], Row]]) -> dict[str, Row]:
    """Give each row the name it reports in errors."""
    return {name: make(name) for name, make in table.items()}
