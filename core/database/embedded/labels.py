"""Error labels: what tells a driver to try again, and how much of it.

https://github.com/mongodb/mongo/blob/master/src/mongo/db/error_labels.cpp; where a reply has labels already they stay.
"""

from collections.abc import Mapping
from typing import Any

TRANSIENT = "TransientTransactionError"
RETRYABLE = "RetryableWriteError"
RESUMABLE = "ResumableChangeStreamError"

_AGAIN = frozenset({6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})
"""Hosts that cannot be reached, servers that shut down or are no primary, time limits."""
_CONFLICTS = frozenset({24, 112, 246, 251})
"""LockTimeout, WriteConflict, SnapshotUnavailable, NoSuchTransaction."""
_RESUMABLE = _AGAIN | {63, 133, 150, 234, 13388}
_NO_TRANSACTION = 251
_ENDS = ("commitTransaction", "abortTransaction")


def add_labels(
    reply: dict[str, Any], name: str, command: Mapping[str, Any], code: int, *, write_concern: bool = False
) -> None:
    """Label a reply that reports an error of this code, which with ``write_concern`` came after the write was done."""
    if "errorLabels" in reply:
        return
    found: list[str] = []
    in_transaction = command.get("autocommit") is False
    lost = code in _AGAIN | _CONFLICTS if name not in _ENDS else name == "commitTransaction" and code == _NO_TRANSACTION
    if in_transaction and lost and not write_concern:
        found.append(TRANSIENT)
    if code in _AGAIN and ((not in_transaction and "txnNumber" in command) or name in _ENDS):
        found.append(RETRYABLE)
    if code in _RESUMABLE and name == "getMore":
        found.append(RESUMABLE)
    if found:
        reply["errorLabels"] = found
