"""Which documents of a list, in which order: sorting, offset and keyset paging.

A keyset cursor says where a page ended: the sort it belongs to and the last document's values under it. A walk by
cursors visits every document once that stays in its place, however many are written meanwhile.
https://use-the-index-luke.com/no-offset
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import bson
from bson.errors import BSONError

from core.access import Principal, readable_fields
from core.coercion import refuse, text
from core.errors import InputError
from core.queries import MongoQuery
from core.settings import Settings
from core.specs import Catalog, FieldSpec, ModelSpec, ObjectType
from core.stored import CODEC

Raw = dict[str, Any]
"""A document as it is stored, its keys those of the collection."""

MAX_OFFSET = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Sort:
    """One key of an order. ``field`` is a dotted wire path; ``nulls`` is where null and absent stand, by default
    MongoDB's: before every value, so first when ascending and last when descending."""

    field: str
    descending: bool = False
    nulls: Literal["first", "last"] | None = None


@dataclass(frozen=True, kw_only=True)
class Query:
    """A list somebody asks for. ``after`` is the ``end`` cursor of an earlier page with the same ``sorting``."""

    filter: Mapping[str, Any] | None = None
    search: str | None = None
    sorting: Sequence[Sort] = ()
    limit: int | None = None
    offset: int | None = None
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cursors:
    """Opaque places of the first and the last row; None on an empty page."""

    start: str | None = None
    end: str | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows of a list, in order, and what lies around them."""

    rows: list[Raw]
    has_next: bool
    has_previous: bool
    cursors: Cursors = field(default_factory=Cursors)


@dataclass(frozen=True, kw_only=True)
class _Key:
    path: str
    descending: bool
    nulls_last: bool

    @property
    def natural(self) -> bool:
        """MongoDB's own order puts null where it is wanted."""
        return self.nulls_last == self.descending

    def after(self, value: Any) -> list[MongoQuery]:
        """Alternatives for what comes after the value under this key alone; none where it is the very last."""
        if value is None:
            return [] if self.nulls_last else [{self.path: {"$ne": None}}]
        beyond: MongoQuery = {self.path: {"$lt" if self.descending else "$gt": value}}
        return [beyond, {self.path: None}] if self.nulls_last and self.path != "_id" else [beyond]


@dataclass(frozen=True, kw_only=True)
class Order:
    """A compiled order: total, since it ends in ``_id``."""

    keys: tuple[_Key, ...]

    @property
    def natural(self) -> bool:
        return all(key.natural for key in self.keys)

    @property
    def sort(self) -> dict[str, int]:
        """For ``find``, and for ``$sort`` after ``null_flags`` where the order is not natural."""
        flags = {f"_null{place}": 1 if key.nulls_last else -1 for place, key in enumerate(self.keys) if not key.natural}
        keys = {key.path: -1 if key.descending else 1 for key in self.keys}
        out: dict[str, int] = {}
        for place, path in enumerate(keys):
            if f"_null{place}" in flags:
                out[f"_null{place}"] = flags[f"_null{place}"]
            out[path] = keys[path]
        return out

    @property
    def null_flags(self) -> dict[str, Any]:
        """Computed fields that hold whether a key is null or absent."""
        return {
            f"_null{place}": {"$lte": [f"${key.path}", None]} for place, key in enumerate(self.keys) if not key.natural
        }

    @property
    def paths(self) -> list[str]:
        return [key.path for key in self.keys]

    def after(self, cursor: str | None) -> MongoQuery:
        """What comes after the cursor's document.

        Raises:
            InputError: no cursor of ours, or one of another sorting.
        """
        if cursor is None:
            return {}
        values = self._values(cursor)
        alternatives: list[MongoQuery] = []
        for place, key in enumerate(self.keys):
            same: MongoQuery = {one.path: value for one, value in zip(self.keys[:place], values, strict=False)}
            alternatives += [{**same, **beyond} for beyond in key.after(values[place])]
        if len(alternatives) == 1:
            return alternatives[0]
        first, value = self.keys[0], values[0]
        # The bound that all alternatives share lets the server enter an index at the right place.
        bounded = value is not None and not first.nulls_last
        bound: MongoQuery = {first.path: {"$lte" if first.descending else "$gte": value}} if bounded else {}
        return {**bound, "$or": alternatives}

    def cursor(self, row: Raw) -> str:
        values = [_value_at(row, key.path) for key in self.keys]
        body = bson.encode({"s": self._fingerprint, "v": values}, codec_options=CODEC)
        return base64.urlsafe_b64encode(body).decode().rstrip("=")

    def _values(self, cursor: str) -> list[Any]:
        wrong = refuse(("after",), "invalid_cursor", "not a cursor of this list and sorting; begin again without it")
        try:
            found = bson.decode(base64.urlsafe_b64decode(text(cursor, ("after",)) + "==="), CODEC)
        except (InputError, ValueError, BSONError):
            raise wrong from None
        values = found.get("v")
        if found.get("s") != self._fingerprint or not isinstance(values, list) or len(values) != len(self.keys):  # pyright: ignore[reportUnknownArgumentType]
            raise wrong
        if any(isinstance(value, (dict, list, bson.Regex, bson.Code)) for value in values):  # pyright: ignore[reportUnknownVariableType]
            raise wrong
        return values  # pyright: ignore[reportUnknownVariableType]

    @property
    def _fingerprint(self) -> str:
        return hashlib.sha256(repr(self.keys).encode()).hexdigest()[:12]


