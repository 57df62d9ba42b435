"""One Strawberry scalar a row of ``core.scalars``, strict about what comes in.

Stored values leave ``core.reads`` in their wire form already; ``serialize`` is for the few Python values beside them.
"""

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import strawberry
from graphql import GraphQLError
from pydantic import TypeAdapter, ValidationError
from strawberry.types.scalar import ScalarDefinition

from core.reads import dump_json
from core.scalars import SCALARS, Scalar

_INT64 = 2**63
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_DURATION = re.compile(r"[+-]?P(?=.)", re.IGNORECASE)
_DURATIONS: TypeAdapter[timedelta] = TypeAdapter(timedelta)

_Parse = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a string")
    return value


def _parse_big_int(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,19}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        raise ValueError("not a 64-bit whole number")
    return value


def _parse_datetime(value: Any) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError("without a UTC offset")
    return found


def _parse_date(value: Any) -> date:
    if not _DATE.match(_text(value)):
        raise ValueError("not YYYY-MM-DD")
    return date.fromisoformat(value)


def _parse_duration(value: Any) -> timedelta:
    if isinstance(value, str) and not _DURATION.match(value):
        raise ValueError("not an ISO 8601 duration")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("neither text nor seconds")
    return _DURATIONS.validate_python(value)


def _parse_decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("neither text nor a number")
    found = Decimal(str(value))
    if not found.is_finite():
        raise ValueError("not finite")
    return found


# row → (how it is read, an example for the message)
_PARSERS: Mapping[str, tuple[_Parse, str]] = {
    "BigInt": (_parse_big_int, "a whole number within 64 bits, such as 9007199254740993"),
    "DateTime": (_parse_datetime, 'RFC 3339 with its UTC offset, such as "2026-01-31T12:00:00Z"'),
    "Date": (_parse_date, 'ISO 8601, such as "2026-01-31"'),
    "Time": (lambda value: time.fromisoformat(_text(value)), 'ISO 8601, such as "12:30:00"'),
    "Duration": (_parse_duration, 'ISO 8601, such as "PT1H30M", or seconds as a number'),
    "Decimal": (_parse_decimal, 'a finite decimal number as text, such as "12.50"'),
    "UUID": (lambda value: uuid.UUID(_text(value)), 'such as "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"'),
    "Bytes": (lambda value: base64.b64decode(_text(value), validate=True), 'base64, such as "aGVsbG8="'),
    "JSON": (lambda value: value, "any JSON value"),
}
_NOT_PARSED = (ValueError, InvalidOperation, OverflowError, binascii.Error, ValidationError)


def _parser(name: str) -> _Parse:
    parse, example = _PARSERS[name]

    def parse_value(value: Any) -> Any:
        try:
            return parse(value)
        except _NOT_PARSED:
            shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}..."
            raise GraphQLError(f"{name} cannot represent {shown}; expected {example}") from None

    return parse_value


def _serializer(row: Scalar) -> Callable[[Any], Any]:
    """Wire form as it is; a Python value in its wire form."""
    return lambda value: value if isinstance(value, str) else row.dump(value)


_BUILT_IN: Mapping[str, Any] = {"ID": strawberry.ID, "String": str, "Int": int, "Float": float, "Boolean": bool}
_CUSTOM: Mapping[str, Any] = {name: type(name, (), {}) for name in SCALARS if name not in _BUILT_IN}

SCALAR_TYPES: Mapping[str, Any] = {**_BUILT_IN, **_CUSTOM}
"""Row → the marker that stands for the scalar in a type."""

SCALAR_MAP: Mapping[object, ScalarDefinition] = {
    marker: strawberry.scalar(
        name=name,
        description=SCALARS[name].description,
        specified_by_url=SCALARS[name].specified_by,
        serialize=dump_json if name == "JSON" else _serializer(SCALARS[name]),
        parse_value=_parser(name),
    )
    for name, marker in _CUSTOM.items()
}
"""Marker → definition, for ``StrawberryConfig``."""
