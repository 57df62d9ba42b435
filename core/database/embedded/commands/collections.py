"""Databases, collections and indexes: https://www.mongodb.com/docs/manual/reference/command/nav-administration/"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from bson import Binary, Int64

from ..call import Call
from ..catalog import Collection, check_database
from ..cursors import Cursor
from ..engine import Engine
from ..index_specs import listed, parse_index
from ..indexes import ID_SPEC, Index
from ..scans import Reading
from ..semantics.errors import CommandError, mismatch
from ..semantics.matching import compile_filter
from ..semantics.pipeline import compile_pipeline
from ..semantics.values import encode
from ..writer import Writing

Reply = dict[str, Any]


def list_databases(engine: Engine, call: Call) -> Reply:
    match = compile_filter(call.mapping("filter") or {})
    with engine.reading(call) as reading:
        found = [_database(engine, reading, db) for db in engine.catalog.databases(reading.sqlite)]
    found = [one for one in found if match(one)]
    if call.flag("nameOnly"):
        return {"databases": [{"name": one["name"]} for one in found]}
    return {"databases": found, "totalSize": Int64(sum(one["sizeOnDisk"] for one in found))}


def _database(engine: Engine, reading: Reading, db: str) -> Reply:
    names = engine.catalog.names(reading.sqlite, db)
    size = sum(_sizes(reading, found)[1] for name in names if (found := engine.catalog.find(reading.sqlite, db, name)))
    return {"name": db, "sizeOnDisk": Int64(size), "empty": False}


def _sizes(reading: Reading, collection: Collection) -> tuple[int, int]:
    """How many documents, and their bytes."""
    sql = "SELECT count(*), coalesce(sum(length(body)), 0) FROM documents WHERE seq >= ? AND seq < ?"
    return reading.sqlite.execute(sql, (collection.low, collection.high)).fetchone()


def list_collections(engine: Engine, call: Call) -> Reply:
    match = compile_filter(call.mapping("filter") or {})
    with engine.reading(call) as reading:
        names = engine.catalog.names(reading.sqlite, call.db)
        found = [engine.catalog.find(reading.sqlite, call.db, name) for name in names]
    rows = [_listed(collection) for collection in found if collection is not None]
    rows = [row for row in rows if match(row)]
    if call.flag("nameOnly"):
        rows = [{"name": row["name"], "type": row["type"]} for row in rows]
    return _all_at_once(f"{call.db}.$cmd.listCollections", iter(rows))


def _listed(collection: Collection) -> Reply:
    if collection.view is not None:
        return {"name": collection.name, "type": "view", "options": dict(collection.view), "info": {"readOnly": True}}
    info = {"readOnly": False, "uuid": Binary.from_uuid(uuid.UUID(bytes=collection.uuid))}
    return {"name": collection.name, "type": "collection", "options": {}, "info": info, "idIndex": dict(ID_SPEC)}


def _all_at_once(namespace: str, rows: Iterator[Reply]) -> Reply:
    cursor = Cursor(namespace, rows, Reading())
    batch = cursor.batch(None)
    if not cursor.finished:
        raise CommandError("BSONObjectTooLarge", "the list is longer than one reply holds; use a filter")
    return {"cursor": {"firstBatch": batch, "id": Int64(0), "ns": namespace}}


def create(engine: Engine, call: Call) -> Reply:
    view = _view(call)

    def work(writing: Writing) -> None:
        if engine.catalog.find(writing.sqlite, call.db, call.collection) is not None:
            raise CommandError("NamespaceExists", f"Collection {call.db}.{call.collection} already exists.")
        if view is not None:
            engine.catalog.add_view(writing.sqlite, call.db, call.collection, view)
        else:
            engine.catalog.add(writing.sqlite, call.db, call.collection)

    engine.write(call, work)
    return {}


def _view(call: Call) -> Mapping[str, Any] | None:
    if "viewOn" not in call.command:
        if "pipeline" in call.command:
            raise CommandError("InvalidOptions", "'pipeline' requires 'viewOn' to also be specified")
        return None
    pipeline = call.command.get("pipeline") or []
    if type(pipeline) is not list:
        raise CommandError("InvalidOptions", "the 'pipeline' of a view must be an array of stages")
    if compile_pipeline(pipeline, sources=lambda name: ()).out is not None:
        raise CommandError("OptionNotSupportedOnView", "$out cannot stand in the pipeline of a view")
    return {"viewOn": call.text("viewOn"), "pipeline": pipeline}


def drop(engine: Engine, call: Call) -> Reply:
    def work(writing: Writing) -> Reply:
        collection = engine.catalog.find(writing.sqlite, call.db, call.collection)
        if collection is None:
            return {}
        _drop(engine, writing, collection)
        return {"nIndexesWas": len(collection.indexes), "ns": collection.namespace}

    return engine.write(call, work)


def _drop(engine: Engine, writing: Writing, collection: Collection) -> None:
    engine.catalog.drop(writing.sqlite, collection)
    engine.log.add(writing, collection, "drop", encode({}))


def drop_database(engine: Engine, call: Call) -> Reply:
    check_database(call.db)

    def work(writing: Writing) -> None:
        names = engine.catalog.names(writing.sqlite, call.db)
        for name in names:
            collection = engine.catalog.find(writing.sqlite, call.db, name)
            if collection is not None:
                _drop(engine, writing, collection)
        if names:
            engine.log.add_named(writing, call.db, "", "dropDatabase", encode({}))

    engine.write(call, work)
    return {"dropped": call.db}


def rename(engine: Engine, call: Call) -> Reply:
    source, target = _namespace(call.target), _namespace(call.text("to"))

    def work(writing: Writing) -> None:
        collection = engine.catalog.find(writing.sqlite, *source)
        if collection is None:
            raise CommandError("NamespaceNotFound", f"Source collection {'.'.join(source)} does not exist")
        present = engine.catalog.find(writing.sqlite, *target)
        if present is not None and (present.number == collection.number or not call.flag("dropTarget")):
            raise CommandError("NamespaceExists", "target namespace exists")
        if present is not None:
            _drop(engine, writing, present)
        engine.catalog.rename(writing.sqlite, collection, *target)
        to = {"db": target[0], "coll": target[1]}
        engine.log.add(writing, collection, "rename", encode({"to": to}))

    engine.write(call, work)
    return {}


def _namespace(text: Any) -> tuple[str, str]:
    if type(text) is not str or "." not in text:
        raise CommandError("InvalidNamespace", f"Invalid namespace specified '{text}'")
    db, _, name = text.partition(".")
    return db, name


# Indexes


def create_indexes(engine: Engine, call: Call) -> Reply:
    asked = call.command.get("indexes")
    if type(asked) is not list or not asked:
        raise CommandError("BadValue", "Must specify at least one index to create")
    specs = [parse_index(spec) for spec in asked]

    def work(writing: Writing) -> Reply:
        found = engine.collection(writing.sqlite, call)
        collection = found or engine.catalog.add(writing.sqlite, call.db, call.collection)
        before = len(collection.indexes)
        for spec in specs:
            current = engine.collection(writing.sqlite, call) or collection
            if not _exists(current, spec):
                engine.store.build(writing, current, spec)
        after = engine.collection(writing.sqlite, call) or collection
        reply: Reply = {
            "numIndexesBefore": before, "numIndexesAfter": len(after.indexes),
            "createdCollectionAutomatically": found is None,
        }  # fmt: skip
        return reply if before != len(after.indexes) else reply | {"note": "all indexes already exist"}

    return engine.write(call, work)


def _exists(collection: Collection, spec: Mapping[str, Any]) -> bool:
    """Whether the very index is there; raises CommandError for one that contradicts it."""
    for index in collection.indexes:
        same_key = list(index.key.items()) == list(spec["key"].items())
        same_collation = index.spec.get("collation") == spec.get("collation")
        if index.is_id and same_key:
            return True
        if index.name == spec["name"]:
            if not same_key:
                raise CommandError(
                    "IndexKeySpecsConflict",
                    "An existing index has the same name as the requested index. "
                    f"Requested index: {spec!r}, existing index: {index.spec!r}",
                )
            if _options(index.spec) != _options(spec):
                raise CommandError(
                    "IndexOptionsConflict" if same_collation else "IndexKeySpecsConflict",
                    "An equivalent index already exists with the same name but different options. "
                    f"Requested index: {spec!r}, existing index: {index.spec!r}",
                )
            return True
        if index.text_fields and "text" in spec["key"].values():
            raise CommandError(
                "IndexOptionsConflict",
                f"only one text index per collection allowed, found existing text index {index.name!r}",
            )
        if same_key and same_collation and index.partial == spec.get("partialFilterExpression"):
            if _options(index.spec) == _options(spec):
                message = f"Index already exists with a different name: {index.name}"
            else:
                message = (
                    f"An equivalent index already exists with a different name and options. Requested index: {spec!r}"
                )
            raise CommandError("IndexOptionsConflict", message)
    return False


def _options(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in ("v", "name", "key")}


def list_indexes(engine: Engine, call: Call) -> Reply:
    with engine.reading(call) as reading:
        collection = engine.collection(reading.sqlite, call)
    if collection is None:
        raise CommandError("NamespaceNotFound", f"ns does not exist: {call.db}.{call.collection}")
    return _all_at_once(collection.namespace, (listed(index.spec) for index in collection.indexes))


def drop_indexes(engine: Engine, call: Call) -> Reply:
    asked = call.command.get("index")

    def work(writing: Writing) -> Reply:
        collection = engine.collection(writing.sqlite, call)
        if collection is None:
            raise CommandError("NamespaceNotFound", f"ns not found {call.db}.{call.collection}")
        for index in _chosen(collection, asked):
            if index.is_id:
                raise CommandError("InvalidOptions", "cannot drop _id index")
            engine.catalog.drop_index(writing.sqlite, index)
        return {"nIndexesWas": len(collection.indexes)}

    return engine.write(call, work)


def _chosen(collection: Collection, asked: Any) -> list[Index]:
    if asked == "*":
        return [index for index in collection.indexes if not index.is_id]
    if type(asked) not in (str, dict, list):
        raise mismatch("BSON field 'dropIndexes.index' must be a string, an object or an array of strings")
    found: list[Index] = []
    for one in asked if type(asked) is list else [asked]:
        known = [
            index for index in collection.indexes
            if index.name == one or (type(one) is dict and list(index.key.items()) == list(one.items()))
        ]  # fmt: skip
        if not known:
            raise CommandError(
                "IndexNotFound",
                f"index not found with name [{one}]" if type(one) is str else f"can't find index with key: {one}",
            )
        found += known
    return found


# Figures


def collection_stats(engine: Engine, call: Call) -> Reply:
    with engine.reading(call) as reading:
        collection = engine.collection(reading.sqlite, call)
        count, size = (0, 0) if collection is None else _sizes(reading, collection)
    indexes = 0 if collection is None else len(collection.indexes)
    return {
        "ns": f"{call.db}.{call.collection}", "count": count, "size": Int64(size), "storageSize": Int64(size),
        "avgObjSize": size // count if count else 0, "nindexes": indexes, "capped": False, "scaleFactor": 1,
    }  # fmt: skip


def database_stats(engine: Engine, call: Call) -> Reply:
    with engine.reading(call) as reading:
        names = engine.catalog.names(reading.sqlite, call.db)
        found = [one for name in names if (one := engine.catalog.find(reading.sqlite, call.db, name))]
        sizes = [_sizes(reading, collection) for collection in found]
    return {
        "db": call.db, "collections": len(found), "views": 0, "objects": Int64(sum(count for count, _ in sizes)),
        "dataSize": Int64(sum(size for _, size in sizes)), "storageSize": Int64(sum(size for _, size in sizes)),
        "indexes": sum(len(collection.indexes) for collection in found), "scaleFactor": 1,
    }  # fmt: skip
