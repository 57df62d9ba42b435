"""Indexes: https://www.mongodb.com/docs/manual/reference/command/nav-administration/"""

from collections.abc import Mapping
from typing import Any

from ..call import Call
from ..catalog import Collection
from ..engine import Engine
from ..index_specs import listed, options_of, parse_index, same_index
from ..indexes import Index, same_key
from ..options import OBJECT, TEXT, given
from ..semantics.errors import CommandError, bad
from ..writer import Writing
from .collections import batches

Reply = dict[str, Any]
_MOST_INDEXES = 64


def create_indexes(engine: Engine, call: Call) -> Reply:
    asked = call.command["indexes"]
    if not asked:
        raise bad("Must specify at least one index to create")
    for place, spec in enumerate(asked):
        given(OBJECT).check(f"createIndexes.indexes.{place}", spec)
    specs = [parse_index(spec) for spec in asked]

    def work(writing: Writing) -> Reply:
        found = engine.collection(writing.sqlite, call)
        collection = found or engine.catalog.add(writing.sqlite, call.db, call.collection)
        before = len(collection.indexes)
        for spec in specs:
            current = engine.collection(writing.sqlite, call) or collection
            if not _exists(current, spec):
                _check_transaction(engine, call, writing, current)
                if len(current.indexes) == _MOST_INDEXES:
                    raise CommandError("CannotCreateIndex", f"{current.namespace} has {_MOST_INDEXES} indexes already")
                engine.store.build(writing, current, spec, call.pace.check)
        after = engine.collection(writing.sqlite, call) or collection
        reply: Reply = {
            "numIndexesBefore": before, "numIndexesAfter": len(after.indexes),
            "createdCollectionAutomatically": found is None,
        }  # fmt: skip
        return reply if before != len(after.indexes) else reply | {"note": "all indexes already exist"}

    return engine.write(call, work)


def _check_transaction(engine: Engine, call: Call, writing: Writing, collection: Collection) -> None:
    """In a transaction an index is made only of a collection that it made itself and that is empty yet."""
    if call.transaction is None:
        return
    with engine.pool.snapshot() as sqlite:
        found_before = engine.catalog.find(sqlite, collection.db, collection.name) is not None
    sql = "SELECT documents FROM collections WHERE number = ?"
    if found_before or writing.sqlite.execute(sql, (collection.number,)).fetchone()[0]:
        what = "existing" if found_before else "non-empty"
        message = f"Cannot create new indexes on {what} collection {collection.namespace} in a transaction."
        raise CommandError("OperationNotSupportedInTransaction", message)


def _exists(collection: Collection, spec: Mapping[str, Any]) -> bool:
    """Whether the very index is there; raises CommandError for one that contradicts it."""
    if spec["name"] == collection.id_index.name:
        return True
    named = next((index for index in collection.indexes if index.name == spec["name"]), None)
    if named is not None:
        same = same_index(named.spec, spec)
        if same and options_of(named.spec) == options_of(spec):
            return True
        raise CommandError(
            "IndexOptionsConflict" if same else "IndexKeySpecsConflict",
            "An existing index has the same name as the requested index. "
            f"Requested index: {spec!r}, existing index: {named.spec!r}",
        )
    for index in collection.indexes:
        if same_index(index.spec, spec):
            message = f"Index already exists with a different name: {index.name}. Requested index: {spec!r}"
            raise CommandError("IndexOptionsConflict", message)
    return False


def list_indexes(engine: Engine, call: Call) -> Reply:
    detailed = call.boolean("includeIndexBuildInfo")
    if detailed and call.boolean("includeBuildUUIDs"):
        raise CommandError("InvalidOptions", "includeBuildUUIDs and includeIndexBuildInfo cannot both be set to true")
    with engine.reading(call) as reading:
        collection = engine.collection(reading.sqlite, call)
    if collection is None:
        raise CommandError("NamespaceNotFound", f"ns does not exist: {call.db}.{call.collection}")
    specs = [listed(index.spec) for index in collection.indexes]
    return batches(engine, call, collection.namespace, [{"spec": spec} for spec in specs] if detailed else specs)


def drop_indexes(engine: Engine, call: Call) -> Reply:
    asked = call.command["index"]
    for place, name in enumerate(asked if type(asked) is list else ()):
        given(TEXT).check(f"dropIndexes.index.{place}", name)

    def work(writing: Writing) -> Reply:
        collection = engine.collection(writing.sqlite, call)
        if collection is None:
            raise CommandError("NamespaceNotFound", f"ns not found {call.db}.{call.collection}")
        for index in _chosen(collection, asked):
            engine.catalog.drop_index(writing.sqlite, index)
        return {"nIndexesWas": len(collection.indexes)}

    return engine.write(call, work)


def _chosen(collection: Collection, asked: Any) -> list[Index]:
    if asked in ("*", ["*"]):
        return [index for index in collection.indexes if not index.is_id]
    found: list[Index] = []
    for one in asked if type(asked) is list else [asked]:
        known = [index for index in collection.indexes if index not in found and _names(one, index)]
        if not known:
            raise CommandError("IndexNotFound", f"index not found: {one}")
        if len(known) > 1:
            raise CommandError("AmbiguousIndexKeyPattern", f"{len(known)} indexes have the key {one}; use a name")
        if known[0].is_id:
            raise CommandError("InvalidOptions", "cannot drop _id index")
        found += known
    return found


def _names(asked: str | Mapping[str, Any], index: Index) -> bool:
    return asked == index.name or (index.text is None and same_key(index.key, asked))
