"""The writing half: pydantic validates, Beanie's hooks run, the writer's rules hold, only what changed is written."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from beanie import Document
from beanie.odm.utils.parsing import parse_obj
from bson import Binary
from pydantic import ValidationError
from pymongo import ReturnDocument

from core.access import Principal, Verb, check, may, row_query, writable_fields
from core.actions import hooks
from core.actions.changes import Change, Difference, as_read, at_revision, new_row, stored_fields, update_command
from core.actions.driver import collection_for, driver_errors
from core.actions.inputs import GivenLink, from_pydantic, invalid, prepare
from core.actions.reads import Reads, missing
from core.actions.rows import guard
from core.actions.transactions import atomically
from core.errors import Conflict, FieldError, FieldPath, Forbidden, InputError, LimitExceeded, UserError
from core.paging import Raw
from core.queries import MongoQuery, all_of
from core.specs import ModelSpec
from core.stored import matches


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
        revision = at_revision(model, if_revision)
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
        revision = at_revision(model, if_revision)
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
            await self._before(model, document, hooks.INSERT)
        with driver_errors(self.settings, model):
            stored = [new_row(model, document) for document in documents]
            rows = [as_read(row) for row in stored]
        for row in rows:
            self._stays_visible(model, principal, row)
        await self._insert_rows(model, stored)
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

    async def _insert_rows(self, model: ModelSpec, rows: list[Raw]) -> None:
        async def work(session: Any) -> None:
            collection = await collection_for(model)
            await collection.insert_many(rows, session=session)

        if len(rows) > 1:
            await atomically(self.settings, model, work, len(rows))
        elif rows:
            with driver_errors(self.settings, model):
                collection = await collection_for(model)
                await collection.insert_one(rows[0])

    # update and delete

    def _valid(self, model: ModelSpec, values: Mapping[str, Any], path: FieldPath = ()) -> Any:
        try:
            return parse_obj(model.document, dict(values))
        except ValidationError as error:
            raise from_pydantic(self.catalog, model, error, path) from None

    async def _change(self, model: ModelSpec, principal: Principal, row: Raw, given: Mapping[str, Any]) -> Change:
        """Validate the merged document, run the hooks, and find what differs from what is stored."""
        document = self._valid(model, {**row, **given})
        written = await self._written(model, row, document, given)
        self._stays_visible(model, principal, {**row, **written})
        return Change(row=row, document=document, update=update_command(model, written))

    async def _deletion(self, model: ModelSpec, row: Raw) -> Change:
        try:
            document: Any = parse_obj(model.document, dict(row))
        except ValidationError:  # what breaks its model must still be deletable, without hooks
            return Change(row=row, document=None, update=update_command(model, {"deleted_at": datetime.now(UTC)}))
        if not model.soft_delete:
            await self._before(model, document, hooks.DELETE)
            return Change(row=row, document=document, update={})
        document.deleted_at = datetime.now(UTC)
        written = await self._written(model, row, document, {"deleted_at"})
        return Change(row=row, document=document, update=update_command(model, written))

    async def _written(self, model: ModelSpec, row: Raw, document: Any, given: Collection[str]) -> Raw:
        """Run the hooks before a change; what is to be written of the document after them."""
        merged = as_read(stored_fields(document))
        try:
            known: Any = parse_obj(model.document, dict(row))
            before = as_read(stored_fields(known))
        except ValidationError:
            before = merged  # the change repairs the document: nothing can be said to derive from it
        await self._before(model, document, hooks.UPDATE)
        return Difference(row=row, given=given, before=before, merged=merged).of(document)

    async def _before(self, model: ModelSpec, document: Document, events: hooks.Events) -> None:
        """The hooks before a write; what they refuse is the writer's to correct."""
        try:
            await hooks.before(document, events)
        except ValidationError as error:
            raise from_pydantic(self.catalog, model, error) from None
        except UserError as error:
            raise InputError(str(error)) from error

    async def _apply(self, model: ModelSpec, principal: Principal, change: Change, revision: MongoQuery) -> Raw:
        query = all_of({"_id": change.id}, guard(model, principal), revision)
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

    async def _delete(self, model: ModelSpec, principal: Principal, change: Change, revision: MongoQuery) -> None:
        query = all_of({"_id": change.id}, guard(model, principal), revision)
        with driver_errors(self.settings, model):
            collection = await collection_for(model)
            result = await collection.delete_one(query)
        if not result.deleted_count:
            await self._explain(model, principal, change.id, revision)
            raise missing(model, change.id)
        if change.document is not None:
            await hooks.after(change.document, hooks.DELETE)

    async def _explain(self, model: ModelSpec, principal: Principal, id: Any, revision: MongoQuery) -> None:
        """A write that met no document, although it was read just before: which of the two reasons it was."""
        if revision:
            await self._row(model, principal, id)
            raise Conflict(f"{model.name} {id} was changed by somebody else; read it again")

    async def _apply_all(
        self, model: ModelSpec, query: MongoQuery, found: Sequence[Change], events: hooks.Events
    ) -> int:
        """Write every change whose document still matches the query; how many did."""
        statements: list[Any] = (
            [one.delete_statement(query) for one in found]
            if events is hooks.DELETE
            else [one.update_statement(query) for one in found if one.update]
        )
        if not statements:
            return 0

        async def work(session: Any) -> int:
            collection = await collection_for(model)
            result = await collection.bulk_write(statements, session=session)
            return result.deleted_count or result.matched_count

        count = await atomically(self.settings, model, work, len(statements))
        for one in found:
            if one.document is not None:
                await hooks.after(one.document, events)
        return count


def _python_id(stored: Any) -> Any:
    return stored.as_uuid() if isinstance(stored, Binary) else stored
