"""One function a MongoDB command, in a table by name. Each takes the command document and gives the reply.

https://www.mongodb.com/docs/manual/reference/command/ is the contract. What is not in the table is refused with
MongoDB's own code 59.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from mongomock.filtering import filter_applies

from core.database.embedded.engine import Collection, Engine, guarded
from core.database.embedded.errors import CommandError, unsupported
from core.database.embedded.wire import MAX_DOCUMENT_BYTES, MAX_MESSAGE_BYTES

Reply = dict[str, Any]
Document = dict[str, Any]
_WIRE_VERSION = 21  # what a MongoDB 7.0 says; drivers choose their dialect by it
_BATCH = 1000


class Commands:
    """The commands of one server."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cursors: dict[int, tuple[str, Iterator[Document]]] = {}
        self._numbers = itertools.count(1)

    def run(self, command: Document) -> Reply:
        name = next(iter(command), "")
        handler = _TABLE.get(name) or _TABLE.get(name.lower())
        try:
            if handler is None:
                raise CommandError("CommandNotFound", f"no such command: '{name}'")
            if command.get("autocommit") is False:
                raise CommandError("IllegalOperation", "Transaction numbers are only allowed on a replica set member or mongos")
            return {**guarded(lambda: handler(self, command)), "ok": 1.0}
        except CommandError as error:
            return error.as_reply()

    # server

    def _hello(self, command: Document) -> Reply:
        return {
            "helloOk": True, "isWritablePrimary": True, "ismaster": True, "minWireVersion": 0,
            "maxWireVersion": _WIRE_VERSION, "maxBsonObjectSize": MAX_DOCUMENT_BYTES,
            "maxMessageSizeBytes": MAX_MESSAGE_BYTES, "maxWriteBatchSize": 100_000, "readOnly": False,
            "logicalSessionTimeoutMinutes": 30, "localTime": datetime.now(UTC),
        }  # fmt: skip

    def _ok(self, command: Document) -> Reply:
        return {}

    def _build_info(self, command: Document) -> Reply:
        return {"version": "7.0.0", "versionArray": [7, 0, 0, 0], "modules": ["core-embedded"], "bits": 64,
                "maxBsonObjectSize": MAX_DOCUMENT_BYTES}  # fmt: skip

    # databases and collections

    def _list_databases(self, command: Document) -> Reply:
        names = dict.fromkeys(db for db, _ in self._engine.collections)
        return {"databases": [{"name": name, "sizeOnDisk": 0, "empty": False} for name in names]}

    def _list_collections(self, command: Document) -> Reply:
        db = command["$db"]
        found = [{"name": name, "type": "collection", "options": {}, "info": {"readOnly": False},
                  "idIndex": {"v": 2, "key": {"_id": 1}, "name": "_id_"}} for name in self._engine.names(db)]  # fmt: skip
        query = command.get("filter") or {}
        return self._first_batch(f"{db}.$cmd.listCollections", (one for one in found if filter_applies(query, one)), {})

    def _create(self, command: Document) -> Reply:
        refused = set(command) - {"create", "$db", "lsid", "$readPreference", "comment", "writeConcern", "txnNumber", "$clusterTime"}
        if refused:
            raise unsupported(f"the options {sorted(refused)} of create")
        if (command["$db"], command["create"]) in self._engine.collections:
            raise CommandError("NamespaceExists", f"Collection {command['$db']}.{command['create']} already exists.")
        self._engine.collection(command["$db"], command["create"])
        return {}

    def _drop(self, command: Document) -> Reply:
        self._engine.drop(command["$db"], command["drop"])
        return {}

    def _drop_database(self, command: Document) -> Reply:
        for name in self._engine.names(command["$db"]):
            self._engine.drop(command["$db"], name)
        return {"dropped": command["$db"]}

    def _create_indexes(self, command: Document) -> Reply:
        collection = self._collection(command, "createIndexes")
        before = len(collection.indexes) + 1
        for spec in command["indexes"]:
            if dict(spec["key"]) != {"_id": 1}:
                collection.create_index(spec)
        return {"numIndexesBefore": before, "numIndexesAfter": len(collection.indexes) + 1, "createdCollectionAutomatically": False}

    def _list_indexes(self, command: Document) -> Reply:
        name = command["listIndexes"]
        collection = self._engine.collections.get((command["$db"], name))
        if collection is None:
            raise CommandError("NamespaceNotFound", f"ns does not exist: {command['$db']}.{name}")
        specs = [{"v": 2, "key": {"_id": 1}, "name": "_id_"}, *(index.spec for index in collection.indexes.values())]
        return self._first_batch(collection.namespace, iter(specs), {})

    def _drop_indexes(self, command: Document) -> Reply:
        collection = self._collection(command, "dropIndexes")
        before = len(collection.indexes) + 1
        names = command["index"] if isinstance(command["index"], list) else [command["index"]]
        for name in names:
            collection.drop_index(name)
        return {"nIndexesWas": before}

    # reads

    def _find(self, command: Document) -> Reply:
        _refuse_collation(command)
        collection = self._collection(command, "find")
        cursor = collection.mock.find(command.get("filter") or {}, command.get("projection") or None)
        if command.get("sort"):
            cursor = cursor.sort(list(command["sort"].items()))
        cursor = cursor.skip(command.get("skip", 0))
        if command.get("limit"):
            cursor = cursor.limit(abs(command["limit"]))
        return self._first_batch(collection.namespace, iter(cursor), command)

    def _aggregate(self, command: Document) -> Reply:
        _refuse_collation(command)
        if any("$changeStream" in stage for stage in command["pipeline"]):
            raise CommandError("IllegalOperation", "The $changeStream stage is only supported on replica sets")
        collection = self._collection(command, "aggregate")
        found = collection.mock.aggregate(command["pipeline"])
        return self._first_batch(collection.namespace, iter(found), command.get("cursor") or {})

    def _count(self, command: Document) -> Reply:
        _refuse_collation(command)
        collection = self._collection(command, "count")
        options = {key: command[key] for key in ("skip", "limit") if command.get(key)}
        return {"n": collection.mock.count_documents(command.get("query") or {}, **options)}

    def _distinct(self, command: Document) -> Reply:
        _refuse_collation(command)
        collection = self._collection(command, "distinct")
        return {"values": collection.mock.distinct(command["key"], command.get("query") or {})}

    def _get_more(self, command: Document) -> Reply:
        number = command["getMore"]
        if number not in self._cursors:
            raise CommandError("CursorNotFound", f"cursor id {number} not found")
        namespace, documents = self._cursors.pop(number)
        batch, number = self._batch(namespace, documents, command.get("batchSize") or _BATCH, number)
        return {"cursor": {"nextBatch": batch, "id": number, "ns": namespace}}

    def _kill_cursors(self, command: Document) -> Reply:
        killed = [number for number in command["cursors"] if self._cursors.pop(number, None)]
        return {"cursorsKilled": killed, "cursorsNotFound": [one for one in command["cursors"] if one not in killed]}

    # writes

    def _insert(self, command: Document) -> Reply:
        collection = self._collection(command, "insert")

        def insert(document: Document) -> Reply:
            document = {"_id": document.get("_id") or ObjectId(), **document}
            if collection.mock.find_one({"_id": document["_id"]}) is not None:
                raise CommandError(
                    "DuplicateKey", f"E11000 duplicate key error collection: {collection.namespace} index: _id_ dup key",
                    keyPattern={"_id": 1}, keyValue={"_id": document["_id"]},
                )  # fmt: skip
            with collection.changing([]) as inserted:
                guarded(lambda: collection.mock.insert_one(document))
                inserted(document["_id"])
            return {"n": 1}

        return _each(command["documents"], insert, command.get("ordered", True))

    def _update(self, command: Document) -> Reply:
        _refuse_collation(command)
        collection = self._collection(command, "update")
        return _each(command["updates"], lambda statement: self._update_one(collection, statement), command.get("ordered", True))

    def _update_one(self, collection: Collection, statement: Document) -> Reply:
        _refuse_collation(statement)
        query, update = statement["q"], statement["u"]
        many = bool(statement.get("multi"))
        options: Document = {"upsert": bool(statement.get("upsert"))}
        if isinstance(update, list) or statement.get("arrayFilters"):
            raise unsupported("update pipelines and arrayFilters")
        replacing = not any(key.startswith("$") for key in update)
        found = collection.mock.find(query, {"_id": 1}) if many else collection.mock.find(query, {"_id": 1}).limit(1)
        ids = [one["_id"] for one in found]
        with collection.changing(ids) as inserted:
            if replacing:
                done = guarded(lambda: collection.mock.replace_one(query, update, **options))
            else:
                method = collection.mock.update_many if many else collection.mock.update_one
                done = guarded(lambda: method(query, update, **options))
            if done.upserted_id is not None:
                inserted(done.upserted_id)
        if done.upserted_id is not None:
            return {"n": 1, "nModified": 0, "upserted": [{"index": 0, "_id": done.upserted_id}]}
        return {"n": done.matched_count, "nModified": done.modified_count}

    def _delete(self, command: Document) -> Reply:
        _refuse_collation(command)
        collection = self._collection(command, "delete")

        def delete(statement: Document) -> Reply:
            found = collection.mock.find(statement["q"], {"_id": 1})
            ids = [one["_id"] for one in (found.limit(1) if statement.get("limit") == 1 else found)]
            with collection.changing(ids):
                for document_id in ids:
                    collection.mock.delete_one({"_id": document_id})
            return {"n": len(ids)}

        return _each(command["deletes"], delete, command.get("ordered", True))

    def _find_and_modify(self, command: Document) -> Reply:
        _refuse_collation(command)
        collection = self._collection(command, "findAndModify")
        sort = list(command["sort"].items()) if command.get("sort") else None
        old = collection.mock.find_one(command.get("query") or {}, sort=sort)
        if command.get("remove"):
            if old is not None:
                with collection.changing([old["_id"]]):
                    collection.mock.delete_one({"_id": old["_id"]})
            return {"value": _projected(old, command), "lastErrorObject": {"n": int(old is not None)}}
        if old is None and not command.get("upsert"):
            return {"value": None, "lastErrorObject": {"n": 0, "updatedExisting": False}}
        query = {"_id": old["_id"]} if old is not None else command.get("query") or {}
        statement = {"q": query, "u": command["update"], "upsert": command.get("upsert", False),
                     "arrayFilters": command.get("arrayFilters")}  # fmt: skip
        done = self._update_one(collection, statement)
        upserted = done.get("upserted", [{}])[0].get("_id")
        new = collection.mock.find_one({"_id": upserted if old is None else old["_id"]})
        last: Document = {"n": 1, "updatedExisting": old is not None}
        if old is None:
            last["upserted"] = upserted
        return {"value": _projected(new if command.get("new") else old, command), "lastErrorObject": last}

    # shared

    def _collection(self, command: Document, key: str) -> Collection:
        name = command.get(key) if key in command else command[key.lower()]
        if not isinstance(name, str):
            raise unsupported(f"{key} on a whole database")
        return self._engine.collection(command["$db"], name)

    def _first_batch(self, namespace: str, documents: Iterator[Document], options: Document) -> Reply:
        size = options.get("batchSize")
        batch, number = self._batch(namespace, documents, _BATCH if size is None else size, next(self._numbers))
        return {"cursor": {"firstBatch": batch, "id": number, "ns": namespace}}

    def _batch(self, namespace: str, documents: Iterator[Document], size: int, number: int) -> tuple[list[Document], int]:
        batch = list(itertools.islice(documents, size))
        following = next(documents, None)
        if following is None:
            return batch, 0
        self._cursors[number] = (namespace, itertools.chain([following], documents))
        return batch, number


