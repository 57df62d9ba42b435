"""The tests that fail here, each with its reason. Keys are patterns of ``path::name`` below the suite's folder."""

_SYSTEM = "there are no system databases and collections"
_EXPLAIN = "explain tells the chosen index and what was read, but no hashes, no parsed query, no stages of pipelines"
_HIDDEN = "asks for what is not offered (collMod, capped collections) and hides the refusal"
_HOST = "hostInfo tells what Python knows: no sockets, NUMA nodes or limits of memory"

FAILING = {
    "core/operator/stages/out/*temp_collection*": "$out writes in one commit: nobody sees the collection beside",
    "core/aggregation/*explain*": _EXPLAIN,
    "system/diagnostic/commands/explain/*queryhash*": _EXPLAIN,
    "system/diagnostic/commands/explain/*parsedQuery?": _EXPLAIN,
    "system/diagnostic/commands/explain/*aggregate_out_*": _EXPLAIN,
    "core/indexes/properties/hidden/*covered*": _EXPLAIN,
    "core/indexes/properties/hidden/*hid*": _HIDDEN,
    "core/aggregation/commands/count/*zero_*": "a defect of MongoDB that the suite expects; it is none here",
    "*system_*": _SYSTEM,
    "core/operator/system-stages/changeStream/*early_start*": _SYSTEM,
    "system/diagnostic/commands/hostInfo/*response*": _HOST,
    "system/replication/commands/hello/*topology*": "hello is answered at once, so it names no version to wait for",
    "core/collections/commands/listCollections/*filter_all_pipeline_stage?": "$merge and others are not offered",
    "core/collections/commands/listDatabases/*": _SYSTEM,
}
