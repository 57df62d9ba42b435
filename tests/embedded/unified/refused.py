"""Unified tests that fail here, each with its reason: what is not offered, or what only the runner or the driver lacks.

Keys are beginnings of ``folder/file: description``. A test that fails without standing here fails the suite.
"""

_IMAGES = "pre- and post-images (collMod, changeStreamPreAndPostImages) are not offered"
_EXPANDED = "showExpandedEvents is not offered"
_MERGE = "$merge is not offered"
_LATER = "the server offers a sort for update, which MongoDB has from 8.0, and the test wants it refused"
_SECONDARY = "the embedded database is one server: there is no secondary to select"
_STATEMENTS = "MongoDB's fail point counts statements; here a command's statements are committed together"
_PARTIAL = "PyMongo's AutoReconnect carries no partial result"
_SESSIONS = "$listLocalSessions is not offered"
_VALIDATION = "validators (collMod, validator) are not offered"
_RAW = "PyMongo sends rawData like any other option"

REFUSED = {
    **{
        f"crud/{name}-rawdata": _RAW
        for name in (
            "aggregate",
            "count",
            "countDocuments",
            "distinct",
            "estimatedDocumentCount",
            "findOneAndDelete",
            "findOneAndReplace",
            "findOneAndUpdate",
            "db-aggregate",
        )
    },
    "change-streams/change-streams-disambiguatedPaths: disambiguatedPaths is present": _EXPANDED,
    "change-streams/change-streams-disambiguatedPaths: disambiguatedPaths returns": _EXPANDED,
    "change-streams/change-streams-pre_and_post_images": _IMAGES,
    "change-streams/change-streams-showExpandedEvents: when provided": _EXPANDED,
    "change-streams/change-streams-showExpandedEvents: when showExpandedEvents is true": _EXPANDED,
    "crud/aggregate-merge": _MERGE,
    "crud/aggregate-write-readPreference: Aggregate with $merge": _MERGE,
    "crud/bulkWrite-replaceOne-sort: BulkWrite replaceOne with sort option unsupported": _LATER,
    "crud/bulkWrite-updateOne-sort: BulkWrite updateOne with sort option unsupported": _LATER,
    "crud/replaceOne-sort: replaceOne with sort option unsupported": _LATER,
    "crud/updateOne-sort: updateOne with sort option unsupported": _LATER,
    "crud/db-aggregate": _SESSIONS,
    "crud/findOneAndUpdate-errorResponse: findOneAndUpdate document validation": _VALIDATION,
    "retryable-writes/aggregate-out-merge: aggregate with $merge": _MERGE,
    "retryable-writes/bulkWrite: All commands": _STATEMENTS,
    "retryable-writes/bulkWrite: Both commands": _STATEMENTS,
    "retryable-writes/bulkWrite: First insertOne": _PARTIAL,
    "retryable-writes/bulkWrite: Second updateOne": _PARTIAL,
    "retryable-writes/bulkWrite: Third updateOne": _PARTIAL,
    "transactions/read-pref: secondary readPreference": _SECONDARY,
    "transactions/run-command: run command fails with explicit secondary": _SECONDARY,
    "transactions/run-command: run command fails with secondary": _SECONDARY,
    "transactions/transaction-options: readPreference inherited": _SECONDARY,
    "transactions/transaction-options: startTransaction overrides readPreference": _SECONDARY,
}


def reason(name: str) -> str | None:
    """Why the test of this name is expected to fail, if it is."""
    return next((why for start, why in REFUSED.items() if name.startswith(start)), None)
