"""MongoDB's errors, as far as queries raise them.

Codes and names: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml; those above 10,000 are
the numbers of single assertions in the server, which drivers' tests and users' searches know.
"""

from typing import Any

CODES: dict[str, int] = {
    "BadValue": 2,
    "FailedToParse": 9,
    "TypeMismatch": 14,
    "Overflow": 15,
    "IllegalOperation": 20,
    "IndexNotFound": 27,
    "PathNotViable": 28,
    "ConflictingUpdateOperators": 40,
    "MaxTimeMSExpired": 50,
    "DollarPrefixedFieldName": 52,
    "EmptyFieldName": 56,
    "CommandNotFound": 59,
    "ImmutableField": 66,
    "InvalidOptions": 72,
    "InvalidPipelineOperator": 168,
    "NotImplemented": 238,
    "ConversionFailure": 241,
    "Location15952": 15952,  # unknown group operator
    "Location15955": 15955,  # a group specification must include an _id
    "Location15981": 15981,
    "Location16006": 16006,
    "Location16020": 16020,  # an expression takes N arguments
    "Location16410": 16410,  # a field path must not start with $
    "Location17276": 17276,  # use of an undefined variable
    "Location28667": 28667,  # an expression takes between N and M arguments
    "Location31249": 31249,  # a path collision in a projection
    "Location31253": 31253,  # inclusion in an exclusion projection
    "Location31254": 31254,  # exclusion in an inclusion projection
    "Location31325": 31325,  # unknown expression in a projection
    "Location34471": 34471,
    "Location40218": 40218,  # text score asked for, but not there
    "Location40228": 40228,  # $replaceRoot needs a document
    "Location40272": 40272,  # a stage's specification is not a document
    "Location40323": 40323,  # a stage must have exactly one field
    "Location40324": 40324,  # unknown stage
    "Location51246": 51246,  # a positional projection needs a match
}
_REMEDY = "set MONGODB_URI to use a full MongoDB server"


class CommandError(Exception):
    """A command's refusal as MongoDB words it. ``name`` must be a key of ``CODES``; ``details`` go beside it in a reply."""

    def __init__(self, name: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code: int = CODES[name]
        self.code_name: str = name
        self.message: str = message
        self.details: dict[str, Any] = details


_KINDS: dict[str, str] = {
    "operator": "BadValue",
    "update operator": "FailedToParse",
    "stage": "Location40324",
    "expression": "InvalidPipelineOperator",
    "accumulator": "Location15952",
    "option": "FailedToParse",
    "collation": "BadValue",
    "projection": "BadValue",
}


def unsupported(what: str, kind: str = "operator") -> CommandError:
    """The refusal of ``what`` (``"$where"``), which is no part of this server; ``kind`` chooses MongoDB's own code."""
    return CommandError(_KINDS[kind], f"the embedded database does not offer the {kind} {what}; {_REMEDY}")


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
