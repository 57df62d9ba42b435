"""Stored documents to values, without pydantic: what a field of a raw row says, by its declared type.

``RowReader`` compiles one small function a field. A value that breaks the model raises ``InvalidDocument`` at that
field, and nowhere else. A field missing in an old document has its declared default.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from beanie.odm.utils.encoder import Encoder
from bson import Binary, DBRef, Decimal128, ObjectId
from pydantic import ValidationError

from core.coercion import scalar_value
from core.errors import CoreError, InputError, InvalidDocument
from core.scalars import SCALARS
from core.specs import (
    MISSING,
    Catalog,
    EnumType,
    FieldSpec,
    ListType,
    MapType,
    ObjectSpec,
    ObjectType,
    RelationType,
    ScalarType,
    TypeSpec,
    UnionType,
)  # fmt: skip

Row = Mapping[str, Any]
Read = Callable[[Row], Any]
Load = Callable[[Any], Any]

_encode = Encoder().encode

# What BSON gives for a scalar that needs no second look.
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "String": (str,), "Int": (int,), "BigInt": (int,), "Float": (float,), "Boolean": (bool,), "DateTime": (datetime,),
    "Date": (datetime,), "Time": (str,), "Duration": (float, int), "Decimal": (Decimal, Decimal128),
    "UUID": (UUID, Binary), "Bytes": (bytes, Binary),
}  # fmt: skip
_ANY = frozenset({"ID", "JSON"})


class RowReader:
    """Reads fields of raw rows.

    ``value`` gives the Python value: scalars loaded, an enum's stored value, an embedded object as its stored mapping
    (to be read by its own spec), a link as the target's id. ``json`` gives the wire form: declared names, ISO dates,
    decimals and ids as strings.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._reads: dict[tuple[type, str], Read] = {}
        self._dumps: dict[tuple[type, str], Read] = {}

    def value(self, owner: ObjectSpec, found: FieldSpec, row: Row) -> Any:
        """The Python value of one field.

        Raises:
            InvalidDocument: what is stored there breaks the model.
        """
        return self.reader(owner, found)(row)

    def json(self, owner: ObjectSpec, found: FieldSpec, row: Row) -> Any:
        """The JSON value of one field. Raises as ``value`` does."""
        return self.dumper(owner, found)(row)

    def shape(self, owner: ObjectSpec, row: Row, fields: Iterable[str] | None = None) -> dict[str, Any]:
        """The JSON object of a row: ``fields`` by wire name, or every readable one."""
        wanted = owner.fields if fields is None else [owner.by_wire[name] for name in fields]
        return {one.wire: self.dumper(owner, one)(row) for one in wanted if one.readable}

    def member(self, union: UnionType, stored: Row) -> ObjectSpec:
        """Which of the union's types an embedded object is: by its discriminator, else the first it validates as."""
        if union.discriminator is not None:
            for member in union.members:
                spec = self._catalog.of(member)
                found = spec.by_name[union.discriminator]
                if stored.get(found.storage) in _values_of(found.type):
                    return spec
        for member in union.members:
            try:
                member.python.model_validate(stored)  # pyright: ignore[reportAttributeAccessIssue]
            except ValidationError:
                continue
            return self._catalog.of(member)
        raise InvalidDocument(
            f"a stored object is none of {', '.join(self._catalog.of(one).name for one in union.members)}"
        )

    def reader(self, owner: ObjectSpec, found: FieldSpec) -> Read:
        """The compiled ``value`` of a field."""
        key = (owner.python, found.name)
        if key not in self._reads:
            self._reads[key] = _read(owner, found, self._loader(found.type))
        return self._reads[key]

    def dumper(self, owner: ObjectSpec, found: FieldSpec) -> Read:
        """The compiled ``json`` of a field."""
        key = (owner.python, found.name)
        if key not in self._dumps:
            self._dumps[key] = _read(owner, found, self._dump(found.type))
        return self._dumps[key]

    def _loader(self, kind: TypeSpec) -> Load:
        match kind:
            case ScalarType(name=name):
                return _scalar_loader(name)
            case EnumType():
                return _enum_loader(kind)
            case ListType(item=item):
                return _list_loader(self._loader(item), kind)
            case RelationType():
                return _target
            case ObjectType() | UnionType() | MapType():
                return _mapping

    def _dump(self, kind: TypeSpec) -> Load:
        match kind:
            case ScalarType(name=name):
                return _scalar_dumper(name)
            case ListType(item=item):
                return _list_loader(self._dump(item), kind)
            case RelationType():
                return lambda stored: str(_target(stored))
            case ObjectType():
                return lambda stored: self.shape(self._catalog.of(kind), _mapping(stored))
            case UnionType():
                return lambda stored: self.shape(self.member(kind, _mapping(stored)), stored)
            case MapType():
                return lambda stored: dump_json(_mapping(stored))
            case EnumType():
                return _enum_loader(kind)


