"""What the options of a command may be: checked in the order given, before the command runs, as MongoDB does it.

Codes: 40415 for an unknown option, 40414 for one that is missing, TypeMismatch for another type, BadValue for a number
too small. https://github.com/mongodb/mongo/blob/master/src/mongo/idl/idl_parser.h
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from bson import Binary, Decimal128, Int64

from .semantics.errors import REMEDY, CommandError, bad
from .semantics.numbers import is_whole
from .semantics.values import exact, is_nan, type_name

_LONGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Option:
    """The types an option may have (none: any), and what else is asked of it."""

    types: frozenset[type] = frozenset()
    expected: str = ""
    """The types as messages name them."""
    required: bool = False
    null: bool = True
    """Whether null stands for an option that is not given."""
    least: int | None = None
    fields: "Fields | None" = None
    error: str = "TypeMismatch"

    def check(self, where: str, value: Any) -> None:
        """Raise CommandError for a value that the option ``where`` cannot have."""
        if value is None and self.null:
            return
        if self.types and type(value) not in self.types:
            message = f"BSON field '{where}' is the wrong type '{type_name(value)}', expected {self.expected}"
            raise CommandError(self.error, message)
        if self.least is not None and clamped(value) < self.least:
            raise bad(f"BSON field '{where}' value must be >= {self.least}, actual value '{value}'")
        if self.fields is not None and value is not None:
            self.fields.check(where, value)


@dataclass(frozen=True)
class Fields:
    """The fields that an object may have, a command for one, and where it is ``strict`` no others."""

    known: Mapping[str, Option]
    strict: bool = True

    @cached_property
    def _required(self) -> tuple[str, ...]:
        return tuple(name for name, option in self.known.items() if option.required)

    def check(self, where: str, given: Mapping[str, Any]) -> None:
        """Raise CommandError for the first field that is wrong, then for a missing one."""
        for name, value in given.items():
            option = self.known.get(name)
            if option is None:
                if not self.strict:
                    continue
                message = f"BSON field '{where}.{name}' is an unknown field, or not offered here; {REMEDY}"
                raise CommandError("Location40415", message)
            if option is not ANY:
                option.check(f"{where}.{name}", value)
        for name in self._required:
            if given.get(name) is None:
                raise CommandError("Location40414", f"BSON field '{where}.{name}' is missing but a required field")


_NUMBERS = frozenset({int, Int64, float, Decimal128})

ANY = Option()
BOOLEAN = Option(types=frozenset({bool}), expected="type 'bool'")
FLAG = Option(types=_NUMBERS | {bool}, expected="types '[bool, long, int, decimal, double]'")
NUMBER = Option(types=_NUMBERS, expected="types '[long, int, decimal, double]'")
SIZE = replace(NUMBER, least=0)
SCALE = replace(NUMBER, least=1)
LONG = Option(types=frozenset({Int64}), expected="type 'long'")
TEXT = Option(types=frozenset({str}), expected="type 'string'")
OBJECT = Option(types=frozenset({dict}), expected="type 'object'")
ARRAY = Option(types=frozenset({list}), expected="type 'array'")
HINT = Option(types=frozenset({str, dict}), expected="a string or an object", null=False, error="FailedToParse")
DROP_TARGET = Option(types=frozenset({bool, bytes, Binary}), expected="types '[bool, binData]'", null=False)
INDEX = Option(types=frozenset({str, dict, list}), expected="types '[string, object, array]'", null=False)
CURSOR = replace(OBJECT, fields=Fields({"batchSize": SIZE}))


def required(option: Option) -> Option:
    return replace(option, required=True)


def given(option: Option) -> Option:
    """The option, which null does not leave out."""
    return replace(option, null=False)


def is_long(number: Any) -> bool:
    """A whole number of 64 bits, of any type."""
    return is_whole(number) and -_LONGEST - 1 <= exact(number) <= _LONGEST


def clamped(number: Any) -> int:
    """A number as MongoDB takes a count: doubles cut, decimals rounded to even, NaN as 0, within 64 bits."""
    if is_nan(number):
        return 0
    if is_whole(number):
        found = int(exact(number))
    elif type(number) is Decimal128:
        value = number.to_decimal()
        found = round(value) if value.is_finite() else _LONGEST * (1 if value > 0 else -1)
    elif abs(number) < _LONGEST:
        found = int(number)
    else:
        found = _LONGEST * (1 if number > 0 else -1)
    return max(-_LONGEST - 1, min(found, _LONGEST))
