"""How operators on dates take their arguments: by name, each worked out when it is asked for.

MongoDB does so too: of two arguments that are null or wrong the first decides, and later ones do not matter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import CommandError
from ..evaluation import Constant, Evaluate, Row, Scope, Variables
from ..time_zones import UTC_ZONE, Zone, zone_of
from ..values import MISSING


class _Null(Exception):
    """An argument that makes the answer null."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call."""

    compiled: Mapping[str, Evaluate]
    document: Any
    variables: Variables

    def __contains__(self, name: str) -> bool:
        return name in self.compiled

    def get(self, name: str) -> Any:
        """The value, None if it is missing or not given."""
        value = self.value(name)
        return None if value is MISSING else value

    def value(self, name: str) -> Any:
        """The value, MISSING if it is missing, None if it is not given."""
        return self.compiled[name](self.document, self.variables) if name in self.compiled else None

    def required(self, name: str, default: Any = None) -> Any:
        """The value, or the default of an argument not given; the answer is null if it is null or missing."""
        value = self.get(name) if name in self.compiled else default
        if value is None:
            raise _Null
        return value

    def zone(self) -> Zone:
        return zone_of(self.required("timezone")) if "timezone" in self.compiled else UTC_ZONE


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The arguments an operator knows, and MongoDB's error names: of each that is missing, of an argument that is no
    object, of one not known. ``checks`` judge arguments that are constants before any document is read; ``nulls`` names
    those whose null, as a constant, makes every answer null."""

    required: Mapping[str, str]
    optional: tuple[str, ...] = ()
    not_object: str
    unknown: str
    checks: Mapping[str, Callable[[str, str], object]]
    nulls: tuple[str, ...] = ()

    def fields(self, name: str, argument: Any) -> dict[str, Any]:
        if type(argument) is not dict:
            raise CommandError(self.not_object, f"{name} only supports an object as its argument")
        for field in argument:
            if field not in self.required and field not in self.optional:
                raise CommandError(self.unknown, f"Unrecognized argument to {name}: {field}")
        for field, error in self.required.items():
            if field not in argument:
                raise CommandError(error, f"Missing '{field}' parameter to {name}")
        return argument

    def is_null(self, name: str, constants: Mapping[str, Any]) -> bool:
        """Whether the constants among the arguments make every answer null; raises CommandError for a wrong one."""
        for field, check in self.checks.items():
            if type(constants.get(field)) is str:
                check(name, constants[field])
        return any(field in constants and constants[field] is None for field in self.nulls)


def check_zone(name: str, text: str) -> Zone:
    return zone_of(text)


def operator(name: str, signature: Signature, compute: Callable[[Arguments], Any]) -> Row:
    """An operator on named arguments; null where ``compute`` asks for one that is null."""

    def compile_call(argument: Any, scope: Scope) -> Evaluate:
        compiled = {field: scope.compile(item) for field, item in signature.fields(name, argument).items()}

        def evaluate(document: Any, variables: Variables) -> Any:
            try:
                return compute(Arguments(compiled, document, variables))
            except _Null:
                return None

        constants = {field: item.value for field, item in compiled.items() if isinstance(item, Constant)}
        # Of constants alone, the first that is null or wrong decides.
        if scope.folding and len(constants) < len(compiled) and signature.is_null(name, constants):
            return Constant(None)
        return scope.fold(evaluate, compiled.values())

    return compile_call
