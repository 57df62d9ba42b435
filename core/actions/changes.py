"""From a document in hand to what is written of it: new rows, and the fields of a change that differ.

Beanie's encoder gives the stored form; nothing here speaks to the database.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import bson
from beanie import Document, PydanticObjectId
from beanie.odm.utils.dump import get_dict
from bson import Binary
from pymongo import DeleteOne, UpdateOne

from core.coercion import refuse
from core.database.codec import CODEC
from core.paging import Raw
from core.queries import MongoQuery, all_of
from core.specs import MISSING, ModelSpec


@dataclass(frozen=True, kw_only=True)
class Change:
    """One document and the update command for it; without a command it is deleted, or has not changed.

    ``document`` is None for one that breaks its model.
    """

    row: Raw
    document: Document | None
    update: Mapping[str, Any]

    @property
    def id(self) -> Any:
        return self.row["_id"]

    def update_statement(self, query: MongoQuery) -> UpdateOne:
        return UpdateOne(all_of({"_id": self.id}, query), self.update)

    def delete_statement(self, query: MongoQuery) -> DeleteOne:
        return DeleteOne(all_of({"_id": self.id}, query))


def new_row(model: ModelSpec, document: Document) -> Raw:
    """What is inserted for a new document, which gets its key and revision here."""
    if document.id is None:
        document.id = PydanticObjectId()
    if model.revision:
        document.revision_id = uuid4()
    return get_dict(document, to_db=True, keep_nulls=document.get_settings().keep_nulls)


def stored_fields(document: Document) -> Raw:
    """All fields as Beanie stores them, without key and revision."""
    return get_dict(document, to_db=True, exclude={"_id", "revision_id"}, keep_nulls=True)


def as_read(row: Raw) -> Raw:
    """The row as a read would give it: what BSON changes (milliseconds, decimals, UUIDs) is changed already."""
    return bson.decode(bson.encode(row, codec_options=CODEC), CODEC)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What to write of a change: fields that were given and differ, that a hook set, or that a validator derived from
    what was given. What an old document lacks is not filled in with defaults on the way.

    ``row`` is the document as it is, ``before`` the same as its model reads it, ``merged`` with the given values; all
    as a read gives them.
    """

    row: Raw
    given: Collection[str]
    before: Raw
    merged: Raw

    def of(self, document: Document) -> Raw:
        """By stored key, in stored form."""
        stored = stored_fields(document)
        final = as_read(stored)
        return {name: stored[name] for name in final if self._is_written(name, final[name])}

    def _is_written(self, name: str, value: Any) -> bool:
        if name in self.given:
            return self.row.get(name, MISSING) != value
        set_by_hook = self.merged.get(name, MISSING) != value
        derived = name in self.row and self.before.get(name, MISSING) != value
        return set_by_hook or derived


def update_command(model: ModelSpec, written: Mapping[str, Any]) -> dict[str, Any]:
    """``$set`` and, for a model that keeps no nulls, ``$unset``; with a new revision. Empty when nothing changed."""
    if not written:
        return {}
    document: Any = model.document
    keep_nulls = document.get_settings().keep_nulls
    kept = {name: value for name, value in written.items() if value is not None or keep_nulls}
    if model.revision:
        kept["revision_id"] = Binary.from_uuid(uuid4())
    dropped = {name: "" for name, value in written.items() if value is None and not keep_nulls}
    return {operator: fields for operator, fields in (("$set", kept), ("$unset", dropped)) if fields}


def at_revision(model: ModelSpec, given: str | None) -> MongoQuery:
    """Documents that still have the revision.

    Raises:
        InputError: the model keeps none, or the text is none.
    """
    if given is None:
        return {}
    if not model.revision:
        raise refuse(("ifRevision",), "no_revision", f"{model.name} keeps no revision")
    try:
        return {"revision_id": Binary.from_uuid(UUID(str(given)))}
    except ValueError:
        raise refuse(("ifRevision",), "invalid_value", "not a revision") from None
