"""One row a command: what does it, the options it takes, the concerns it heeds, whether a transaction may hold it.

What has no row, or an option no row names, is refused with MongoDB's own code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..call import Call
from ..engine import Engine
from ..options import (
    ANY,
    ARRAY,
    BOOLEAN,
    CURSOR,
    DROP_TARGET,
    FLAG,
    HINT,
    INDEX,
    LONG,
    NUMBER,
    OBJECT,
    SCALE,
    SIZE,
    TEXT,
    Fields,
    Option,
    given,
    required,
)  # fmt: skip
from . import aggregates, collections, explain, figures, host, indexes, reads, server, writes

_GENERIC: Mapping[str, Option] = {
    "$db": given(TEXT), "$clusterTime": ANY, "$readPreference": ANY, "lsid": OBJECT, "txnNumber": LONG,
    "autocommit": BOOLEAN, "startTransaction": BOOLEAN, "maxTimeMS": ANY, "comment": ANY, "readConcern": OBJECT,
    "writeConcern": OBJECT, "apiVersion": TEXT, "apiStrict": BOOLEAN, "apiDeprecationErrors": BOOLEAN, "rawData": ANY,
}  # fmt: skip
"""Options any command may carry."""


@dataclass(frozen=True, kw_only=True)
class Row:
    run: Callable[[Engine, Call], dict[str, Any]]
    options: Fields
    reads: bool
    """Whether it takes a read concern beyond local; in a transaction every command does."""
    writes: bool
    """Whether it takes a write concern."""
    transaction: bool
    """Whether a transaction may hold it."""
    admin: bool
    """Whether it is for the database ``admin`` alone."""


def _row(
    run: Callable[[Engine, Call], dict[str, Any]], *, own: Option = ANY, reads: bool = False, writes: bool = False,
    transaction: bool = False, admin: bool = False, strict: bool = True, **options: Option,
) -> Callable[[str], Row]:  # fmt: skip
    """The row of a command of a given name; ``own`` is the field of that name, most often left to ``run``.

    What is not ``strict`` ignores what it does not know, as MongoDB has it of commands that older servers must take.
    """
    return lambda name: Row(
        run=run, options=Fields({**_GENERIC, **options, name: own}, strict=strict), reads=reads, writes=writes,
        transaction=transaction, admin=admin,
    )  # fmt: skip


_hello = _row(
    server.hello, helloOk=ANY, client=ANY, compression=ANY, hostInfo=ANY, saslSupportedMechs=ANY,
    speculativeAuthenticate=ANY, loadBalanced=ANY, topologyVersion=ANY, maxAwaitTimeMS=ANY, internalClient=ANY,
    forShell=ANY, backpressure=ANY, strict=False,
)  # fmt: skip
_find_and_modify = _row(
    writes.find_and_modify, query=OBJECT, sort=OBJECT, remove=FLAG, update=ANY, new=FLAG, fields=OBJECT, upsert=FLAG,
    bypassDocumentValidation=FLAG, collation=OBJECT, arrayFilters=ARRAY, hint=HINT, let=OBJECT,
    writes=True, transaction=True,
)  # fmt: skip
_build_info = _row(server.build_info)
_collection_stats = _row(figures.collection_stats, scale=SCALE)
_database_stats = _row(figures.database_stats, scale=SCALE, freeStorage=FLAG)
_drop_indexes = _row(indexes.drop_indexes, index=required(INDEX), writes=True)

_ROWS: Mapping[str, Callable[[str], Row]] = {
    "hello": _hello,
    "isMaster": _hello,
    "ismaster": _hello,
    "ping": _row(server.ping),
    "whatsmyuri": _row(server.whats_my_uri, strict=False),
    "buildInfo": _build_info,
    "buildinfo": _build_info,
    "hostInfo": _row(host.host_info),
    "connectionStatus": _row(server.connection_status, showPrivileges=FLAG),
    "getParameter": _row(server.get_parameter, featureCompatibilityVersion=ANY),
    "endSessions": _row(server.end_sessions, own=required(ARRAY)),
    "refreshSessions": _row(server.refresh_sessions, own=required(ARRAY)),
    "commitTransaction": _row(server.commit_transaction, recoveryToken=OBJECT, writes=True, admin=True),
    "abortTransaction": _row(server.abort_transaction, recoveryToken=OBJECT, writes=True, admin=True),
    "listDatabases": _row(
        collections.list_databases, filter=OBJECT, nameOnly=FLAG, authorizedDatabases=BOOLEAN, admin=True
    ),
    "listCollections": _row(
        collections.list_collections, filter=OBJECT, nameOnly=BOOLEAN, authorizedCollections=BOOLEAN, cursor=CURSOR
    ),
    "create": _row(collections.create, viewOn=TEXT, pipeline=ARRAY, writes=True, transaction=True),
    "drop": _row(collections.drop, writes=True),
    "dropDatabase": _row(collections.drop_database, own=required(NUMBER), writes=True),
    "renameCollection": _row(
        collections.rename, own=required(TEXT), to=required(TEXT), dropTarget=DROP_TARGET,
        stayTemp=BOOLEAN, writes=True, admin=True
    ),
    "createIndexes": _row(
        indexes.create_indexes, indexes=required(ARRAY), commitQuorum=ANY, writes=True, transaction=True
    ),
    "listIndexes": _row(
        indexes.list_indexes, cursor=CURSOR, includeIndexBuildInfo=BOOLEAN, includeBuildUUIDs=BOOLEAN
    ),
    "dropIndexes": _drop_indexes,
    "deleteIndexes": _drop_indexes,
    "collStats": _collection_stats,
    "collstats": _collection_stats,
    "dbStats": _database_stats,
    "dbstats": _database_stats,
    "find": _row(
        reads.find, filter=given(OBJECT), sort=OBJECT, projection=OBJECT, hint=HINT, skip=SIZE, limit=SIZE,
        batchSize=SIZE, singleBatch=FLAG, noCursorTimeout=FLAG, allowPartialResults=FLAG, allowDiskUse=FLAG,
        collation=OBJECT, let=OBJECT, reads=True, transaction=True,
    ),
    "count": _row(
        reads.count, query=OBJECT, limit=ANY, skip=SIZE, hint=HINT, collation=OBJECT, fields=ANY, reads=True
    ),
    "distinct": _row(
        reads.distinct, key=required(TEXT), query=OBJECT, collation=OBJECT, hint=HINT, reads=True, transaction=True
    ),
    "getMore": _row(
        reads.get_more, own=required(LONG), collection=required(TEXT), batchSize=SIZE, term=LONG, transaction=True
    ),
    "killCursors": _row(reads.kill_cursors, cursors=required(ARRAY), transaction=True),
    "aggregate": _row(
        aggregates.aggregate, pipeline=given(required(ARRAY)), cursor=given(CURSOR), explain=given(BOOLEAN),
        allowDiskUse=given(BOOLEAN), bypassDocumentValidation=FLAG, collation=OBJECT, hint=HINT, let=OBJECT,
        reads=True, writes=True, transaction=True,
    ),
    "explain": _row(explain.explain, own=required(OBJECT), verbosity=TEXT, reads=True),
    "insert": _row(
        writes.insert, documents=ARRAY, ordered=BOOLEAN, bypassDocumentValidation=FLAG, writes=True, transaction=True
    ),
    "update": _row(
        writes.update, updates=ARRAY, ordered=BOOLEAN, bypassDocumentValidation=FLAG, let=OBJECT,
        writes=True, transaction=True,
    ),
    "delete": _row(
        writes.delete, deletes=ARRAY, ordered=BOOLEAN, bypassDocumentValidation=FLAG, let=OBJECT,
        writes=True, transaction=True,
    ),
    "findAndModify": _find_and_modify,
    "findandmodify": _find_and_modify,
}  # fmt: skip

TABLE: Mapping[str, Row] = {name: row(name) for name, row in _ROWS.items()}