def _each(statements: list[Document], work: Callable[[Document], Reply], ordered: bool) -> Reply:
    """Run each statement; counts add up, a refusal is a write error and ends an ordered batch."""
    total: Reply = {"n": 0}
    errors: list[Document] = []
    upserted: list[Document] = []
    for index, statement in enumerate(statements):
        try:
            done = work(statement)
        except CommandError as error:
            errors.append(error.as_write_error(index))
            if ordered:
                break
            continue
        for key in ("n", "nModified"):
            if key in done:
                total[key] = total.get(key, 0) + done[key]
        upserted += [{"index": index, "_id": one["_id"]} for one in done.get("upserted", ())]
    return {**total, **({"upserted": upserted} if upserted else {}), **({"writeErrors": errors} if errors else {})}


def _projected(document: Document | None, command: Document) -> Document | None:
    fields = command.get("fields")
    if document is None or not fields:
        return document
    keep = {key for key, value in fields.items() if value}
    if keep:
        return {key: value for key, value in document.items() if key in keep or (key == "_id" and fields.get("_id", 1))}
    return {key: value for key, value in document.items() if key not in fields}


def _refuse_collation(command: Document) -> None:
    if command.get("collation"):
        raise unsupported("collation")


_TABLE: dict[str, Callable[[Commands, Document], Reply]] = {
    "hello": Commands._hello, "isMaster": Commands._hello, "ismaster": Commands._hello, "ping": Commands._ok,
    "buildInfo": Commands._build_info, "buildinfo": Commands._build_info, "endSessions": Commands._ok,
    "listDatabases": Commands._list_databases, "listCollections": Commands._list_collections,
    "create": Commands._create, "drop": Commands._drop, "dropDatabase": Commands._drop_database,
    "createIndexes": Commands._create_indexes, "listIndexes": Commands._list_indexes,
    "dropIndexes": Commands._drop_indexes, "find": Commands._find, "aggregate": Commands._aggregate,
    "count": Commands._count, "distinct": Commands._distinct, "getMore": Commands._get_more,
    "killCursors": Commands._kill_cursors, "insert": Commands._insert, "update": Commands._update,
    "delete": Commands._delete, "findAndModify": Commands._find_and_modify,
}  # fmt: skip
