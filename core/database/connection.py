"""The database of this process: one client an event loop, documents bound once, embedded server without a URI.

PyMongo's async client belongs to the loop it was made on, while a Beanie class belongs to the process. So every
registered document asks ``collection_of`` for its collection, which answers with the running loop's client.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary, WeakValueDictionary

from beanie import Document, init_beanie
from beanie.odm.fields import ExpressionField
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, ConnectionFailure, InvalidURI, OperationFailure

from core.database.codec import TYPES
from core.database.embedded.process import ensure_server
from core.database.motor import adopt, is_motor
from core.database.revival import Revival
from core.errors import Unavailable
from core.registries import ModelRegistry
from core.runs.touched import TouchedDocuments
from core.settings import Settings, default_settings

log = logging.getLogger("core.database")

Client = AsyncMongoClient[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]
Result = TypeVar("Result")

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Client] = WeakKeyDictionary()
_attempts: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Future[None]] = WeakKeyDictionary()
"""Connections being made: documents are not bound before they are done."""
_ours: WeakValueDictionary[int, Client] = WeakValueDictionary()
"""Every client that was some loop's, by its identity, closed or not."""
_binding = threading.Lock()
_bound: dict[type[Document], str] = {}
"""Documents that Beanie has initialised through us, and the name of their database."""


_REFUSED = (13, 18)
"""Unauthorized, AuthenticationFailed."""
_CLIENT_OPTIONS: Mapping[str, Any] = {
    "tz_aware": True,
    "uuidRepresentation": "standard",
    "type_registry": TYPES,
    "appname": "core",
}


async def init_database(
    settings: Settings | None = None,
    *,
    client: object = None,
    documents: Iterable[type[Document]] | None = None,
) -> Database:
    """Connect this event loop and bind the registered documents (or ``documents``) to the database of the settings.

    Calling it again is cheap. ``client``, an ``AsyncMongoClient`` of the running loop, is used instead of a new one; of
    a Motor client the options are (see ``core.database.motor``).

    Raises:
        Unavailable: no server answers, or it refuses the credentials; the message names the server and the remedy.
    """
    settings = settings or default_settings()
    if documents is None:
        documents = [info.document_cls for info in ModelRegistry.list_all()]
    loop = asyncio.get_running_loop()
    while loop in _attempts:
        await asyncio.wait([_attempts[loop]])
    attempt = _attempts[loop] = loop.create_future()
    attempt.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        database = await _connect(client, settings, list(documents))
        attempt.set_result(None)
        return database
    except Unavailable as error:
        attempt.set_exception(error)
        raise
    finally:
        del _attempts[loop]
        attempt.cancel()


async def _connect(given: object, settings: Settings, documents: list[type[Document]]) -> Database:
    loop = asyncio.get_running_loop()
    known = _clients.get(loop)
    client = await _client(given, settings)
    database: Database = client[settings.mongodb_database]
    try:
        await reached(client.admin.command("ping"), settings)
        _clients[loop] = client
        _ours[id(client)] = client
        await _bind(database, documents, settings)
    except BaseException:
        if known is None:
            _clients.pop(loop, None)
            if client is not given:
                await client.close()
        raise
    return database


async def _bind(database: Database, documents: list[type[Document]], settings: Settings) -> None:
    """Initialise what is not bound to this database yet. Classes belong to the process: one loop binds at a time."""
    # Asked again and again: a thread that waits for the lock would still take it after this task was cancelled.
    while not _binding.acquire(blocking=False):  # noqa: ASYNC110  (an asyncio.Event belongs to one loop)
        await asyncio.sleep(0.01)
    try:
        missing = [document for document in documents if _bound.get(document) != database.name]
        if missing:
            await reached(init_beanie(database=database, document_models=missing), settings)  # pyright: ignore[reportArgumentType]
        _bound.update(dict.fromkeys(missing, database.name))
        _tidy_bases(missing)
    finally:
        _binding.release()


def _tidy_bases(documents: list[type[Document]]) -> None:
    """Beanie leaves query expressions as attributes of the bases of what it binds too, and pydantic would take them for
    the defaults of a subclass declared later."""
    for base in {base for document in documents for base in document.__mro__[1:] if base not in _bound}:
        for name, found in list(vars(base).items()):
            if isinstance(found, ExpressionField):
                delattr(base, name)


async def _client(given: object, settings: Settings) -> Client:
    known = _clients.get(asyncio.get_running_loop())
    if given is None:
        return known or await asyncio.to_thread(_open, settings)
    if is_motor(given):
        return known or adopt(given, [TouchedDocuments()])
    return _with_listener(given)


