"""The writing half: pydantic validates, Beanie's hooks run, the writer's rules hold, only what changed is written."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import bson
from beanie import Document, PydanticObjectId
from beanie.odm.utils.dump import get_dict
from beanie.odm.utils.parsing import parse_obj
from pydantic import ValidationError
from pymongo import DeleteOne, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError

from core.access import Principal, Verb, check, may, row_query, writable_fields
from core.actions import hooks
from core.actions.driver import collection_for, driver_errors, duplicate, has_transactions
from core.actions.inputs import GivenLink, from_pydantic, invalid, prepare
from core.actions.reads import Reads, missing
from core.actions.rows import guard
from core.coercion import refuse
from core.database.connection import client_of_loop
from core.errors import Conflict, CoreError, FieldError, FieldPath, Forbidden, InputError, LimitExceeded
from core.paging import Raw
from core.queries import MongoQuery, all_of
from core.specs import MISSING, ModelSpec
from core.stored import matches

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class _Change:
    """One document and what is to be written of it. ``document`` is None for one that breaks its model."""

    row: Raw
    document: Document | None
    update: Mapping[str, Any]

    @property
    def id(self) -> Any:
        return self.row["_id"]


class Data(Reads):
    """Every read and write of documents, for all surfaces."""

    async def create(self, model: ModelSpec, principal: Principal, data: Mapping[str, Any]) -> Raw:
        """Insert one document and give it back as stored, as far as the principal may read it.

        Raises:
            InputError: fields that are unknown, read-only or invalid, with their paths.
            Duplicate: a unique index refuses it.
            Forbidden: the principal may not create, or not in these rows.
        """
        self._check(model, "create", principal)
        return (await self._insert(model, principal, [data], [()]))[0]

    async def create_many(self, model: ModelSpec, principal: Principal, data: Sequence[Mapping[str, Any]]) -> list[Raw]:
        """Insert all or, on a server with transactions, none. Error paths begin with the position in ``data``.

        Raises:
            LimitExceeded: more than ``max_many``.
            Conflict: without transactions, an insert failed after others had been made; the message says how many.
        """
        self._check(model, "create", principal)
        self._bounded(model, len(data))
        return await self._insert(model, principal, data, [(place,) for place in range(len(data))])

    async def update(
        self,
        model: ModelSpec,
        principal: Principal,
        id: Any,
        changes: Mapping[str, Any],
        if_revision: str | None = None,
    ) -> Raw:
        """Write the given fields where they differ, and what hooks and validators derive from them.

        Raises:
            NotFound: no such document, or one the principal may not see.
            Conflict: the document's revision is no longer ``if_revision``.
            InputError, Duplicate, Forbidden: as ``create``.
        """
        self._check(model, "update", principal)
        prepared = prepare(self.catalog, model, changes, writable_fields(model, principal))
        row = await self._row(model, principal, id)
        revision = _revision(model, if_revision)
        await self._check_links(principal, prepared.links)
        change = await self._change(model, principal, row, prepared.values)
        return self._given_back(model, principal, await self._apply(model, principal, change, revision))

    async def update_many(
        self, model: ModelSpec, principal: Principal, filter: Mapping[str, Any] | None, changes: Mapping[str, Any]
    ) -> int:
        """``update`` for every document that matches; all or, on a server with transactions, none.

        Returns:
            How many documents matched.

        Raises:
            LimitExceeded: more than ``max_many`` match.
        """
        self._check(model, "update", principal)
        self._may_filter(model, principal, filter)
        prepared = prepare(self.catalog, model, changes, writable_fields(model, principal))
        query = await self.matching(model, principal, filter)
        rows = await self.fetch(model, query, None, self.settings.max_many)
        await self._check_links(principal, prepared.links)
        found = [await self._change(model, principal, row, prepared.values) for row in rows]
        await self._apply_all(model, query, found, hooks.UPDATE)
        return len(rows)

    async def delete(self, model: ModelSpec, principal: Principal, id: Any, if_revision: str | None = None) -> Raw:
        """Delete one document (softly where its class does) and give back what it was.

        Raises:
            NotFound, Conflict, Forbidden: as ``update``.
        """
        self._check(model, "delete", principal)
        row = await self._row(model, principal, id)
        revision = _revision(model, if_revision)
        change = await self._deletion(model, row)
        if model.soft_delete:
            await self._apply(model, principal, change, revision)
        else:
            await self._delete(model, principal, change, revision)
        return self._given_back(model, principal, row)

    async def delete_many(self, model: ModelSpec, principal: Principal, filter: Mapping[str, Any] | None) -> int:
        """``delete`` for every document that matches; all or, on a server with transactions, none.

        Raises:
            LimitExceeded: more than ``max_many`` match.
        """
        self._check(model, "delete", principal)
        self._may_filter(model, principal, filter)
        query = await self.matching(model, principal, filter)
        rows = await self.fetch(model, query, None, self.settings.max_many)
        found = [await self._deletion(model, row) for row in rows]
        return await self._apply_all(model, query, found, hooks.UPDATE if model.soft_delete else hooks.DELETE)

    # checks

    def _check(self, model: ModelSpec, verb: Verb, principal: Principal) -> None:
        check(model.access, verb, principal, model.name)
        if model.read_only:
            raise Forbidden(f"{model.name} is read-only")

    def _may_filter(self, model: ModelSpec, principal: Principal, filter: Mapping[str, Any] | None) -> None:
        """How many documents match tells what stands in them."""
        if filter:
            check(model.access, "read", principal, model.name)

    def _bounded(self, model: ModelSpec, count: int) -> None:
        if count > self.settings.max_many:
            raise LimitExceeded(f"{count} documents of {model.name} at once; {self.settings.max_many} are the most")

    async def _row(self, model: ModelSpec, principal: Principal, id: Any) -> Raw:
        query = all_of({"_id": self.known_id(model, id)}, guard(model, principal))
        rows = await self.fetch(model, query, None)
        if not rows:
            raise missing(model, id)
        return rows[0]

    async def _check_links(self, principal: Principal, links: Sequence[GivenLink]) -> None:
        """Whether linked documents exist for the writer: one query a linked model."""
        findings: list[FieldError] = []
        for target in {link.target.name: link.target for link in links}.values():
            wanted = [link for link in links if link.target.name == target.name]
            known: set[Any] = set()
            if may(target.access, "read", principal, target.name):
                query = all_of({"_id": {"$in": [link.id for link in wanted]}}, guard(target, principal))
                known = {str(row["_id"]) for row in await self.fetch(target, query, {"_id": 1}, len(wanted))}
            findings += [
                FieldError(path=link.path, code="not_found", message=f"there is no {target.name} with this id")
                for link in wanted
                if str(_python_id(link.id)) not in known
            ]
        if findings:
            raise invalid("links", findings)

    def _stays_visible(self, model: ModelSpec, principal: Principal, row: Raw) -> None:
        if not matches(row_query(model, principal), row):
            raise Forbidden(f"you may not write a {model.name} that you could not see afterwards")

    def _given_back(self, model: ModelSpec, principal: Principal, row: Raw) -> Raw:
        """What a writer gets of a row: the fields it may read, only the id where it may not read the model."""
        if not may(model.access, "read", principal, model.name):
            return {"_id": row["_id"]}
        return self.shown(model, principal).pick(row)

    # insert

    async def _insert(
        self, model: ModelSpec, principal: Principal, data: Sequence[Any], paths: Sequence[FieldPath]
    ) -> list[Raw]:
        documents = await self._new_documents(model, principal, data, paths)
        for document in documents:
            await hooks.before(document, hooks.INSERT)
        with driver_errors(self.settings, model):
            collection = await collection_for(model)
            rows = [_normal(_new_row(model, document), collection) for document in documents]
        for row in rows:
            self._stays_visible(model, principal, row)
        if len(rows) == 1:
            with driver_errors(self.settings, model):
                await collection.insert_one(dict(rows[0]))
        elif rows:
            await self._insert_rows(model, rows)
        for document in documents:
            await hooks.after(document, hooks.INSERT)
        return [self._given_back(model, principal, row) for row in rows]

    async def _new_documents(
        self, model: ModelSpec, principal: Principal, data: Sequence[Any], paths: Sequence[FieldPath]
    ) -> list[Document]:
        writable = writable_fields(model, principal)
        documents: list[Document] = []
        links: list[GivenLink] = []
        findings: list[FieldError] = []
        await collection_for(model)
        for given, path in zip(data, paths, strict=True):
            try:
                prepared = prepare(self.catalog, model, given, writable, path)
                links += prepared.links
                documents.append(self._valid(model, prepared.values, path))
            except InputError as error:
                findings += error.field_errors
        if findings:
            raise invalid(model.name, findings)
        await self._check_links(principal, links)
        return documents

    async def _insert_rows(self, model: ModelSpec, rows: Sequence[Raw]) -> None:
        async def work(session: Any) -> None:
            collection = await collection_for(model)
            await collection.insert_many([dict(row) for row in rows], session=session)

        await self._atomically(model, work, len(rows))

    # update and delete

    def _valid(self, model: ModelSpec, values: Mapping[str, Any], path: FieldPath = ()) -> Any:
        try:
            return parse_obj(model.document, dict(values))
        except ValidationError as error:
            raise from_pydantic(self.catalog, model, error, path) from None

    async def _change(self, model: ModelSpec, principal: Principal, row: Raw, given: Mapping[str, Any]) -> _Change:
        """Validate the merged document, run the hooks, and find what differs from what is stored."""
        document = self._valid(model, {**row, **given})
        written = await self._written(model, row, document, given)
        self._stays_visible(model, principal, {**row, **written})
        return _Change(row=row, document=document, update=_update(model, written))

    async def _deletion(self, model: ModelSpec, row: Raw) -> _Change:
        try:
            document: Any = parse_obj(model.document, dict(row))
        except ValidationError:  # what breaks its model must still be deletable, without hooks
            return _Change(row=row, document=None, update=_update(model, {"deleted_at": datetime.now(UTC)}))
        if not model.soft_delete:
            await hooks.before(document, hooks.DELETE)
            return _Change(row=row, document=document, update={})
        document.deleted_at = datetime.now(UTC)
        written = await self._written(model, row, document, {"deleted_at"})
        return _Change(row=row, document=document, update=_update(model, written))

    async def _written(self, model: ModelSpec, row: Raw, document: Any, given: Collection[str]) -> Raw:
        """Run the hooks before a change; what is to be written of the document after them."""
        collection = await collection_for(model)
        merged = _normal(_stored_fields(document), collection)
        try:
            stored: Any = parse_obj(model.document, dict(row))
            before = _normal(_stored_fields(stored), collection)
        except ValidationError:
            before = merged  # the change repairs the document: nothing can be said to derive from it
        await hooks.before(document, hooks.UPDATE)
        final = _normal(_stored_fields(document), collection)
        return {name: value for name, value in final.items() if _differs(name, value, row, given, before, merged)}

    async def _apply(self, model: ModelSpec, principal: Principal, change: _Change, revision: UUID | None) -> Raw:
        query = all_of({"_id": change.id}, guard(model, principal), _at_revision(revision))
        with driver_errors(self.settings, model):
            collection = await collection_for(model)
            if change.update:
                row = await collection.find_one_and_update(query, change.update, return_document=ReturnDocument.AFTER)
            else:
                row = await collection.find_one(query)
        if row is None:
            await self._explain(model, principal, change.id, revision)
            raise missing(model, change.id)
        if change.document is not None and change.update:
            await hooks.after(change.document, hooks.UPDATE)
        return row

    async def _delete(self, model: ModelSpec, principal: Principal, change: _Change, revision: UUID | None) -> None:
        query = all_of({"_id": change.id}, guard(model, principal), _at_revision(revision))
        with driver_errors(self.settings, model):
            collection = await collection_for(model)
            result = await collection.delete_one(query)
        if not result.deleted_count:
            await self._explain(model, principal, change.id, revision)
            raise missing(model, change.id)
        if change.document is not None:
            await hooks.after(change.document, hooks.DELETE)

    async def _explain(self, model: ModelSpec, principal: Principal, id: Any, revision: UUID | None) -> None:
        """A write that met no document, although it was read just before: which of the two reasons it was."""
        if revision is not None:
            await self._row(model, principal, id)
            raise Conflict(f"{model.name} {id} was changed by somebody else; read it again")

    async def _apply_all(
        self, model: ModelSpec, query: MongoQuery, found: Sequence[_Change], events: hooks.Events
    ) -> int:
        """Write every change whose document still matches the query; how many did."""
        statements: list[Any] = [
            _statement(one, query, events) for one in found if one.update or events is hooks.DELETE
        ]
        if not statements:
            return 0

        async def work(session: Any) -> int:
            collection = await collection_for(model)
            result = await collection.bulk_write(statements, session=session)
            return result.deleted_count or result.matched_count

        count = await self._atomically(model, work, len(statements))
        for one in found:
            if one.document is not None:
                await hooks.after(one.document, events)
        return count

    async def _atomically(self, model: ModelSpec, work: Callable[[Any], Awaitable[Result]], count: int) -> Result:
        """Run ``work`` in a transaction where the server has them, else in order with an error that says how far it
        came."""
        with driver_errors(self.settings, model):
            transactions = await has_transactions()
            try:
                if not transactions:
                    return await work(None)
                async with client_of_loop().start_session() as session:
                    return await session.with_transaction(work)
            except BulkWriteError as error:
                raise _failed_at(model, error, count, undone=transactions) from error


def _failed_at(model: ModelSpec, error: BulkWriteError, count: int, *, undone: bool) -> CoreError:
    first: Mapping[str, Any] = next(iter(error.details.get("writeErrors", ())), {})
    place = int(first.get("index", 0))
    came = "nothing was written" if undone else f"{place} of {count} were written before it, and stay"
    if first.get("code") == 11000:
        found = duplicate(model, first, place)
        return type(found)(f"{found.message}; {came}", field_errors=found.field_errors)
    return Conflict(f"{model.name}: the database refused the document at position {place}; {came}")


def _statement(change: _Change, query: MongoQuery, events: hooks.Events) -> DeleteOne | UpdateOne:
    which = all_of({"_id": change.id}, query)
    return DeleteOne(which) if events is hooks.DELETE else UpdateOne(which, change.update)


def _differs(
    name: str, value: Any, row: Raw, given: Collection[str], before: Mapping[str, Any], merged: Mapping[str, Any]
) -> bool:
    """Whether to write a field: given and changed, or set by a hook, or derived by a validator from what was given.

    What an old document lacks is not filled in with defaults on the way.
    """
    if name in given:
        return row.get(name, MISSING) != value
    set_by_hook = merged.get(name, MISSING) != value
    derived = name in row and before.get(name, MISSING) != value
    return set_by_hook or derived


def _update(model: ModelSpec, written: Mapping[str, Any]) -> dict[str, Any]:
    """The update command; empty when nothing changed."""
    if not written:
        return {}
    document: Any = model.document
    keep_nulls = document.get_settings().keep_nulls
    kept = {name: value for name, value in written.items() if value is not None or keep_nulls}
    if model.revision:
        kept["revision_id"] = uuid4()
    dropped = {name: "" for name, value in written.items() if value is None and not keep_nulls}
    return {operator: fields for operator, fields in (("$set", kept), ("$unset", dropped)) if fields}


def _stored_fields(document: Document) -> Raw:
    """All fields as Beanie stores them, without key and revision."""
    return get_dict(document, to_db=True, exclude={"_id", "revision_id"}, keep_nulls=True)


def _new_row(model: ModelSpec, document: Document) -> Raw:
    if document.id is None:
        document.id = PydanticObjectId()
    if model.revision:
        document.revision_id = uuid4()
    return get_dict(document, to_db=True, keep_nulls=document.get_settings().keep_nulls)


def _normal(row: Raw, collection: Any) -> Raw:
    """The row as a read would give it: what BSON changes (milliseconds, decimals, UUIDs) is changed already."""
    codec = collection.codec_options
    return bson.decode(bson.encode(row, codec_options=codec), codec)


def _revision(model: ModelSpec, given: str | None) -> UUID | None:
    if given is None:
        return None
    if not model.revision:
        raise refuse(("ifRevision",), "no_revision", f"{model.name} keeps no revision")
    try:
        return UUID(str(given))
    except ValueError:
        raise refuse(("ifRevision",), "invalid_value", "not a revision") from None


def _at_revision(revision: UUID | None) -> MongoQuery:
    return {} if revision is None else {"revision_id": revision}


def _python_id(stored: Any) -> Any:
    return stored.as_uuid() if isinstance(stored, bson.Binary) else stored
