"""MongoDB's errors, as far as queries raise them.

Codes and names: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml; those above 10,000 are
the numbers of single assertions in the server, which drivers' tests and users' searches know.
"""

from typing import Any, Literal

CODES: dict[str, int] = {
    "BadValue": 2,
    "NoSuchKey": 4,
    "FailedToParse": 9,
    "TypeMismatch": 14,
    "Overflow": 15,
    "IllegalOperation": 20,
    "IndexNotFound": 27,
    "PathNotViable": 28,
    "CannotBackfillArray": 34,
    "ConflictingUpdateOperators": 40,
    "MaxTimeMSExpired": 50,
    "ConflictingOperationInProgress": 117,
    "DollarPrefixedFieldName": 52,
    "NotSingleValueField": 54,
    "EmptyFieldName": 56,
    "CommandNotFound": 59,
    "InvalidIdField": 53,
    "ImmutableField": 66,
    "InvalidOptions": 72,
    "ExceededMemoryLimit": 146,
    "DurationOverflow": 159,
    "IncompatibleCollationVersion": 161,
    "InvalidPipelineOperator": 168,
    "QueryFeatureNotAllowed": 224,
    "CursorKilled": 237,
    "NotImplemented": 238,
    "ConversionFailure": 241,
    # of commands, storage and sessions
    "InternalError": 1,
    "Unauthorized": 13,
    "InvalidLength": 16,
    "LockTimeout": 24,
    "NamespaceNotFound": 26,
    "CursorNotFound": 43,
    "NoMatchingDocument": 47,
    "NamespaceExists": 48,
    "CannotCreateIndex": 67,
    "InvalidNamespace": 73,
    "IndexOptionsConflict": 85,
    "IndexKeySpecsConflict": 86,
    "ShutdownInProgress": 91,
    "NotExactValueField": 111,
    "WriteConflict": 112,
    "CursorInUse": 12051,
    "InvalidIndexSpecificationOption": 197,
    "CommandNotSupportedOnView": 166,
    "OptionNotSupportedOnView": 167,
    "ViewDepthLimitExceeded": 165,
    "MaxSubPipelineDepthExceeded": 232,
    "CannotIndexParallelArrays": 171,
    "QueryPlanKilled": 175,
    "AmbiguousIndexKeyPattern": 181,
    "InvalidUUID": 207,
    "CommandFailed": 125,
    "DatabaseDifferCase": 13297,
    "ViewPipelineMaxSizeExceeded": 195,
    "GraphContainsCycle": 5,
    "IncompleteTransactionHistory": 217,
    "TransactionTooOld": 225,
    "NoSuchTransaction": 251,
    "TransactionCommitted": 256,
    "TransactionTooLarge": 257,
    "InvalidResumeToken": 260,
    "OperationNotSupportedInTransaction": 263,
    "ClientDisconnect": 279,
    "ChangeStreamFatalError": 280,
    "ChangeStreamHistoryLost": 286,
    "NoQueryExecutionPlans": 291,
    "APIVersionError": 322,
    "APIStrictError": 323,
    "UnsupportedOpQueryCommand": 352,
    "QueryExceededMemoryLimitNoDiskUseAllowed": 292,
    "BSONObjectTooLarge": 10334,
    "Interrupted": 11601,
    "DuplicateKey": 11000,
    "OutOfDiskSpace": 14031,
}
REMEDY = "set MONGODB_URI to use a full MongoDB server"
"""What every refusal of something not offered ends with."""


class CommandError(Exception):
    """A command's refusal as MongoDB words it.

    ``name`` is a key of ``CODES`` or, for an assertion of the server that has only a number, ``Location<number>``;
    ``details`` go beside it in a reply.
    """

    def __init__(self, name: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code: int = CODES[name] if name in CODES else int(name.removeprefix("Location"))
        self.code_name: str = name
        self.message: str = message
        self.details: dict[str, Any] = details


Kind = Literal["operator", "update operator", "stage", "expression", "accumulator", "option", "collation", "type"]
_KINDS: dict[Kind, str] = {
    "operator": "BadValue",
    "update operator": "FailedToParse",
    "stage": "Location40324",
    "expression": "InvalidPipelineOperator",
    "accumulator": "Location15952",
    "option": "FailedToParse",
    "collation": "BadValue",
    "type": "BadValue",
}


def unsupported(what: str, kind: Kind = "operator") -> CommandError:
    """The refusal of ``what`` (``"$where"``), which is no part of this server; ``kind`` chooses MongoDB's own code."""
    return CommandError(_KINDS[kind], f"the embedded database does not offer the {kind} {what}; {REMEDY}")


def bad(message: str) -> CommandError:
    """A malformed specification: BadValue."""
    return CommandError("BadValue", message)


def unparsable(message: str) -> CommandError:
    """A specification of the wrong form: FailedToParse."""
    return CommandError("FailedToParse", message)


def mismatch(message: str) -> CommandError:
    """A value of the wrong type: TypeMismatch."""
    return CommandError("TypeMismatch", message)


def only_options(where: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
    """Refuse options this server does not know, rather than ignore them."""
    for name in given:
        if name not in known:
            raise unsupported(f"{name!r} of {where}", "option")
