"""One row a command: what does it, the options it takes, whether a transaction may hold it.

What has no row, or an option no row names, is refused with MongoDB's own code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..call import Call
from ..engine import Engine
from . import aggregates, collections, reads, server, writes

_GENERIC = frozenset({
    "$db", "$clusterTime", "$readPreference", "lsid", "txnNumber", "autocommit", "startTransaction", "maxTimeMS",
    "comment", "readConcern", "writeConcern", "apiVersion", "apiStrict", "apiDeprecationErrors",
    "rawData",
})  # fmt: skip
"""Options any command may carry."""


@dataclass(frozen=True, kw_only=True)
class Row:
    run: Callable[[Engine, Call], dict[str, Any]]
    options: frozenset[str]
    transaction: bool


def _row(run: Callable[[Engine, Call], dict[str, Any]], *options: str, transaction: bool = False) -> Row:
    return Row(run=run, options=_GENERIC.union(options), transaction=transaction)


_hello = _row(
    server.hello, "helloOk", "client", "compression", "hostInfo", "saslSupportedMechs", "speculativeAuthenticate",
    "loadBalanced", "topologyVersion", "maxAwaitTimeMS", "internalClient", "forShell", "backpressure",
)  # fmt: skip
_find_and_modify = _row(
    writes.find_and_modify, "query", "sort", "remove", "update", "new", "fields", "upsert", "bypassDocumentValidation",
    "collation", "arrayFilters", "hint", "let", transaction=True,
)  # fmt: skip

TABLE: Mapping[str, Row] = {
    "hello": _hello,
    "isMaster": _hello,
    "ismaster": _hello,
    "ping": _row(server.ping),
    "buildInfo": _row(server.build_info),
    "buildinfo": _row(server.build_info),
    "connectionStatus": _row(server.connection_status, "showPrivileges"),
    "getParameter": _row(server.get_parameter, "featureCompatibilityVersion"),
    "endSessions": _row(server.end_sessions),
    "refreshSessions": _row(server.refresh_sessions),
    "commitTransaction": _row(server.commit_transaction, "recoveryToken"),
    "abortTransaction": _row(server.abort_transaction, "recoveryToken"),
    "listDatabases": _row(collections.list_databases, "filter", "nameOnly", "authorizedDatabases"),
    "listCollections": _row(collections.list_collections, "filter", "nameOnly", "authorizedCollections", "cursor"),
    "create": _row(collections.create, "viewOn", "pipeline", transaction=True),
    "drop": _row(collections.drop),
    "dropDatabase": _row(collections.drop_database),
    "renameCollection": _row(collections.rename, "to", "dropTarget"),
    "createIndexes": _row(collections.create_indexes, "indexes", "commitQuorum", transaction=True),
    "listIndexes": _row(collections.list_indexes, "cursor"),
    "dropIndexes": _row(collections.drop_indexes, "index"),
    "collStats": _row(collections.collection_stats),
    "dbStats": _row(collections.database_stats),
    "find": _row(
        reads.find, "filter", "sort", "projection", "hint", "skip", "limit", "batchSize", "singleBatch",
        "noCursorTimeout", "allowPartialResults", "allowDiskUse", "collation", "let", transaction=True,
    ),
    "count": _row(reads.count, "query", "limit", "skip", "hint", "collation", "fields"),
    "distinct": _row(reads.distinct, "key", "query", "collation", "hint", transaction=True),
    "getMore": _row(reads.get_more, "collection", "batchSize", transaction=True),
    "killCursors": _row(reads.kill_cursors, "cursors", transaction=True),
    "aggregate": _row(
        aggregates.aggregate, "pipeline", "cursor", "allowDiskUse", "bypassDocumentValidation", "collation", "hint",
        "let", transaction=True,
    ),
    "explain": _row(aggregates.explain, "verbosity"),
    "insert": _row(writes.insert, "documents", "ordered", "bypassDocumentValidation", transaction=True),
    "update": _row(writes.update, "updates", "ordered", "bypassDocumentValidation", "let", transaction=True),
    "delete": _row(writes.delete, "deletes", "ordered", "bypassDocumentValidation", "let", transaction=True),
    "findAndModify": _find_and_modify,
    "findandmodify": _find_and_modify,
}  # fmt: skip
