"""What the driver raises, as errors of ours; and what the server can do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from bson.errors import InvalidDocument as Unstorable
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import (
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WriteError,
    WTimeoutError,
)  # fmt: skip

from core.database.codec import CODEC
from core.database.connection import Client, client_of_loop, database_of, ensure_database
from core.errors import (
    Conflict,
    CoreError,
    Duplicate,
    FieldError,
    InputError,
    LimitExceeded,
    OperationTimeout,
    Unavailable,
)
from core.settings import Settings
from core.specs import ModelSpec

_TOO_LARGE = frozenset({10334, 17280, 17419, 17420})
_WRITE_CONFLICT = 112

_transactions: WeakKeyDictionary[Client, bool] = WeakKeyDictionary()


@contextmanager
def driver_errors(settings: Settings, model: ModelSpec) -> Iterator[None]:
    """Raise errors of ours for those of PyMongo inside the block.

    Raises:
        Unavailable: the database does not answer.
        OperationTimeout: it took too long.
        Duplicate: a unique index refused the write; names the fields.
        Conflict: another write came between.
        LimitExceeded: a document is larger than the database takes.
    """
    try:
        yield
    except (PyMongoError, Unstorable, OverflowError) as error:
        raise translated(error, settings, model) from error


def translated(error: Exception, settings: Settings, model: ModelSpec) -> CoreError:
    """The error of ours for one of the driver's; ``Unavailable`` for what nobody foresaw."""
    code = getattr(error, "code", None)
    if isinstance(error, DuplicateKeyError) or code == 11000:
        return duplicate(model, getattr(error, "details", None) or {})
    if isinstance(error, (ExecutionTimeout, NetworkTimeout, WTimeoutError)):
        return OperationTimeout(
            f"the database took longer than {settings.query_timeout:g} s; narrow the filter, or add an index"
        )
    if isinstance(error, ConnectionFailure):
        return Unavailable(f"no answer from {database_of(settings)}; try again, or see whether it is running")
    if isinstance(error, DocumentTooLarge) or code in _TOO_LARGE:
        return LimitExceeded(f"the document is larger than the database takes (16 MB): {model.name}")
    if code == _WRITE_CONFLICT:
        return Conflict(f"another write to {model.name} came between; try again")
    if isinstance(error, (Unstorable, OverflowError)):
        return InputError(f"{model.name} holds a value that the database cannot store: {error}")
    if isinstance(error, (OperationFailure, WriteError)):
        return Unavailable(
            f"{database_of(settings)} refused: {error.details.get('errmsg') if error.details else error}"
        )
    return Unavailable(f"{database_of(settings)}: {type(error).__name__}")


def duplicate(model: ModelSpec, details: Mapping[str, Any], *prefix: str | int) -> Duplicate:
    """The error for a unique index that was violated, at the fields it covers."""
    wires = {one.storage: one.wire for one in model.object.fields}
    pattern: Mapping[str, Any] = details.get("keyPattern") or {}
    paths = [(wires.get(name.split(".")[0], name), *name.split(".")[1:]) for name in pattern]
    names = ", ".join(".".join(path) for path in paths) or "a unique field"
    message = f"there is a {model.name} with the same {names} already"
    return Duplicate(
        message, field_errors=[FieldError(path=(*prefix, *path), code="not_unique", message=message) for path in paths]
    )


async def collection_for(model: ModelSpec) -> AsyncCollection[dict[str, Any]]:
    """The model's collection through this loop's client; connects by the settings where nobody has yet."""
    await ensure_database()
    document: Any = model.document
    return document.get_pymongo_collection().with_options(codec_options=CODEC)


async def has_transactions() -> bool:
    """Whether the server is a replica set or a cluster: https://www.mongodb.com/docs/manual/reference/command/hello/"""
    client = client_of_loop()
    if client not in _transactions:
        hello = await client.admin.command("hello")
        _transactions[client] = "setName" in hello or hello.get("msg") == "isdbgrid"
    return _transactions[client]
