"""A whole server as JSON Lines, and back: documents in canonical extended JSON, collections with indexes, views.

One line a collection (``{"collection": …}``), its documents after it (``{"document": …}``).
https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.json_util import CANONICAL_JSON_OPTIONS, JSONOptions
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from core.errors import Duplicate, InputError

Document = dict[str, Any]
Client = MongoClient[Document]
_SYSTEM = frozenset({"admin", "config", "local"})
_JSON: JSONOptions = CANONICAL_JSON_OPTIONS.with_options(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
CODEC: CodecOptions[Document] = CodecOptions(
    document_class=dict, tz_aware=False, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
"""Values as they are stored: nothing is converted on the way."""
_BATCH = 500
_SERVERS_OWN = frozenset({"v", "ns", "textIndexVersion", "language_override", "background"})


@dataclass
class Moved:
    """How much was written or read."""

    collections: int = 0
    documents: int = 0


def export_to(client: Client, file: TextIO, databases: Iterable[str] | None = None) -> Moved:
    """Write every database, or those named."""
    moved = Moved()
    for name in databases or [name for name in client.list_database_names() if name not in _SYSTEM]:
        for line in _database_lines(client.get_database(name, CODEC)):
            moved.collections += "collection" in line
            moved.documents += "document" in line
            file.write(json_util.dumps(line, json_options=_JSON, ensure_ascii=False) + "\n")
    return moved


def _database_lines(database: Database[Document]) -> Iterator[Document]:
    found = sorted(database.list_collections(), key=lambda one: (one["type"] == "view", one["name"]))
    for one in found:
        if one["name"].startswith("system."):
            continue
        described: Document = {"db": database.name, "name": one["name"], "options": one["options"]}
        collection = database[one["name"]]
        if one["type"] == "view":
            yield {"collection": described}
            continue
        yield {"collection": described | {"indexes": [_index(spec) for spec in collection.list_indexes()]}}
        for document in collection.find():
            yield {"document": document}


def _index(spec: Mapping[str, Any]) -> Document:
    """The specification that makes the index: a text index is listed by its words, and made by its fields."""
    found = {name: value for name, value in spec.items() if name not in _SERVERS_OWN}
    key: Mapping[str, Any] = found["key"]
    if "_fts" in key:
        found["key"] = {**{name: kind for name, kind in key.items() if name not in ("_fts", "_ftsx")}}
        found["key"] |= dict.fromkeys(found["weights"], "text")
        if all(weight == 1 for weight in found["weights"].values()):
            del found["weights"]
    return found


def import_from(client: Client, file: TextIO, *, drop: bool = False) -> Moved:
    """Read what ``export_to`` wrote. With ``drop``, collections that are there are replaced.

    Raises:
        InputError: a line that is no such line; what stands before it has been read in.
        Duplicate: a document that is there already.
    """
    moved = Moved()
    collection: Collection[Document] | None = None
    batch: list[Document] = []
    for number, text in enumerate(file, 1):
        line = _parsed(text, number)
        if "collection" in line:
            _insert(collection, batch)
            collection = _make(client, line["collection"], drop)
            moved.collections += 1
        else:
            if collection is None:
                raise InputError(f"line {number}: a document before its collection")
            batch.append(line["document"])
            moved.documents += 1
            if len(batch) >= _BATCH:
                _insert(collection, batch)
    _insert(collection, batch)
    return moved


def _parsed(text: str, number: int) -> Document:
    try:
        line = json_util.loads(text, json_options=_JSON)
    except (ValueError, TypeError) as error:
        raise InputError(f"line {number} is no extended JSON: {error}") from error
    if not isinstance(line, dict) or set(line) not in ({"collection"}, {"document"}):  # pyright: ignore[reportUnknownArgumentType]
        raise InputError(f"line {number} is neither a collection nor a document; is this file an export?")
    return line  # pyright: ignore[reportUnknownVariableType]


def _make(client: Client, described: Mapping[str, Any], drop: bool) -> Collection[Document]:
    database = client.get_database(described["db"], CODEC)
    name = described["name"]
    if drop:
        database.drop_collection(name)
    if name not in database.list_collection_names():
        database.create_collection(name, **described.get("options", {}))
    indexes = [spec for spec in described.get("indexes", ()) if spec["key"] != {"_id": 1}]
    if indexes:
        database.command("createIndexes", name, indexes=indexes)
    return database[name]


def _insert(collection: Collection[Document] | None, batch: list[Document]) -> None:
    if collection is None or not batch:
        return
    try:
        collection.insert_many(batch)
    except BulkWriteError as error:
        first = error.details["writeErrors"][0] if error.details else {}
        message = f"{collection.full_name}: {first.get('errmsg', error)}"
        hint = "; use --drop to replace what is there" if first.get("code") == 11000 else ""
        raise Duplicate(message + hint) if hint else InputError(message) from error
    batch.clear()