def order_of(catalog: Catalog, model: ModelSpec, principal: Principal, sorting: Sequence[Sort]) -> Order:
    """The order the principal asks for, made total by ``_id``.

    Raises:
        InputError: a field that is unknown, hidden from the principal or not sortable.
    """
    keys: dict[str, _Key] = {}
    for place, sort in enumerate(sorting):
        path = stored_path(catalog, model, principal, sort.field, ("sorting", place, "field"))
        nulls_last = sort.descending if sort.nulls is None else sort.nulls == "last"
        if path == "_id":
            nulls_last = sort.descending
        keys.setdefault(path, _Key(path=path, descending=sort.descending, nulls_last=nulls_last))
        if path == "_id":
            break
    keys.setdefault("_id", _Key(path="_id", descending=False, nulls_last=False))
    return Order(keys=tuple(keys.values()))


def stored_path(
    catalog: Catalog, model: ModelSpec, principal: Principal, name: str, path: tuple[str | int, ...]
) -> str:
    """The dotted path in storage of a sortable field, named by its dotted wire path."""
    return ".".join(one.storage for one in sortable_fields(catalog, model, principal, name, path))


def sortable_fields(
    catalog: Catalog, model: ModelSpec, principal: Principal, name: str, path: tuple[str | int, ...]
) -> list[FieldSpec]:
    """The fields along a dotted wire path that ends in a sortable one.

    Raises:
        InputError: unknown, hidden or not sortable, all in the same words.
    """
    readable = readable_fields(model, principal)
    known = {wire: one for wire, one in model.object.by_wire.items() if wire in readable}
    found: list[FieldSpec] = []
    for part in text(name, path).split("."):
        one = known.get(part)
        if one is None or not one.readable or not one.storage:
            break
        found.append(one)
        known = catalog.of(one.type).by_wire if isinstance(one.type, ObjectType) else {}
    if len(found) != name.count(".") + 1 or not found[-1].sortable:
        raise refuse(path, "unknown_field", f"there is no field {name!r} to sort or group by")
    return found


def limit_of(query: Query, settings: Settings) -> int:
    """How many rows: the default, clamped to the maximum; a filter that names ids gets every one it names.

    Raises:
        InputError: a negative limit.
    """
    named = _named_ids(query.filter)
    if query.limit is not None and not query.limit >= 0:
        raise refuse(("paging", "limit"), "invalid_value", "a limit is a whole number from 0")
    if named is not None:
        return named if query.limit is None else min(query.limit, named)
    return min(settings.page_size if query.limit is None else query.limit, settings.max_page_size)


def offset_of(query: Query) -> int:
    """How many rows to pass over.

    Raises:
        InputError: negative, or together with a cursor.
    """
    offset = query.offset or 0
    if not 0 <= offset <= MAX_OFFSET:
        raise refuse(("paging", "offset"), "invalid_value", "an offset is a whole number from 0")
    if offset and query.after is not None:
        raise refuse(("paging", "after"), "invalid_value", "give an offset or a cursor, not both")
    return offset


def _named_ids(given: Any) -> int | None:
    if not isinstance(given, Mapping):
        return None
    match dict(given):  # pyright: ignore[reportUnknownArgumentType]
        case {"id": {"in": [*ids]}}:
            return len(ids)
        case _:
            return None


def _value_at(row: Raw, path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]
