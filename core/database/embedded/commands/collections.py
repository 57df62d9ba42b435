"""Databases and collections: https://www.mongodb.com/docs/manual/reference/command/nav-administration/"""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bson import Binary, Int64

from ..call import Call
from ..catalog import LONGEST_NAMESPACE, Collection, check_database, check_namespace
from ..changes import INTERNAL
from ..cursors import Cursor
from ..engine import Engine
from ..indexes import ID_SPEC
from ..options import clamped
from ..scans import Reading
from ..semantics.errors import CommandError, bad, unsupported
from ..semantics.matching import Match, compile_filter
from ..semantics.values import encode, equal
from ..writer import Writing
from .figures import sizes
from .views import View, check_graph, view_of

Reply = dict[str, Any]
_MEGABYTE = 1024 * 1024
_CHUNK_ROWS = 1000


def list_databases(engine: Engine, call: Call) -> Reply:
    match, names_only = _filter(call), call.flag("nameOnly")
    with engine.reading(call) as reading:
        names = engine.catalog.databases(reading.sqlite)
        found: list[Reply] = [{"name": db} if names_only else _database(engine, reading, db) for db in names]
    found = [one for one in found if match(one)]
    if names_only:
        return {"databases": found}
    size = sum(one["sizeOnDisk"] for one in found)
    return {"databases": found, "totalSize": Int64(size), "totalSizeMb": Int64(size // _MEGABYTE)}


def _filter(call: Call) -> Match:
    """The filter of a list, which no index can answer."""
    try:
        return compile_filter(call.mapping("filter") or {})
    except CommandError as error:
        if error.code_name != "IndexNotFound":
            raise
        raise bad("$text is not allowed in this context") from error


def _database(engine: Engine, reading: Reading, db: str) -> Reply:
    names = engine.catalog.names(reading.sqlite, db)
    size = sum(sizes(reading, found)[1] for name in names if (found := engine.catalog.find(reading.sqlite, db, name)))
    return {"name": db, "sizeOnDisk": Int64(size), "empty": False}


def list_collections(engine: Engine, call: Call) -> Reply:
    match, names_only = _filter(call), call.flag("nameOnly")
    with engine.reading(call) as reading:
        names = engine.catalog.names(reading.sqlite, call.db)
        found = [engine.catalog.find(reading.sqlite, call.db, name) for name in names]
    rows = [_listed(collection, names_only=names_only) for collection in found if collection is not None]
    return batches(engine, call, f"{call.db}.$cmd.listCollections", filter(match, rows))


def _listed(collection: Collection, *, names_only: bool) -> Reply:
    found: Reply = {"name": collection.name, "type": "collection" if collection.view is None else "view"}
    if names_only:
        return found
    if collection.view is not None:
        return found | {"options": dict(collection.view), "info": {"readOnly": True}}
    info = {"readOnly": False, "uuid": Binary.from_uuid(uuid.UUID(bytes=collection.uuid))}
    return found | {"options": {}, "info": info, "idIndex": dict(ID_SPEC)}


def batches(engine: Engine, call: Call, namespace: str, rows: Iterable[Reply]) -> Reply:
    """The first batch of a list, all of it if nothing else is asked, and a cursor for the rest."""
    found = list(rows)
    cursor = Cursor(namespace, iter(found), Reading(), limit=len(found))
    size = (call.mapping("cursor") or {}).get("batchSize")
    batch = cursor.batch(None if size is None else clamped(size))
    return engine.cursors.first(call, cursor, batch, keep=not cursor.finished)


def create(engine: Engine, call: Call) -> Reply:
    """Again for one that is there is no error outside a transaction."""
    name, view = call.collection, view_of(call)
    if view is not None and call.transaction is not None:
        raise CommandError("OperationNotSupportedInTransaction", "Cannot create a view in a transaction.")

    def work(writing: Writing) -> None:
        def view_named(other: str) -> View | None:
            known = engine.catalog.find(writing.sqlite, call.db, other)
            return view if other == name else known.view if known is not None else None

        found = engine.catalog.find(writing.sqlite, call.db, name)
        if found is not None:
            if call.transaction is not None or not equal(found.view, view):
                raise CommandError("NamespaceExists", f"Collection {found.namespace} already exists.")
        elif view is not None:
            check_graph(view_named, (name, *engine.catalog.names(writing.sqlite, call.db)))
            engine.catalog.add_view(writing.sqlite, call.db, name, view)
        else:
            engine.catalog.add(writing.sqlite, call.db, name)

    engine.write(call, work)
    return {}


def drop(engine: Engine, call: Call) -> Reply:
    def work(writing: Writing) -> Reply:
        collection = engine.catalog.find(writing.sqlite, call.db, call.collection)
        if collection is None:
            return {}
        _drop(engine, writing, collection)
        found: Reply = {"nIndexesWas": len(collection.indexes)} if collection.view is None else {}
        return found | {"ns": collection.namespace}

    return engine.write(call, work)


def _drop(engine: Engine, writing: Writing, collection: Collection) -> None:
    engine.catalog.drop(writing.sqlite, collection)
    if collection.view is None:
        engine.log.add(writing, collection, "drop", encode({}))


def drop_database(engine: Engine, call: Call) -> Reply:
    check_database(call.db)
    if not equal(clamped(call.target), 1):
        raise CommandError("Location5255100", "Have to pass 1 as 'dropDatabase' parameter")
    if call.db in INTERNAL:
        raise CommandError("IllegalOperation", f"Dropping the '{call.db}' database is prohibited.")

    def work(writing: Writing) -> None:
        names = engine.catalog.names(writing.sqlite, call.db)
        for name in names:
            collection = engine.catalog.find(writing.sqlite, call.db, name)
            if collection is not None:
                _drop(engine, writing, collection)
        if names:
            engine.log.add_named(writing, call.db, "", "dropDatabase", encode({}))

    engine.write(call, work)
    return {}


def rename(engine: Engine, call: Call) -> Reply:
    source, target = _namespace(call.target), _namespace(call.text("to"))
    replacing = call.command.get("dropTarget", False)
    if type(replacing) is not bool:
        raise unsupported("dropTarget by UUID of renameCollection", "option")
    if source == target:
        raise CommandError("IllegalOperation", "Can't rename a collection to itself")

    def work(writing: Writing) -> None:
        collection = engine.catalog.find(writing.sqlite, *source)
        if collection is None:
            raise CommandError("NamespaceNotFound", f"Source collection {'.'.join(source)} does not exist")
        if collection.view is not None:
            raise CommandError("CommandNotSupportedOnView", f"cannot rename view: {collection.namespace}")
        present = engine.catalog.find(writing.sqlite, *target)
        if present is not None and (present.view is not None or not replacing):
            raise CommandError("NamespaceExists", "target namespace exists")
        if present is not None:
            engine.catalog.drop(writing.sqlite, present)
        engine.catalog.rename(writing.sqlite, collection, *target)
        if source[0] == target[0]:
            engine.log.renamed(writing, source, target)
        else:
            _tell_as_copy(engine, writing, collection, target)

    engine.write(call, work)
    return {}


def _tell_as_copy(engine: Engine, writing: Writing, collection: Collection, target: tuple[str, str]) -> None:
    """To another database MongoDB copies, to a collection beside the target; that is what change streams tell."""
    beside = replace(collection, db=target[0], name=f"tmp{secrets.token_hex(3)[:5]}.renameCollection")
    sql = "SELECT body FROM documents WHERE seq >= ? AND seq < ? ORDER BY seq"
    rows = writing.sqlite.execute(sql, (collection.low, collection.high))
    while chunk := rows.fetchmany(_CHUNK_ROWS):
        engine.log.inserted(writing, beside, [body for (body,) in chunk])
    engine.log.renamed(writing, (beside.db, beside.name), target)
    engine.log.add(writing, collection, "drop", encode({}))


def _namespace(text: str) -> tuple[str, str]:
    """Database and collection.

    Raises:
        CommandError: InvalidNamespace for what no collection is called, IllegalOperation for what none may be renamed.
    """
    db, _, name = text.partition(".")
    if "$" in text or len(text.encode()) > LONGEST_NAMESPACE:
        raise CommandError("IllegalOperation", f"error with namespace: '{text}' is not valid for a rename")
    check_namespace(db, name)
    if name.startswith("system.") or (db == "local" and name.startswith("oplog.")):
        raise CommandError("IllegalOperation", f"error with namespace: '{text}' belongs to the system")
    return db, name
