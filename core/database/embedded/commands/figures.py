"""How much there is: ``collStats``, ``$collStats``, ``dbStats``. Sizes are the bytes of documents and of index keys.

https://www.mongodb.com/docs/manual/reference/command/dbStats/
"""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bson import Int64

from ..call import Call
from ..catalog import Collection
from ..engine import Engine
from ..indexes import Index
from ..options import SCALE, clamped
from ..scans import Reading
from ..semantics.errors import CommandError, unsupported

Reply = dict[str, Any]
_MOST_SCALE = 2**31 - 1
_KEYS = {
    unique: f"SELECT coalesce(sum(length(key)), 0) FROM {table} WHERE idx = ?"  # noqa: S608 (constants)
    for unique, table in ((False, "entries"), (True, "unique_entries"))
}


def sizes(reading: Reading, collection: Collection) -> tuple[int, int]:
    """How many documents, and their bytes."""
    sql = "SELECT count(*), coalesce(sum(length(body)), 0) FROM documents WHERE seq >= ? AND seq < ?"
    return reading.sqlite.execute(sql, (collection.low, collection.high)).fetchone()


def _index_size(reading: Reading, index: Index) -> int:
    return reading.sqlite.execute(_KEYS[index.unique], (index.number,)).fetchone()[0]


def collection_stats(engine: Engine, call: Call) -> Reply:
    with engine.reading(call) as reading:
        collection = engine.collection(reading.sqlite, call)
        return {"ns": f"{call.db}.{call.collection}", **_stats(reading, collection, call.number("scale", 1))}


def stage_figures(engine: Engine, call: Call, reading: Reading, options: Mapping[str, Any]) -> Reply:
    """What ``$collStats`` tells: of a collection that does not exist, or a view, only its name.

    Raises:
        CommandError: figures are asked for of one of these, or in a scale that is none.
    """
    asked = options.get("storageStats", {}).get("scale")
    SCALE.check("$collStats.storageStats.scale", asked)
    found: Reply = {"ns": f"{call.db}.{call.collection}", "host": call.address, "localTime": datetime.now(UTC)}
    if not options:
        return found
    collection = engine.collection(reading.sqlite, call)
    if collection is None:
        message = f"$collStats has no figures :: caused by :: Collection [{call.db}.{call.collection}] not found."
        raise CommandError("NamespaceNotFound", message)
    if "storageStats" in options:
        found["storageStats"] = _stats(reading, collection, 1 if asked is None else min(clamped(asked), _MOST_SCALE))
    if "count" in options:
        found["count"], _ = sizes(reading, collection)
    return found


def _stats(reading: Reading, collection: Collection | None, scale: int) -> Reply:
    count, size = (0, 0) if collection is None else sizes(reading, collection)
    indexes = {index.name: _index_size(reading, index) for index in collection.indexes} if collection else {}
    every = sum(indexes.values())
    return {
        "size": size // scale, "count": count, "avgObjSize": size // count if count else 0,
        "storageSize": size // scale, "capped": False, "nindexes": len(indexes), "indexBuilds": [],
        "totalIndexSize": every // scale, "totalSize": (size + every) // scale,
        "indexSizes": {name: size // scale for name, size in indexes.items()}, "scaleFactor": scale,
    }  # fmt: skip


def database_stats(engine: Engine, call: Call) -> Reply:
    if call.flag("freeStorage"):
        raise unsupported("freeStorage of dbStats", "option")
    scale = call.number("scale", 1)
    with engine.reading(call) as reading:
        names = engine.catalog.names(reading.sqlite, call.db)
        listed = [one for name in names if (one := engine.catalog.find(reading.sqlite, call.db, name))]
        found = [one for one in listed if one.view is None]
        counts = [sizes(reading, collection) for collection in found]
        indexes = [_index_size(reading, index) for collection in found for index in collection.indexes]
        disk = shutil.disk_usage(reading.sqlite.execute("PRAGMA database_list").fetchone()[2])
    objects, size = sum(count for count, _ in counts), sum(size for _, size in counts)
    return {
        "db": call.db, "collections": Int64(len(found)), "views": Int64(len(listed) - len(found)),
        "objects": Int64(objects), "avgObjSize": size / objects if objects else 0.0, "dataSize": size / scale,
        "storageSize": size / scale, "indexes": Int64(len(indexes)), "indexSize": sum(indexes) / scale,
        "totalSize": (size + sum(indexes)) / scale, "scaleFactor": Int64(scale),
        "fsUsedSize": disk.used / scale, "fsTotalSize": disk.total / scale,
    }  # fmt: skip
