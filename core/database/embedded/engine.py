"""Databases and collections: mongomock answers queries over documents in memory, ``Storage`` keeps them.

Every write goes through ``Collection.changing``: unique indexes are checked by key, a violation puts the old documents
back, and what remains is on disk when the block ends.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import mongomock
from mongomock.filtering import filter_applies

from core.database.embedded.errors import CommandError, unsupported
from core.database.embedded.storage import Storage

Document = dict[str, Any]


class Engine:
    """All databases of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.storage = Storage(data_dir / "data.sqlite3")
        self._mock = mongomock.MongoClient(tz_aware=False)
        self.collections: dict[tuple[str, str], Collection] = {}
        for number, db, name in self.storage.collections():
            self.collections[db, name] = Collection(self, number, db, name)

    def collection(self, db: str, name: str) -> "Collection":
        """The collection, made if it is not there: as MongoDB does at a write."""
        found = self.collections.get((db, name))
        if found is None:
            _check_names(db, name)
            with self.storage:
                number = self.storage.add_collection(db, name)
            found = self.collections[db, name] = Collection(self, number, db, name)
        return found

    def mock(self, db: str, name: str) -> Any:
        return self._mock[db][name]

    def drop(self, db: str, name: str) -> "Collection | None":
        found = self.collections.pop((db, name), None)
        if found is not None:
            with self.storage:
                self.storage.drop_collection(found.number)
            self._mock[db].drop_collection(name)
        return found

    def names(self, db: str) -> list[str]:
        return [name for owner, name in self.collections if owner == db]


class Collection:
    """``mock`` answers reads; writes are made on it inside ``changing``."""

    def __init__(self, engine: Engine, number: int, db: str, name: str) -> None:
        self.number, self.db, self.name = number, db, name
        self.mock = engine.mock(db, name)
        self._storage = engine.storage
        self.indexes: dict[str, UniqueIndex | Index] = {}
        for spec in self._storage.indexes(number):
            self.indexes[spec["name"]] = _index(spec)
        for document in self._storage.documents(number):
            self.mock.insert_one(document)
            self._index_all(document)

    @property
    def namespace(self) -> str:
        return f"{self.db}.{self.name}"

    def create_index(self, spec: Document) -> bool:
        """True where the index is new. A unique one is refused while documents violate it."""
        spec = {**spec, "key": dict(spec["key"]), "v": 2}
        known = self.indexes.get(spec["name"])
        if known is not None:
            if known.spec == spec:
                return False
            raise CommandError("IndexOptionsConflict", f"an index {spec['name']!r} exists with other options")
        index = _index(spec)
        for document in self.mock.find():
            index.add(self, document)
        with self._storage:
            self._storage.put_index(self.number, spec)
        self.indexes[spec["name"]] = index
        return True

    def drop_index(self, name: str) -> None:
        if name != "*" and name not in self.indexes:
            raise CommandError("IndexNotFound", f"index not found with name [{name}]")
        for found in list(self.indexes) if name == "*" else [name]:
            with self._storage:
                self._storage.remove_index(self.number, found)
            del self.indexes[found]

    @contextmanager
    def changing(self, ids: list[Any]) -> Iterator[Callable[[Any], None]]:
        """A write to the documents of these ids; the yielded function names one more (an insert, an upsert)."""
        before: dict[bytes, tuple[Any, Document | None]] = {}

        def watch(document_id: Any) -> None:
            found = self.mock.find_one({"_id": document_id}) if before is not None else None
            before[bson.encode({"": document_id})] = (document_id, found)

        for document_id in ids:
            watch(document_id)
        inserted: list[Any] = []
        try:
            yield inserted.append
            self._keep(before, inserted)
        except CommandError:
            self._restore(before, inserted)
            raise

    def _keep(self, before: Mapping[bytes, tuple[Any, Document | None]], inserted: list[Any]) -> None:
        changes = [(document_id, old, self.mock.find_one({"_id": document_id})) for document_id, old in before.values()]
        changes += [(document_id, None, self.mock.find_one({"_id": document_id})) for document_id in inserted]
        for _, old, _ in changes:
            if old is not None:
                self._unindex(old)
        added: list[Document] = []
        try:
            for _, _, new in changes:
                if new is not None:
                    self._index_all(new)
                    added.append(new)
        except CommandError:
            for new in added:
                self._unindex(new)
            for _, old, _ in changes:
                if old is not None:
                    self._index_all(old)
            raise
        with self._storage:
            for document_id, old, new in changes:
                if new is None:
                    self._storage.remove(self.number, document_id)
                elif old != new:
                    self._storage.put(self.number, new)

    def _restore(self, before: Mapping[bytes, tuple[Any, Document | None]], inserted: list[Any]) -> None:
        for document_id in inserted:
            self.mock.delete_one({"_id": document_id})
        for document_id, old in before.values():
            if old is not None:
                self.mock.replace_one({"_id": document_id}, old, upsert=True)

    def _index_all(self, document: Document) -> None:
        done: list[Index] = []
        try:
            for index in self.indexes.values():
                index.add(self, document)
                done.append(index)
        except CommandError:
            for index in done:
                index.remove(document)
            raise

    def _unindex(self, document: Document) -> None:
        for index in self.indexes.values():
            index.remove(document)


