"""One command as it arrived, and typed access to its options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .catalog import check_namespace
from .options import clamped
from .pace import Pace
from .semantics.collation import Collation
from .semantics.errors import CommandError, mismatch, unparsable
from .semantics.evaluation import truthy
from .semantics.values import is_number, type_name
from .sessions import Session
from .transactions import Transaction

Value = TypeVar("Value")


@dataclass(kw_only=True)
class Call:
    """``bodies`` are the documents the client sent beside the command, as it encoded them."""

    name: str
    command: Mapping[str, Any]
    bodies: Mapping[str, Sequence[bytes]] = field(default_factory=dict[str, Sequence[bytes]])
    connection: int
    pace: Pace
    address: str
    peer: object = None
    """The client: the process behind a unix socket, the host behind a TCP one."""
    session: Session | None = None
    transaction: Transaction | None = None
    error_labels: list[str] = field(default_factory=list[str])

    @property
    def db(self) -> str:
        return self.text("$db")

    @property
    def target(self) -> Any:
        """The value of the command's own field: most often a collection."""
        return next(iter(self.command.values()))

    @property
    def collection(self) -> str:
        if type(self.target) is not str:
            raise CommandError("InvalidNamespace", f"collection name has invalid type {type_name(self.target)}")
        check_namespace(self.db, self.target)
        return self.target

    def text(self, name: str) -> str:
        found = self.command.get(name)
        if type(found) is not str:
            raise mismatch(f"BSON field '{self.name}.{name}' is missing or no string")
        return found

    def mapping(self, name: str) -> Mapping[str, Any] | None:
        return mapping(self.command, name, self.name)

    def flag(self, name: str, default: bool = False) -> bool:
        return flag(self.command, name, default)

    def boolean(self, name: str, default: bool = False) -> bool:
        return boolean(self.command, name, default)

    def number(self, name: str, default: int = 0) -> int:
        """A whole number of any numeric type; the table of commands has checked its type."""
        found = self.command.get(name)
        return default if found is None else clamped(found)

    @property
    def collation(self) -> Collation | None:
        return Collation.from_spec(dict(self.mapping("collation") or {}))

    @property
    def sort(self) -> Mapping[str, Any]:
        return self.mapping("sort") or {}

    @property
    def hint(self) -> Any:
        return hint(self.command)


def mapping(options: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any] | None:
    found = options.get(name)
    if found is not None and type(found) is not dict:
        raise mismatch(f"BSON field '{where}.{name}' is the wrong type '{type_name(found)}', expected type 'object'")
    return found


def flag(options: Mapping[str, Any], name: str, default: bool = False) -> bool:
    """A boolean, or a number in its place."""
    found = options.get(name)
    if found is None:
        return default
    if type(found) is not bool and not is_number(found):
        raise mismatch(f"Field '{name}' should be a boolean value, but found: {type_name(found)}")
    return truthy(found)


def boolean(options: Mapping[str, Any], name: str, default: bool = False) -> bool:
    """A boolean, for the options that MongoDB lets be nothing else."""
    found = options.get(name)
    if found is not None and type(found) is not bool:
        raise mismatch(f"BSON field '{name}' is the wrong type '{type_name(found)}', expected type 'bool'")
    return default if found is None else found


def hint(options: Mapping[str, Any]) -> Any:
    """The name or the key of an index; an empty object is no hint."""
    found = options.get("hint", {})
    if type(found) not in (str, dict):
        raise unparsable("Hint must be a string or an object")
    return None if found == {} else found