def unavailable(error: BaseException, settings: Settings | None = None) -> Unavailable | None:
    """The ``Unavailable`` that a driver's error means, or None for an error that is about the request."""
    server = database_of(settings or default_settings())
    if isinstance(error, ConnectionFailure):
        return Unavailable(f"no answer from {server}; is it running and MONGODB_URI right?")
    if isinstance(error, OperationFailure) and error.code in _REFUSED:
        return Unavailable(f"{server} refuses the user or password in MONGODB_URI")
    return None


async def reached(answer: Awaitable[Result], settings: Settings) -> Result:
    """What is awaited; raises ``Unavailable`` where the server cannot be reached."""
    try:
        return await answer
    except (ConnectionFailure, OperationFailure) as error:
        found = unavailable(error, settings)
        if found is None:
            raise
        raise found from error


async def wait_for_database(
    settings: Settings,
    *,
    client: object = None,
    documents: Iterable[type[Document]] | None = None,
    delay: float = 1.0,
    longest: float = 15.0,
) -> Database:
    """``init_database``, retried with a growing delay (seconds) and a message each time, until it works."""
    while True:
        try:
            return await init_database(settings, client=client, documents=documents)
        except Unavailable as error:
            log.warning("%s: %s Trying again in %.0f s.", server_of(settings), error, delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, longest)


async def ensure_database() -> None:
    """Connect by the settings where the running loop has no client yet: an operation called from a plain script."""
    loop = asyncio.get_running_loop()
    attempt = _attempts.get(loop)
    if attempt is not None:
        await asyncio.wait([attempt])
        if not attempt.cancelled():  # its caller has not given up: as that attempt ended, so does this one
            attempt.result()
            return
    if loop not in _clients:
        await init_database()


def is_connected() -> bool:
    return asyncio.get_running_loop() in _clients


async def close_database() -> None:
    """Close the running loop's client. Documents stay bound: the next ``init_database`` makes a client for them."""
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.close()


def client_of_loop() -> Client:
    """The running loop's client.

    Raises:
        Unavailable: ``init_database`` has not been awaited on this loop.
    """
    client = _clients.get(asyncio.get_running_loop())
    if client is None:
        raise Unavailable("this event loop has no database; await core.database.connection.init_database() first")
    return client


def forget(documents: Iterable[type[Document]]) -> None:
    """Bind these documents anew at the next ``init_database``."""
    for document in documents:
        _bound.pop(document, None)


def collection_of(bound: AsyncCollection[Any]) -> AsyncCollection[Any]:
    """The same collection through the running loop's client; a collection of a foreign client as it is."""
    try:
        client = _clients.get(asyncio.get_running_loop())
    except RuntimeError:
        return bound
    if client is None or bound.database.client is client or not _is_ours(bound.database.client):
        return bound
    return client[bound.database.name][bound.name]


def database_of(settings: Settings) -> str:
    """What to call the database in an answer: its place is for the owner, whom everybody is without authentication."""
    return "the database" if settings.has_authentication else server_of(settings)


def server_of(settings: Settings) -> str:
    """Which server the settings mean, without its password: for those who run it."""
    if settings.mongodb_uri is None:
        return f"the embedded database in {settings.data_dir.resolve()}"
    uri = settings.mongodb_uri.get_secret_value()
    scheme, _, rest = uri.partition("://")
    return f"MongoDB at {scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _open(settings: Settings) -> Client:
    uri, listeners = _server(settings)
    try:
        return AsyncMongoClient(
            uri,
            serverSelectionTimeoutMS=int(settings.database_timeout * 1000),
            event_listeners=[TouchedDocuments(), *listeners],
            **_CLIENT_OPTIONS,
        )
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise Unavailable(f"MONGODB_URI cannot be used: {error}") from error


def _server(settings: Settings) -> tuple[str, list[Revival]]:
    """The URI, and what watches over an embedded server."""
    if settings.mongodb_uri is not None:
        return settings.mongodb_uri.get_secret_value(), []
    try:
        return ensure_server(settings.data_dir), [Revival(settings.data_dir)]
    except (OSError, ValueError) as error:
        raise Unavailable(f"the embedded database cannot be started: {error}") from error


def _with_listener(client: object) -> Client:
    if not isinstance(client, AsyncMongoClient):
        raise Unavailable(f"a client must be an AsyncMongoClient or a Motor client, not {type(client).__name__}")
    client = cast(Client, client)
    listeners = client.options.event_listeners
    if not any(isinstance(found, TouchedDocuments) for found in listeners):
        raise Unavailable(
            "this client reports no commands, so runs could not name what they touch; make it with "
            "event_listeners=[core.runs.touched.TouchedDocuments()]"
        )
    return client


def _is_ours(client: object) -> bool:
    return _ours.get(id(client)) is client


__all__ = [
    "client_of_loop",
    "close_database",
    "collection_of",
    "ensure_database",
    "forget",
    "init_database",
    "is_connected",
    "reached",
    "server_of",
    "unavailable",
    "wait_for_database",
]
