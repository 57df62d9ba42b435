"""What the statements of one write command have come to so far."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..call import Call
from ..edits import Outcome
from ..semantics.errors import CommandError

Reply = dict[str, Any]
_FATAL = frozenset({"ClientDisconnect", "MaxTimeMSExpired", "OutOfDiskSpace", "LockTimeout", "WriteConflict"})


@dataclass(kw_only=True)
class Totals:
    """``done`` statements were tried; the refused ones are in ``errors``, by their position."""

    done: int = 0
    n: int = 0
    modified: int = 0
    upserted: list[Reply] = field(default_factory=list[Reply])
    errors: list[Reply] = field(default_factory=list[Reply])

    def copy(self) -> "Totals":
        return copy.copy(self)  # its lists are never changed, only replaced

    def goes_on(self, count: int, call: Call) -> bool:
        """Whether statements are left to try: none after an error of an ordered command, or one in a transaction."""
        return self.done < count and not (self.errors and stops_at_errors(call))

    def add(self, statements: int, *, n: int) -> None:
        self.done += statements
        self.n += n

    def take(self, outcome: Outcome) -> None:
        if outcome.upserted and outcome.after is not None:
            self.upserted = [*self.upserted, {"index": self.done, "_id": outcome.after["_id"]}]
        self.done += 1
        self.n += outcome.matched + outcome.upserted
        self.modified += outcome.modified

    def fail(self, error: CommandError) -> None:
        """A statement was refused. Raises what stops the whole command."""
        if error.code_name in _FATAL:
            raise error
        found = {"index": self.done, "code": error.code, "errmsg": error.message, **error.details}
        self.errors = [*self.errors, found]
        self.done += 1

    def reply(self, *, modified: bool = False) -> Reply:
        found: Reply = {"n": self.n}
        if modified:
            found["nModified"] = self.modified
        if self.upserted:
            found["upserted"] = self.upserted
        if self.errors:
            found["writeErrors"] = self.errors
        return found

    def as_document(self) -> Reply:
        return {
            "done": self.done,
            "n": self.n,
            "modified": self.modified,
            "upserted": self.upserted,
            "errors": self.errors,
        }

    @classmethod
    def from_document(cls, found: Mapping[str, Any]) -> Self:
        """Raises CommandError for what another command has left."""
        if found.keys() != cls().as_document().keys():
            raise another_command()
        return cls(**found)


def another_command() -> CommandError:
    return CommandError("Location40606", "the number of a retryable write was used before, by another command")


def stops_at_errors(call: Call) -> bool:
    """An error ends its transaction, whatever the command says."""
    return call.transaction is not None or call.boolean("ordered", True)
