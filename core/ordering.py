"""The order of a list, made total by ``_id``, and the cursors that say where in it a page ended.

A walk by cursors visits every document once that stays in its place, however many are written meanwhile.
https://use-the-index-luke.com/no-offset
"""

import base64
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import bson
from bson.errors import BSONError

from core.access import Principal, readable_fields
from core.coercion import refuse, text
from core.database.codec import CODEC
from core.errors import InputError
from core.paging import Raw, Sort
from core.queries import MongoQuery
from core.specs import Catalog, FieldSpec, ModelSpec, ObjectType


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
        nulls: list[MongoQuery] = [{self.path: None}] if self.nulls_last and self.path != "_id" else []
        return self._greater_or_less(value) + nulls

    def _greater_or_less(self, value: Any) -> list[MongoQuery]:
        """NaN stands below all numbers in MongoDB's order, yet no comparison with a number matches it.
        https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/"""
        if _is_nan(value):
            return [] if self.descending else [{self.path: {"$gte": -math.inf}}]
        if self.descending:
            return [{self.path: {"$lt": value}}, *([{self.path: math.nan}] if _is_number(value) else [])]
        return [{self.path: {"$gt": value}}]


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
        bounded = not (value is None or _is_nan(value) or first.nulls_last or first.descending)
        bound: MongoQuery = {first.path: {"$gte": value}} if bounded else {}
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
        raise refuse(path, "unknown_field", f"there is no field {name[:100]!r} to sort or group by")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _is_nan(value: Any) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value)


def _value_at(row: Raw, path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]