class Index:
    """An index that only has a name here: queries scan."""

    def __init__(self, spec: Document) -> None:
        self.spec = spec

    def add(self, collection: Collection, document: Document) -> None:
        pass

    def remove(self, document: Document) -> None:
        pass


class UniqueIndex(Index):
    """Keys of the documents it covers; a list has one key an element."""

    def __init__(self, spec: Document) -> None:
        super().__init__(spec)
        self._owners: dict[bytes, Any] = {}

    def add(self, collection: Collection, document: Document) -> None:
        keys = list(self._keys(document))
        for key, values in keys:
            if key in self._owners and self._owners[key] != document["_id"]:
                raise CommandError(
                    "DuplicateKey",
                    f"E11000 duplicate key error collection: {collection.namespace} index: {self.spec['name']} "
                    f"dup key: {values!r}",
                    keyPattern=self.spec["key"],
                    keyValue=values,
                )
        self._owners.update({key: document["_id"] for key, _ in keys})

    def remove(self, document: Document) -> None:
        for key, _ in self._keys(document):
            if self._owners.get(key) == document["_id"]:
                del self._owners[key]

    def _keys(self, document: Document) -> Iterator[tuple[bytes, Document]]:
        partial = self.spec.get("partialFilterExpression")
        if partial is not None and not filter_applies(partial, document):
            return
        combinations: list[Document] = [{}]
        present = False
        for path in self.spec["key"]:
            values = _values(document, path.split("."))
            present = present or bool(values)
            combinations = [{**known, path: value} for known in combinations for value in values or [None]]
        if present or not self.spec.get("sparse"):
            for values in combinations:
                yield bson.encode(values), values


def _index(spec: Document) -> Index:
    return UniqueIndex(spec) if spec.get("unique") else Index(spec)


def _values(value: Any, path: list[str]) -> list[Any]:
    """Every value at a dotted path; lists on the way and at its end are opened."""
    if isinstance(value, list):
        return [found for item in value for found in _values(item, path)] if value or path else [None]
    if not path:
        return [value]
    if isinstance(value, Mapping) and path[0] in value:
        return _values(value[path[0]], path[1:])
    return []


def _check_names(db: str, name: str) -> None:
    if not db or any(character in db for character in '/\\. "$\0') or not name or "$" in name or "\0" in name:
        raise CommandError("InvalidNamespace", f"Invalid namespace specified '{db}.{name}'")


def guarded(work: Callable[[], Any]) -> Any:
    """mongomock's refusals as the errors of a MongoDB server."""
    try:
        return work()
    except CommandError:
        raise
    except NotImplementedError as error:
        raise unsupported(f"this: {error}") from error
    except mongomock.DuplicateKeyError as error:
        raise CommandError("DuplicateKey", str(error)) from error
    except (mongomock.PyMongoError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CommandError("BadValue", f"{type(error).__name__}: {error}") from error


