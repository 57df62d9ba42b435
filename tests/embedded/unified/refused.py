"""The unified tests that do not pass here, each with its reason.

``REFUSED``: the test asks for what is not offered, and the server must say so: an answer, right or wrong, fails the
suite. ``NOT_RUN``: only another server, another driver or another fail point could pass it. Keys are beginnings of
``folder/file: description``.
"""

from collections.abc import Mapping

from pymongo.errors import OperationFailure

_IMAGES = "pre- and post-images (collMod, changeStreamPreAndPostImages) are not offered"
_EXPANDED = "showExpandedEvents is not offered"
_MERGE = "$merge is not offered"
_SESSIONS = "$listLocalSessions is not offered"
_VALIDATION = "validators (collMod, validator) are not offered"

REFUSED = {
    "change-streams/change-streams-disambiguatedPaths: disambiguatedPaths is present": _EXPANDED,
    "change-streams/change-streams-disambiguatedPaths: disambiguatedPaths returns": _EXPANDED,
    "change-streams/change-streams-pre_and_post_images": _IMAGES,
    "change-streams/change-streams-showExpandedEvents: when provided": _EXPANDED,
    "change-streams/change-streams-showExpandedEvents: when showExpandedEvents is true": _EXPANDED,
    "crud/aggregate-merge": _MERGE,
    "crud/aggregate-write-readPreference: Aggregate with $merge": _MERGE,
    "crud/db-aggregate": _SESSIONS,
    "crud/findOneAndUpdate-errorResponse: findOneAndUpdate document validation": _VALIDATION,
    "retryable-writes/aggregate-out-merge: aggregate with $merge": _MERGE,
}

_RAW = "rawData is unknown to PyMongo: it takes no such option, or sends it like any other"
_CLIENT_BULK = "the runner has no MongoClient.bulk_write, which needs MongoDB 8.0"
_SECONDARY = "needs a secondary to select: the embedded database is one server"
_STATEMENTS = "the fail point must count statements: here a command's statements are committed together"
_PARTIAL = "PyMongo's AutoReconnect carries no partial result"

NOT_RUN = {
    **{
        f"crud/{name}-rawdata": _RAW
        for name in (
            *("insertOne", "insertMany", "find", "count", "countDocuments", "estimatedDocumentCount", "distinct"),
            *("replaceOne", "updateOne", "updateMany", "deleteOne", "deleteMany", "aggregate"),
            *("findOneAndDelete", "findOneAndReplace", "findOneAndUpdate"),
            *(f"bulkWrite-{one}" for one in ("replaceOne", "updateOne", "updateMany", "deleteOne", "deleteMany")),
        )
    },
    "crud/client-bulkWrite-update-validation": _CLIENT_BULK,
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

_REMEDY = "set MONGODB_URI"
_CODES = {
    2: "BadValue", 9: "FailedToParse", 20: "IllegalOperation", 59: "CommandNotFound", 168: "InvalidPipelineOperator",
    238: "NotImplemented", 15952: "Location15952", 40324: "Location40324",
}  # fmt: skip


def reason(listed: Mapping[str, str], name: str) -> str | None:
    """Why the test of this name is listed, if it is."""
    return next((why for start, why in listed.items() if name.startswith(start)), None)


def is_refusal(error: BaseException) -> bool:
    """Whether the server says that it does not offer something: a code of a refusal, and the remedy."""
    return isinstance(error, OperationFailure) and error.code in _CODES and _REMEDY in str(error)
