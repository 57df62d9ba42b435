"""Values of a request to what is stored, by the declared type: the one gate every filter value passes.

A value may come as JSON (an ISO date, a decimal in a string, base64) or as Python. What BSON or the type cannot hold is
refused with the place: NaN, whole numbers beyond 64 bits, lone surrogates, NUL, keys that begin with ``$``.
"""

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from bson import Decimal128, ObjectId
from pydantic import TypeAdapter, ValidationError

from core.errors import FieldError, FieldPath, InputError
from core.scalars import SCALARS
from core.specs import EnumType, ListType, ScalarType, TypeSpec

_INT64 = 2**63
MAX_DEPTH = 50
"""Levels of nested data; BSON allows 100 in all."""
_LONGEST_DIGITS = 34


def refuse(path: FieldPath, code: str, message: str) -> InputError:
    """The error for one value; ``path`` holds wire names and list positions."""
    path = shown_path(path)
    place = ".".join(map(str, path))
    return InputError(f"{place}: {message}" if place else message,
                      field_errors=[FieldError(path=path, code=code, message=message)])  # fmt: skip


def shown_path(path: FieldPath) -> FieldPath:
    """The path as an error may carry it: a name a client made up may be endless, or no text at all."""
    return tuple(
        part if isinstance(part, int) else part[:100].encode(errors="replace").decode() for part in path[:MAX_DEPTH]
    )


def to_storage(kind: TypeSpec, value: Any, path: FieldPath) -> Any:
    """The BSON-ready form of one value of the type. None is handled by the caller: here it is a wrong value.

    Raises:
        InputError: the value is none of the type's.
    """
    match kind:
        case EnumType():
            return _choice(kind, value, path)
        case ScalarType(name=name):
            return scalar(name, value, path)
        case ListType(item=item):
            return [to_storage(item, one, (*path, place)) for place, one in enumerate(as_list(value, path))]
        case _:
            return json_value(value, path)


def scalar(name: str, value: Any, path: FieldPath) -> Any:
    """The same for a row of ``core.scalars``."""
    return SCALARS[name].store(scalar_value(name, value, path))


def scalar_value(name: str, value: Any, path: FieldPath) -> Any:
    """The Python value of a scalar that came as JSON or as Python."""
    try:
        return _PARSERS[name](value, path)
    except (ValidationError, ValueError, OverflowError, ArithmeticError, binascii.Error):
        raise refuse(path, "invalid_value", f"not a {name}: {SCALARS[name].description}") from None


def as_list(value: Any, path: FieldPath) -> list[Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    raise refuse(path, "list_type", "a list is needed")


def text(value: Any, path: FieldPath) -> str:
    """A text that BSON can hold and a search can use."""
    if not isinstance(value, str):
        raise refuse(path, "string_type", "a text is needed")
    if "\0" in value:
        raise refuse(path, "invalid_text", "the character NUL is not allowed")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refuse(path, "invalid_text", "a lone surrogate is no character") from None
    return value


def key(value: Any, path: FieldPath) -> str:
    """A key of a JSON object."""
    name = text(value, path)
    if name.startswith("$"):
        raise refuse(path, "invalid_key", "a key must not begin with $")
    return name


def json_value(value: Any, path: FieldPath, depth: int = 0) -> Any:
    """Free JSON: objects, lists and plain values, as deep as BSON allows."""
    if depth > MAX_DEPTH:
        raise refuse(path, "too_deep", f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        items: Mapping[Any, Any] = value
        return {
            key(name, (*path, str(name))): json_value(one, (*path, str(name)), depth + 1) for name, one in items.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_value(one, (*path, place), depth + 1) for place, one in enumerate(as_list(value, path))]
    if value is None or isinstance(value, (bool, datetime, ObjectId, Decimal128)):
        return value
    for python, name in _JSON_SCALARS:
        if isinstance(value, python):
            return scalar(name, value, path)
    raise refuse(path, "invalid_value", "not a JSON value")


def _choice(kind: EnumType, value: Any, path: FieldPath) -> Any:
    wanted = value.value if isinstance(value, Enum) else value
    for choice in kind.choices:
        if choice.value == wanted and isinstance(wanted, bool) == isinstance(choice.value, bool):
            return choice.value
    known = ", ".join(str(choice.value) for choice in kind.choices)
    raise refuse(path, "enum", f"must be one of: {known}")


def _whole(value: Any, path: FieldPath) -> int:
    if isinstance(value, (bool, Decimal)):
        raise ValueError
    found: int = _INT.validate_python(value)
    if not -_INT64 <= found < _INT64:
        raise refuse(path, "int_too_large", "beyond 64 bits")
    return found


def _number(value: Any, path: FieldPath) -> float:
    if isinstance(value, bool):
        raise ValueError
    found: float = _FLOAT.validate_python(value)
    if not math.isfinite(found):
        raise refuse(path, "finite_number", "NaN and infinity are not allowed")
    return found


def _boolean(value: Any, path: FieldPath) -> bool:
    return _BOOL.validate_python(value)


def _moment(value: Any, path: FieldPath) -> datetime:
    if isinstance(value, (bool, int, float)):
        raise ValueError
    found: datetime = _DATETIME.validate_python(value)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _parsed(adapter: TypeAdapter[Any], *allowed: type) -> Callable[[Any, FieldPath], Any]:
    def parse(value: Any, path: FieldPath) -> Any:
        if not isinstance(value, allowed) or isinstance(value, bool):
            raise ValueError
        return adapter.validate_python(value)

    return parse


def _decimal(value: Any, path: FieldPath) -> Decimal:
    if not isinstance(value, (str, int, float, Decimal)) or isinstance(value, bool):
        raise ValueError
    found = Decimal(str(value))
    if not found.is_finite():
        raise refuse(path, "finite_number", "NaN and infinity are not allowed")
    if len(found.as_tuple().digits) > _LONGEST_DIGITS:
        raise refuse(path, "decimal_max_digits", f"more than {_LONGEST_DIGITS} digits")
    Decimal128(found)  # raises for an exponent that BSON has no room for
    return found


def _bytes(value: Any, path: FieldPath) -> bytes:
    return bytes(value) if isinstance(value, (bytes, bytearray)) else base64.b64decode(text(value, path), validate=True)


def _id(value: Any, path: FieldPath) -> ObjectId:
    found = value if isinstance(value, ObjectId) else text(value, path)
    if not ObjectId.is_valid(found):
        raise ValueError
    return ObjectId(found)


_INT, _FLOAT, _BOOL = TypeAdapter(int), TypeAdapter(float), TypeAdapter(bool)
_DATETIME = TypeAdapter(datetime)
_PARSERS: Mapping[str, Callable[[Any, FieldPath], Any]] = {
    "ID": _id,
    "String": text,
    "Int": _whole,
    "BigInt": _whole,
    "Float": _number,
    "Boolean": _boolean,
    "DateTime": _moment,
    "Date": _parsed(TypeAdapter(date), str, date),
    "Time": _parsed(TypeAdapter(time), str, time),
    "Duration": _parsed(TypeAdapter(timedelta), str, int, float, timedelta),
    "Decimal": _decimal,
    "UUID": _parsed(TypeAdapter(UUID), str, UUID),
    "Bytes": _bytes,
    "JSON": json_value,
}
_JSON_SCALARS: tuple[tuple[type, str], ...] = (
    (str, "String"), (int, "BigInt"), (float, "Float"), (date, "Date"), (time, "Time"), (timedelta, "Duration"),
    (Decimal, "Decimal"), (UUID, "UUID"), (bytes, "Bytes"),
)  # fmt: skip
