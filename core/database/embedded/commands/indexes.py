"""Indexes: https://www.mongodb.com/docs/manual/reference/command/nav-administration/"""

from collections.abc import Mapping
from typing import Any

from ..call import Call
from ..catalog import Collection
from ..engine import Engine
from ..index_specs import listed, parse_index
from ..indexes import Index, same_key
from ..semantics.errors import CommandError, mismatch
from ..writer import Writing
from .collections import batches

Reply = dict[str, Any]


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
    return batches(engine, call, collection.namespace, (listed(index.spec) for index in collection.indexes))


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
            if index.name == one or same_key(index.key, one)
        ]  # fmt: skip
        if not known:
            raise CommandError(
                "IndexNotFound",
                f"index not found with name [{one}]" if type(one) is str else f"can't find index with key: {one}",
            )
        found += known
    return found
