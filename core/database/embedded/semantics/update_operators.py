"""Update operators on one field: https://www.mongodb.com/docs/manual/reference/operator/update-field/

A row compiles the operator's argument to a function from the old value (MISSING where there is none) to the new one;
UNCHANGED means that the field stays as it is, Appended that an array only grew.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bson import Int64, Timestamp

from . import numbers
from .collation import Collation
from .errors import CommandError, bad, mismatch
from .expressions import current_time
from .keys import encode_key
from .matching import Scope
from .numbers import DECIMAL, DOUBLE, fits_long, kind, whole
from .values import MISSING, exact, identical, is_nan, is_number, type_name

Modify = Callable[[Any], Any]
Row = Callable[[Any, "Target"], Modify]


Tick = Callable[[], Timestamp]
"""Gives a time later than all it gave before."""


def this_second() -> Timestamp:
    """For whoever has no clock."""
    return Timestamp(int(time.time()), 1)


@dataclass(frozen=True, kw_only=True)
class Target:
    """What an operator is compiled for: its path as text, and how values compare."""

    path: str
    scope: Scope
    tick: Tick

    @property
    def collation(self) -> Collation | None:
        return self.scope.collation


class _Unchanged:
    def __repr__(self) -> str:
        return "UNCHANGED"


UNCHANGED: Final = _Unchanged()


@dataclass(frozen=True)
class Appended:
    """A new array whose last ``count`` elements are new."""

    items: list[Any]
    count: int


def _set(argument: Any, target: Target) -> Modify:
    return lambda old: UNCHANGED if old is not MISSING and identical(old, argument) else argument


def _arithmetic(name: str, verb: str, compute: Callable[[Any, Any], Any], start: Callable[[Any], Any]) -> Row:
    """``$inc`` and ``$mul``; ``start`` gives the value of a field that was not there."""

    def row(argument: Any, target: Target) -> Modify:
        if not is_number(argument):
            raise mismatch(f"Cannot {verb} with non-numeric argument: {{{target.path}: {argument!r}}}")

        def modify(old: Any) -> Any:
            if old is MISSING:
                return start(argument)
            if not is_number(old):
                what = f"the field '{target.path}' is of type {type_name(old)}"
                raise mismatch(f"Cannot apply {name} to a value of non-numeric type: {what}")
            found = compute(old, argument)
            if type(found) is float and DOUBLE not in (kind(old), kind(argument)):  # it did not fit in 64 bits
                raise bad(f"Failed to apply {name} operations to current value {old!r} of the field '{target.path}'")
            return UNCHANGED if _is_same_number(old, found) else found

        return modify

    return row


def _is_same_number(old: Any, new: Any) -> bool:
    """Of one type and equal: MongoDB writes nothing then, so that -0.0 stays -0.0."""
    return kind(new) == kind(old) and not is_nan(old) and exact(new) == exact(old)


def _extreme(*, greatest: bool) -> Row:
    def row(argument: Any, target: Target) -> Modify:
        key = encode_key(argument, target.collation)

        def modify(old: Any) -> Any:
            if old is MISSING:
                return argument
            known = encode_key(old, target.collation)
            return argument if (key > known if greatest else key < known) else UNCHANGED

        return modify

    return row


def _current_date(argument: Any, target: Target) -> Modify:
    wanted = argument.get("$type") if type(argument) is dict and argument.keys() == {"$type"} else argument
    if wanted in ("date", "timestamp") and type(argument) is dict:
        return _now if wanted == "date" else lambda old: target.tick()
    if type(argument) is bool:
        return _now
    raise bad(
        f"{type_name(argument)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression"
    )


def _now(old: Any) -> Any:
    return current_time()


_BITS: dict[str, Callable[[int, int], int]] = {"and": int.__and__, "or": int.__or__, "xor": int.__xor__}


def _bit(argument: Any, target: Target) -> Modify:
    if type(argument) is not dict or not argument:
        message = (
            f"The $bit modifier is not compatible with a {type_name(argument)}. You must pass in an embedded document"
        )
        raise bad(message)
    for name, operand in argument.items():
        if name not in _BITS:
            raise bad(
                f"The $bit modifier only supports 'and', 'or', and 'xor', not '{name}' which is an unknown operator"
            )
        if not _is_integer(operand):
            raise bad(
                f"The $bit modifier field must be an Integer(32/64 bit); a '{type_name(operand)}' is not supported"
            )

    def modify(old: Any) -> Any:
        value = 0 if old is MISSING else old
        if not _is_integer(value):
            what = f"the field '{target.path}' is of type {type_name(old)}"
            raise bad(f"Cannot apply $bit to a value of non-integral type: {what}")
        for name, operand in argument.items():
            value = whole(_BITS[name](int(value), int(operand)), max(kind(value), kind(operand)))
        return UNCHANGED if old is not MISSING and identical(old, value) else value

    return modify


def _is_integer(value: Any) -> bool:
    return is_number(value) and kind(value) not in (DOUBLE, DECIMAL) and fits_long(value)


def _same(argument: Any) -> Any:
    return argument


def _zero_like(argument: Any) -> Any:
    return numbers.multiply(argument, Int64(0) if kind(argument) == numbers.LONG else 0)


def check_operand(name: str, operand: Any) -> dict[str, Any]:
    """The fields an operator applies to."""
    if type(operand) is not dict:
        example = f"For example: {{$mod: {{<field>: ...}}}} not {{{name}: {operand!r}}}"
        message = f"Modifiers operate on fields but we found type {type_name(operand)} instead. {example}"
        raise CommandError("FailedToParse", message)
    return operand


FIELD_ROWS: dict[str, Row] = {
    "$set": _set,
    "$setOnInsert": _set,
    "$inc": _arithmetic("$inc", "increment", numbers.add, _same),
    "$mul": _arithmetic("$mul", "multiply", numbers.multiply, _zero_like),
    "$min": _extreme(greatest=False),
    "$max": _extreme(greatest=True),
    "$currentDate": _current_date,
    "$bit": _bit,
}