def dump_json(value: Any) -> Any:
    """Any stored value as JSON: ids, decimals and UUIDs as strings, dates as ISO text, bytes as base64."""
    if isinstance(value, Mapping):
        items: Mapping[Any, Any] = value
        return {str(name): dump_json(one) for name, one in items.items()}
    if isinstance(value, list):
        found: list[Any] = value
        return [dump_json(one) for one in found]
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    for python, dump in _JSON_FORMS:
        if isinstance(value, python):
            return dump(value)
    return str(value)


_JSON_FORMS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (datetime, SCALARS["DateTime"].dump), (date, date.isoformat), (time, time.isoformat),
    (timedelta, SCALARS["Duration"].dump), (DBRef, lambda value: str(value.id)), (ObjectId, str), (UUID, str),
    (bytes, SCALARS["Bytes"].dump),
)  # fmt: skip


def _read(owner: ObjectSpec, found: FieldSpec, load: Load) -> Read:
    """Stored value or default, null where it may be, errors that name document and field."""
    key = found.storage or found.wire
    default = _default(found)

    def read(row: Row) -> Any:
        stored = row.get(key, MISSING)
        if stored is MISSING:
            stored = _computed(owner, found, row) if found.computed else default()
        if stored is None and found.nullable:
            return None
        if isinstance(stored, CoreError):  # what core.actions found out when it computed the field
            raise stored
        if stored is None or stored is MISSING:
            raise _broken(owner, found, row, "is missing")
        try:
            return load(stored)
        except _BREAKS as error:
            raise _broken(owner, found, row, f"holds a {type(stored).__name__} that does not fit") from error

    return read


_BREAKS = (InputError, TypeError, ValueError, ArithmeticError, AttributeError, KeyError)


def _broken(owner: ObjectSpec, found: FieldSpec, row: Row, what: str) -> InvalidDocument:
    which = f" {row['_id']}" if "_id" in row else ""
    return InvalidDocument(f"{owner.name}{which}: the stored field {found.wire!r} {what}")


def _default(found: FieldSpec) -> Callable[[], Any]:
    """What stands in for an absent field, in stored form."""
    if (factory := found.default_factory) is not None:
        return lambda: _encode(factory())
    if found.default is MISSING:
        # A required list keeps its error: absent is not empty.
        return lambda: None if found.nullable else MISSING
    stored = _encode(found.default)
    return lambda: stored


def _computed(owner: ObjectSpec, found: FieldSpec, row: Row) -> Any:
    """A computed field of an embedded object, from an instance of it."""
    try:
        return _encode(getattr(owner.python.model_validate(row), found.name))  # pyright: ignore[reportAttributeAccessIssue]
    except ValidationError as error:
        raise _broken(owner, found, row, "cannot be computed") from error


def _values_of(kind: TypeSpec) -> tuple[Any, ...]:
    return tuple(choice.value for choice in kind.choices) if isinstance(kind, EnumType) else ()


def _scalar_loader(name: str) -> Load:
    load = SCALARS[name].load
    if name in _ANY:
        return load
    plain = _PLAIN[name]

    def checked(stored: Any) -> Any:
        if type(stored) in plain:
            return load(stored)
        # Another form that pydantic would read as well: 3 for 3.0, an ISO text for a date.
        return scalar_value(name, stored, ())

    return checked


def _scalar_dumper(name: str) -> Load:
    dump, load = SCALARS[name].dump, _scalar_loader(name)
    if name == "JSON":
        return dump_json
    if name == "Float":
        return lambda stored: _finite(load(stored))
    return lambda stored: dump(load(stored))


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("JSON has no NaN and no infinity")
    return value


def _enum_loader(kind: EnumType) -> Load:
    values = {choice.value: choice.value for choice in kind.choices}
    return lambda stored: values[stored]


def _list_loader(load: Load, kind: ListType) -> Load:
    def load_list(stored: Any) -> Any:
        if not isinstance(stored, list) and not kind.single:
            raise TypeError
        items: list[Any] = stored if isinstance(stored, list) else [stored]
        if kind.nullable_items:
            return [None if one is None else load(one) for one in items]
        return [load(one) for one in items]

    return load_list


def _mapping(stored: Any) -> Row:
    if not isinstance(stored, Mapping):
        raise TypeError
    return stored  # pyright: ignore[reportUnknownVariableType]


def _target(stored: Any) -> Any:
    """The id a link points to."""
    return stored.id if isinstance(stored, DBRef) else stored
