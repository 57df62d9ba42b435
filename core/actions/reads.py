"""Lists, single documents, links, counts and aggregates: raw documents, under the reader's rules."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from core.access import Principal, check, check_readable
from core.actions.driver import collection_for, driver_errors
from core.actions.on_read import changes_on_read
from core.actions.rows import Shown, guard
from core.aggregates import Aggregate, GroupBy, groups_of, pipeline_of
from core.errors import InputError, LimitExceeded, NotFound
from core.identifiers import id_to_storage
from core.ordering import Order, order_of
from core.paging import Cursors, Page, Query, Raw, limit_of, offset_of
from core.queries import CompiledFilter, MongoQuery, all_of, compile_filter
from core.reads import RowReader
from core.search import search_query
from core.settings import Settings
from core.specs import Catalog, FieldSpec, ModelSpec

MAX_LINKS = 20
"""Linked models that one filter may ask."""

# Aliases, since inside the class `list` is the method.
Rows = list[Raw]
Ids = list[Any]
Groups = list[Aggregate]


class Reads:
    """The reading half of ``Data``. Every method checks the principal first; a row it may not see is not there."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self.catalog = catalog
        self.reader = RowReader(catalog)
        self.settings = settings
        self._validated = {model.name for model in catalog.models.values() if changes_on_read(catalog, model)}
        self._milliseconds = int(settings.query_timeout * 1000)

    async def list(
        self, model: ModelSpec, principal: Principal, query: Query, fields: Collection[str] | None = None
    ) -> Page:
        """One page. ``fields`` are top-level wire names to fetch; None is every readable one.

        Raises:
            InputError: an unknown or hidden field, or a wrong value, in filter, sorting, paging or ``fields``.
            Forbidden: the principal may not read the model.
        """
        check(model.access, "read", principal, model.name)
        shown = self.shown(model, principal, fields)
        order = order_of(self.catalog, model, principal, query.sorting)
        limit, offset = limit_of(query, self.settings), offset_of(query)
        asked = await self.matching(model, principal, query.filter, query.search)
        rows = await self._find(model, all_of(asked, order.after(query.after)), shown.projection(*order.paths), order,
                                offset, limit + 1)  # fmt: skip
        has_next = len(rows) > limit
        rows = rows[:limit]
        cursors = Cursors(start=order.cursor(rows[0]), end=order.cursor(rows[-1])) if rows else Cursors()
        has_previous = offset > 0 or query.after is not None
        return Page(rows=shown.complete(rows), has_next=has_next, has_previous=has_previous, cursors=cursors)

    async def count(
        self, model: ModelSpec, principal: Principal, filter: Mapping[str, Any] | None = None, search: str | None = None
    ) -> int:
        """How many documents the principal may see match. Raises as ``list`` does."""
        check(model.access, "read", principal, model.name)
        query = await self.matching(model, principal, filter, search)
        with driver_errors(self.settings, model):
            collection = await collection_for(model)
            return await collection.count_documents(query, maxTimeMS=self._milliseconds)

    async def get(self, model: ModelSpec, principal: Principal, id: Any, fields: Collection[str] | None = None) -> Raw:
        """One document.

        Raises:
            NotFound: no such document, or one the principal may not see.
        """
        check(model.access, "read", principal, model.name)
        shown = self.shown(model, principal, fields)
        with driver_errors(self.settings, model):
            collection = await collection_for(model)
            query = all_of({"_id": self.known_id(model, id)}, guard(model, principal))
            row = await collection.find_one(query, shown.projection(), max_time_ms=self._milliseconds)
        if row is None:
            raise missing(model, id)
        return shown.complete([row])[0]

    async def get_many(
        self, model: ModelSpec, principal: Principal, ids: Iterable[Any], fields: Collection[str] | None = None
    ) -> dict[Any, Raw]:
        """The documents with these ids that the principal may see, by the ids as they were given: one query."""
        check(model.access, "read", principal, model.name)
        wanted = {id: stored for id in ids if (stored := _id_or_none(model, id)) is not None}
        if not wanted:
            return {}
        shown = self.shown(model, principal, fields)
        query: MongoQuery = {"_id": {"$in": list(set(wanted.values()))}}
        rows = await self.fetch(model, all_of(query, guard(model, principal)), shown.projection())
        found = {_hashable(row["_id"]): row for row in shown.complete(rows)}
        return {id: found[_hashable(stored)] for id, stored in wanted.items() if _hashable(stored) in found}

    async def linked(
        self,
        model: ModelSpec,
        principal: Principal,
        field: FieldSpec,
        owners: Iterable[Any],
        fields: Collection[str] | None = None,
    ) -> dict[Any, Rows]:
        """For a BackLink: the documents that link to each owner (by id as given), oldest first: one query.

        Raises:
            LimitExceeded: more than ``max_related`` documents link to these owners.
        """
        document: Any = model.document
        link = document.get_link_fields()[field.name]
        target = self.catalog.by_document[link.document_class]
        forward = target.object.by_name[link.lookup_field_name]
        check(target.access, "read", principal, target.name)
        check_readable(model, principal, [field.wire])
        check_readable(target, principal, [forward.wire])
        stored = {owner: self.known_id(model, owner) for owner in owners}
        shown = self.shown(target, principal, fields)
        query = all_of({f"{forward.storage}.$id": {"$in": list(stored.values())}}, guard(target, principal))
        rows = await self.fetch(target, query, shown.projection(forward.storage))
        found: dict[Any, Rows] = {_hashable(key): [] for key in stored.values()}
        for row in shown.complete(rows):
            for key in _link_ids(row.get(forward.storage)):
                found.get(_hashable(key), []).append(row)
        return {owner: found[_hashable(key)] for owner, key in stored.items()}

    async def aggregate(
        self,
        model: ModelSpec,
        principal: Principal,
        filter: Mapping[str, Any] | None,
        group_by: Sequence[GroupBy],
        functions: Mapping[str, Collection[str]],
        search: str | None = None,
    ) -> Groups:
        """Groups in the order of their keys; one for all documents without ``group_by``.

        Args:
            functions: ``count``, ``sum``, ``avg``, ``min``, ``max``, each with the wire names it is asked for.

        Raises:
            InputError: a function on a field that has none, an unknown or hidden field.
            LimitExceeded: more than ``max_groups`` groups.
        """
        check(model.access, "read", principal, model.name)
        most = self.settings.max_groups
        plan = pipeline_of(self.catalog, model, principal, group_by, functions)
        query = await self.matching(model, principal, filter, search)
        with driver_errors(self.settings, model):
            collection = await collection_for(model)
            stages = [{"$match": query}, *plan.stages, {"$limit": most + 1}]
            cursor = await collection.aggregate(stages, maxTimeMS=self._milliseconds)
            rows = await cursor.to_list()
        if len(rows) > most:
            raise LimitExceeded(f"more than {most} groups; narrow the filter or group by larger buckets")
        return groups_of(plan, rows)

    # for the writing half and the feed

    def shown(self, model: ModelSpec, principal: Principal, fields: Collection[str] | None = None) -> Shown:
        """How the fields (wire names; None: every readable one) are fetched and shown.

        Raises:
            InputError: an unknown or hidden field.
        """
        return Shown(model, principal, fields, validated=model.name in self._validated)

    async def matching(
        self, model: ModelSpec, principal: Principal, filter: Mapping[str, Any] | None, search: str | None = None
    ) -> MongoQuery:
        """The Mongo query of what the principal asks for, among the rows it may see."""
        compiled = compile_filter(self.catalog, model, principal, filter, ("filter",) if filter is not None else ())
        words = search_query(model, principal, search)
        await self.resolve(compiled, principal)
        return all_of(words, compiled.query, guard(model, principal))

    async def resolve(self, compiled: CompiledFilter, principal: Principal, left: int = MAX_LINKS) -> int:
        """Ask the linked models which of their documents match, under the reader's rules: one query each, ``left`` at
        most. Gives how many are left.

        Raises:
            LimitExceeded: more than that, or more than ``max_related`` documents.
        """
        for related in compiled.related:
            if not left:
                raise LimitExceeded(f"a filter that follows more than {MAX_LINKS} links")
            check(related.model.access, "read", principal, related.model.name)
            inner = compile_filter(self.catalog, related.model, principal, related.filter, related.path)
            left = await self.resolve(inner, principal, left - 1)
            related.ids[:] = await self._ids(related.model, all_of(inner.query, guard(related.model, principal)))
        return left

    async def fetch(
        self,
        model: ModelSpec,
        query: MongoQuery,
        projection: Mapping[str, Any] | None,
        most: int | None = None,
        session: Any = None,
    ) -> Rows:
        """All documents of a query, by ``_id``; refused when they are more than ``most`` (``max_related``)."""
        most = self.settings.max_related if most is None else most
        with driver_errors(self.settings, model):
            collection = await collection_for(model)
            cursor = collection.find(query, projection, sort=[("_id", 1)], limit=most + 1, session=session,
                                     max_time_ms=self._milliseconds)  # fmt: skip
            rows = await cursor.to_list()
        if len(rows) > most:
            raise LimitExceeded(f"more than {most} documents of {model.name} are concerned; narrow the filter")
        return rows

    async def _ids(self, model: ModelSpec, query: MongoQuery) -> Ids:
        match query:
            case {"_id": {"$eq": id, **more}, **rest} if not more and not rest:
                return [id]  # all that is asked is the id itself, of whoever may see every row
            case _:
                return [row["_id"] for row in await self.fetch(model, query, {"_id": 1})]

    def known_id(self, model: ModelSpec, id: Any) -> Any:
        """The stored key; an id that cannot be one of the model's is not found."""
        stored = _id_or_none(model, id)
        if stored is None:
            raise missing(model, id)
        return stored

    async def _find(
        self,
        model: ModelSpec,
        query: MongoQuery,
        projection: dict[str, Any] | None,
        order: Order,
        offset: int,
        limit: int,
    ) -> Rows:
        with driver_errors(self.settings, model):
            collection = await collection_for(model)
            if order.natural:
                cursor = collection.find(query, projection, sort=list(order.sort.items()), skip=offset, limit=limit,
                                         max_time_ms=self._milliseconds)  # fmt: skip
                return await cursor.to_list()
            stages: Rows = [
                {"$match": query}, {"$addFields": order.null_flags}, {"$sort": order.sort}, {"$skip": offset},
                {"$limit": limit}, {"$project": projection or dict.fromkeys(order.null_flags, 0)},
            ]  # fmt: skip
            found = await collection.aggregate(stages, maxTimeMS=self._milliseconds)
            return await found.to_list()


def missing(model: ModelSpec, id: Any) -> NotFound:
    return NotFound(f"there is no {model.name} with the id {str(id)[:100]!r}")


def _id_or_none(model: ModelSpec, id: Any) -> Any:
    try:
        return id_to_storage(model, id)
    except InputError:
        return None


def _hashable(key: Any) -> Any:
    return bytes(key) if isinstance(key, bytes) else getattr(key, "bytes", key)


def _link_ids(stored: Any) -> Iterable[Any]:
    links: list[Any] = stored if isinstance(stored, list) else [stored]
    return [link.id for link in links if link is not None]
