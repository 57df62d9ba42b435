"""What a command may say of its session and transaction, and what a transaction may hold.

https://www.mongodb.com/docs/manual/core/transactions-operations/
"""

from .call import Call
from .semantics.errors import CommandError

ENDING = frozenset({"commitTransaction", "abortTransaction"})
_RETRYABLE = frozenset({"insert", "update", "delete", "findAndModify", "findandmodify"})
_NEVER_FIRST = frozenset({"killCursors"})
_SYSTEM = frozenset({"config", "local"})
_LEVELS = (None, "local", "majority", "snapshot")


def check_transaction_options(call: Call, *, allowed: bool) -> None:
    """Raise CommandError for options that contradict each other, or a command that a transaction does not take."""
    given = call.command
    number, autocommit, starts = given.get("txnNumber"), given.get("autocommit"), given.get("startTransaction")
    if number is None and autocommit is None and starts is None:
        return
    if number is None or number < 0 or given.get("lsid") is None:
        raise _invalid("a transaction or retryable write needs a session and a transaction number")
    if autocommit is None and starts is None:
        _check_retryable(call)
    elif autocommit is not False or starts is False:
        raise _invalid("a transaction needs autocommit: false, its first command startTransaction: true")
    elif call.name not in ENDING:
        _check_held(call, allowed=allowed, first=starts is True)
    elif starts:
        raise not_held(f"Cannot run '{call.name}' as the first operation in a multi-document transaction.")


def _check_retryable(call: Call) -> None:
    if call.name not in _RETRYABLE:
        raise CommandError(
            "Location50768",
            "txnNumber may only be provided for multi-document transactions and retryable write commands. "
            f"autocommit:false was not provided, and {call.name} is not a retryable write command.",
        )


def _check_held(call: Call, *, allowed: bool, first: bool) -> None:
    if not allowed or (first and call.name in _NEVER_FIRST):
        raise not_held(f"Cannot run '{call.name}' in a multi-document transaction.")
    if call.db in _SYSTEM:
        raise not_held(f"Cannot run command against the '{call.db}' database in a transaction.")
    if call.command.get("writeConcern") is not None:
        raise _invalid("writeConcern is not allowed within a multi-statement transaction")
    concern = call.mapping("readConcern")
    if concern is not None and not first:
        raise _invalid("Only the first command in a transaction may specify a readConcern")
    if concern is not None and concern.get("level") not in _LEVELS:
        raise _invalid("the read concern of a transaction is local, majority or snapshot")


def not_held(message: str) -> CommandError:
    return CommandError("OperationNotSupportedInTransaction", message)


def _invalid(message: str) -> CommandError:
    return CommandError("InvalidOptions", message)
