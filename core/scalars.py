"""One row a scalar type: Python type, storage form, wire form, filter operators, widget.

``store`` gives the BSON-ready value of a Python value, as Beanie itself would write it; ``load`` gives the Python
value of what is stored; ``dump`` gives the JSON form every surface sends. Parsing from JSON is pydantic's, by the
Python type. To add a scalar: a row here and a case file in ``tests/graphql/cases``.
"""

import base64
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bson import Binary, Decimal128, ObjectId

from core.filters import BOOLEAN, EQUALITY, ORDERED, STRING


def _same(value: Any) -> Any:
    return value


def _load_datetime(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _store_date(value: date) -> datetime:
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def _load_date(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else date.fromisoformat(value)


def _store_time(value: time) -> str:
    # A fixed width makes the order of the strings the order of the times.
    return value.isoformat(timespec="microseconds")


def _load_decimal(value: Any) -> Decimal:
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value))


def _load_uuid(value: Any) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    return uuid.UUID(bytes=bytes(value)) if isinstance(value, bytes) else uuid.UUID(value)


def _iso_duration(value: timedelta) -> str:
    """ISO 8601 with days, hours and seconds: ``P1DT2H3.5S`` (https://www.rfc-editor.org/rfc/rfc3339#appendix-A)."""
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    seconds = value.seconds + value.microseconds / 1_000_000
    text = f"{seconds:.6f}".rstrip("0").rstrip(".")
    return f"{sign}P{value.days}DT{text}S" if value.days else f"{sign}PT{text}S"


@dataclass(frozen=True, kw_only=True)
class Scalar:
    """How one scalar type is kept, sent, filtered and edited. ``specified_by`` is the URL of its definition."""

    name: str
    python: Any
    operators: tuple[str, ...]
    widget: str
    description: str
    store: Callable[[Any], Any] = _same
    load: Callable[[Any], Any] = _same
    dump: Callable[[Any], Any] = _same
    sortable: bool = True
    specified_by: str | None = None


_ROWS = (
    Scalar(name="ID", python=ObjectId, operators=ORDERED, widget="id", description="Key of a document.",
           store=lambda value: ObjectId(value) if ObjectId.is_valid(value) else value, dump=str),
    Scalar(name="String", python=str, operators=STRING, widget="text", description="Text."),
    Scalar(name="Int", python=int, operators=ORDERED, widget="number", description="A 32-bit whole number."),
    Scalar(name="BigInt", python=int, operators=ORDERED, widget="number",
           description="A 64-bit whole number, sent as a number; a string is accepted too.",
           specified_by="https://www.rfc-editor.org/rfc/rfc8259#section-6"),
    Scalar(name="Float", python=float, operators=ORDERED, widget="number", description="A floating-point number."),
    Scalar(name="Boolean", python=bool, operators=BOOLEAN, widget="switch", description="True or false."),
    Scalar(name="DateTime", python=datetime, operators=ORDERED, widget="datetime",
           description="A moment with its UTC offset, RFC 3339.", load=_load_datetime,
           dump=lambda value: _load_datetime(value).isoformat(),
           specified_by="https://www.rfc-editor.org/rfc/rfc3339"),
    Scalar(name="Date", python=date, operators=ORDERED, widget="date", description="A calendar date, ISO 8601.",
           store=_store_date, load=_load_date, dump=lambda value: _load_date(value).isoformat() if isinstance(value, (datetime, str)) else value.isoformat(),
           specified_by="https://www.rfc-editor.org/rfc/rfc3339"),
    Scalar(name="Time", python=time, operators=ORDERED, widget="time", description="A time of day, ISO 8601.",
           store=_store_time, load=lambda value: time.fromisoformat(value), dump=lambda value: value.isoformat(),
           specified_by="https://www.rfc-editor.org/rfc/rfc3339"),
    Scalar(name="Duration", python=timedelta, operators=ORDERED, widget="duration",
           description="A length of time, ISO 8601 (`PT1H30M`); seconds as a number are accepted too.",
           store=lambda value: value.total_seconds(), load=lambda value: timedelta(seconds=value), dump=_iso_duration,
           specified_by="https://www.rfc-editor.org/rfc/rfc3339#appendix-A"),
    Scalar(name="Decimal", python=Decimal, operators=ORDERED, widget="decimal",
           description="An exact decimal number, sent as a string.", store=Decimal128, load=_load_decimal, dump=str,
           specified_by="https://speleotrove.com/decimal/daconvs.html"),
    Scalar(name="UUID", python=uuid.UUID, operators=EQUALITY, widget="text", description="A UUID, RFC 9562.",
           store=Binary.from_uuid, load=_load_uuid, dump=str, specified_by="https://www.rfc-editor.org/rfc/rfc9562"),
    Scalar(name="Bytes", python=bytes, operators=EQUALITY, widget="file", description="Bytes in base64, RFC 4648.",
           store=Binary, load=bytes, dump=lambda value: base64.b64encode(value).decode(), sortable=False,
           specified_by="https://www.rfc-editor.org/rfc/rfc4648#section-4"),
    Scalar(name="JSON", python=Any, operators=("hasKey", "pathEquals", "is", "isNot"), widget="json",
           description="Any JSON value.", sortable=False, specified_by="https://www.rfc-editor.org/rfc/rfc8259"),
)  # fmt: skip

SCALARS = {row.name: row for row in _ROWS}
