"""Which documents of a collection are rows of a model for a principal, and what of them is shown."""

from collections.abc import Collection, Iterable
from typing import Any

from beanie.odm.utils.encoder import Encoder
from beanie.odm.utils.parsing import parse_obj
from pydantic import ValidationError

from core.access import Principal, readable_fields, row_query
from core.coercion import refuse
from core.errors import InvalidDocument
from core.paging import Raw
from core.queries import MongoQuery, all_of
from core.specs import FieldSpec, ModelSpec

_encode = Encoder(to_db=True).encode


def kept_by_beanie(model: ModelSpec) -> MongoQuery:
    """What Beanie adds to every find: without the softly deleted, and only this class and its children.

    https://beanie-odm.dev/tutorial/inheritance/
    """
    document: Any = model.document
    settings = document.get_settings()
    query: MongoQuery = {}
    if document._inheritance_inited:
        query[settings.class_id] = {"$in": [document._class_id, *document._children]}
    if settings.union_doc:
        query[settings.class_id] = settings.union_doc_alias
    if model.soft_delete:
        query["deleted_at"] = None
    return query


def guard(model: ModelSpec, principal: Principal) -> MongoQuery:
    """The rows of the model the principal may know of."""
    return all_of(kept_by_beanie(model), row_query(model, principal))


class Shown:
    """Which stored keys a read fetches, and what it adds to the rows that come back. ``validated``: the model's
    validators may change values on read, so its documents are read through pydantic."""

    def __init__(
        self, model: ModelSpec, principal: Principal, fields: Collection[str] | None, *, validated: bool
    ) -> None:
        self._model = model
        self._fields = _wanted(model, principal, fields)
        self._computed = [one for one in self._fields if one.computed]
        self._whole = bool(self._computed) or validated

    def projection(self, *also: str) -> dict[str, Any] | None:
        """The Mongo projection; None for whole documents. ``also`` are dotted paths that the caller needs."""
        if self._whole:
            return None
        document: Any = self._model.document
        keys = {"_id", "revision_id", document.get_settings().class_id, *(one.storage for one in self._fields)}
        return dict.fromkeys(keys | {path.split(".")[0] for path in also}, 1)

    @property
    def keys(self) -> frozenset[str]:
        """What is shown, by wire name."""
        return frozenset(one.wire for one in self._fields)

    def pick(self, row: Raw) -> Raw:
        """The same of a whole document that did not come by ``projection``."""
        if self._whole:
            return self._completed(row)
        kept = self.projection() or {}
        return {name: one for name, one in row.items() if name in kept}

    def complete(self, rows: Iterable[Raw]) -> list[Raw]:
        """The rows with computed fields under their wire names and, where a model's validators change values, with
        those applied; only what may be shown."""
        return [self._completed(row) for row in rows] if self._whole else list(rows)

    def _completed(self, row: Raw) -> Raw:
        kept = {one.storage for one in self._fields} | {"_id", "revision_id", "_class_id"}
        try:
            document: Any = parse_obj(self._model.document, row)
        except ValidationError:
            # Fields that are sound show themselves; the reader of a broken one meets its error.
            failed = InvalidDocument(f"{self._model.name} {row['_id']}: the stored document does not fit its model")
            return {name: one for name, one in row.items() if name in kept} | {
                one.wire: failed for one in self._computed
            }
        stored = {name: one for name, one in {**row, **_as_stored(document)}.items() if name in kept}
        return stored | {one.wire: _encode(getattr(document, one.name)) for one in self._computed}


def _as_stored(document: Any) -> Raw:
    return {name: one for name, one in _encode(document).items() if name != "_id"}


def _wanted(model: ModelSpec, principal: Principal, fields: Collection[str] | None) -> list[FieldSpec]:
    readable = readable_fields(model, principal)
    if fields is None:
        return [one for one in model.object.fields if one.wire in readable]
    for name in fields:
        if name not in readable:
            raise refuse((name,), "unknown_field", f"there is no field {name!r} to select")
    return [model.object.by_wire[name] for name in fields]
