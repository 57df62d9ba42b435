"""GraphQL over WebSocket, by the graphql-transport-ws protocol and no other.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md has the messages and most of the close codes.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import aclosing, suppress
from enum import IntEnum
from typing import Any, cast
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from core.access import Principal
from core.authentication import credentials, until_refused
from core.errors import CoreError, InputError, LimitExceeded, Unavailable
from core.renderers import Services
from graphql_surface.disconnects import cancelled
from graphql_surface.execution import Execution, Prepared, Refused, Response
from graphql_surface.masking import format_exception
from graphql_surface.payloads import decode, encode, to_request

PROTOCOL = "graphql-transport-ws"


class CloseCode(IntEnum):
    """Why the server closes a connection."""

    TOO_LARGE = 1009
    TRY_AGAIN_LATER = 1013
    """The client did not read for ``send_timeout`` seconds, or nobody can say who it is while the database is down."""
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    """An operation before the connection was acknowledged."""
    FORBIDDEN = 4403
    """Credentials that are not accepted, or no longer: a connection ends with them."""
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITIALISATIONS = 4429
    INTERNAL = 4500


class Close(Exception):
    """Ends the connection."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:123].decode(errors="ignore")  # what a close frame holds


class Connection:
    """One client. Whatever ends it, its operations are cancelled first; mutations that began are finished."""

    def __init__(self, websocket: WebSocket, execution: Execution, services: Services) -> None:
        self._socket = websocket
        self._execution = execution
        self._services = services
        self._settings = services.settings
        self._closing: asyncio.Future[Close] = asyncio.get_running_loop().create_future()
        self._initialised = False
        self._principal: Principal | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._handlers = {
            "connection_init": self._on_init,
            "ping": self._on_ping,
            "pong": self._on_pong,
            "subscribe": self._on_subscribe,
            "complete": self._on_complete,
        }

    async def serve(self) -> None:
        if not self._is_own_page():
            await self._socket.close()
            return
        if PROTOCOL not in self._socket.scope["subprotocols"]:
            await self._socket.accept()
            await self._socket.close(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, f"Only {PROTOCOL} is spoken here")
            return
        await self._socket.accept(PROTOCOL)
        timeout = Close(CloseCode.INITIALISATION_TIMEOUT, "Connection initialisation timeout")
        late = asyncio.get_running_loop().call_later(self._settings.graphql_init_timeout, self._close_late, timeout)
        reading = asyncio.ensure_future(self._read())
        try:
            await asyncio.wait({reading, self._closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            late.cancel()
            await cancelled(reading, *self._tasks)
        if self._closing.done():
            await self._say_goodbye(self._closing.result())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _close(self, why: Close) -> None:
        if not self._closing.done():
            self._closing.set_result(why)

    def _close_late(self, why: Close) -> None:
        if not self._initialised:
            self._close(why)

    async def _say_goodbye(self, why: Close) -> None:
        """A client that reads again in time learns why; for any other the connection just ends."""
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(self._settings.send_timeout):
                await self._socket.close(why.code, why.reason)

    def _is_own_page(self) -> bool:
        """No CORS check stops another site's page from connecting; its Origin does."""
        origin = self._socket.headers.get("origin")
        if origin is None or origin in self._settings.cors_origins or "*" in self._settings.cors_origins:
            return True
        own = (_host(f"//{self._socket.headers.get('host', '')}"), *self._settings.allowed_hosts)
        return _host(origin) in own

    async def _read(self) -> None:
        try:
            while (event := await self._socket.receive())["type"] == "websocket.receive":
                message = self._message(event.get("text"))
                await self._handlers[message["type"]](message)
        except Close as why:
            self._close(why)
        except WebSocketDisconnect:
            pass
        except Exception as error:  # a fault of ours must not leave the client waiting
            self._close(Close(CloseCode.INTERNAL, format_exception(error)["message"]))

    def _message(self, text: str | None) -> dict[str, Any]:
        if text is None:
            raise Close(CloseCode.BAD_REQUEST, "Messages are text")
        if len(text) > self._settings.max_body_bytes:
            raise Close(CloseCode.TOO_LARGE, f"A message holds at most {self._settings.max_body_bytes} characters")
        try:
            message = decode(text, self._settings.graphql_max_values)
        except CoreError as error:
            raise Close(CloseCode.BAD_REQUEST, error.message) from None
        if not isinstance(message, dict):
            raise Close(CloseCode.BAD_REQUEST, "A message is a JSON object")
        found = cast(dict[str, Any], message)
        if not isinstance(found.get("type"), str) or found["type"] not in self._handlers:
            raise Close(CloseCode.BAD_REQUEST, f"A message's type is one of {', '.join(self._handlers)}")
        return found

    async def _on_init(self, message: Mapping[str, Any]) -> None:
        payload = _payload(message)
        if self._initialised:
            raise Close(CloseCode.TOO_MANY_INITIALISATIONS, "Too many initialisation requests")
        self._initialised = True
        client = self._socket.client.host if self._socket.client else None
        headers = credentials(self._socket.headers, payload=payload, client=client)
        try:
            self._principal = await self._services.authenticate(headers)
        except Unavailable as error:
            raise Close(CloseCode.TRY_AGAIN_LATER, error.message) from None
        except CoreError as error:
            raise Close(CloseCode.FORBIDDEN, error.message) from None
        self._spawn(self._until_refused(headers, self._principal))
        await self._send({"type": "connection_ack"})

    async def _until_refused(self, headers: Mapping[str, str], principal: Principal) -> None:
        seconds = self._settings.reauthenticate_seconds
        try:
            await until_refused(self._services.authenticate, headers, principal, seconds=seconds)
        except CoreError as error:
            self._close(Close(CloseCode.FORBIDDEN, error.message))

    async def _on_ping(self, message: Mapping[str, Any]) -> None:
        payload = _payload(message)
        await self._send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})

    async def _on_pong(self, message: Mapping[str, Any]) -> None:
        _payload(message)

    async def _on_subscribe(self, message: Mapping[str, Any]) -> None:
        if self._principal is None:
            raise Close(CloseCode.UNAUTHORIZED, "Unauthorized")
        id = _id(message)
        try:
            request = to_request(message.get("payload"))
        except InputError as error:
            raise Close(CloseCode.BAD_REQUEST, error.message) from None
        if id in self._operations:
            raise Close(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {id} already exists")
        most = self._settings.graphql_max_subscriptions
        if len(self._operations) >= most:
            busy = LimitExceeded(f"The connection has {most} operations already (graphql_max_subscriptions).")
            await self._send_errors(id, [format_exception(busy)])
            return
        try:
            prepared = self._execution.prepare(request)
        except Refused as refused:
            await self._send_errors(id, refused.errors)
            return
        self._operations[id] = self._spawn(self._operate(id, prepared, self._principal))

    async def _on_complete(self, message: Mapping[str, Any]) -> None:
        operation = self._operations.pop(_id(message), None)
        if operation is not None:
            operation.cancel()

    async def _operate(self, id: str, prepared: Prepared, principal: Principal) -> None:
        try:
            async with aclosing(self._execution.stream(prepared, principal)) as answers:
                async for answer in answers:
                    if "data" not in answer:
                        self._operations.pop(id, None)
                        await self._send_errors(id, answer["errors"])
                        return
                    await self._send({"id": id, "type": "next", "payload": answer})
            self._operations.pop(id, None)
            await self._send({"id": id, "type": "complete"})
        except Close as why:
            self._close(why)
        except WebSocketDisconnect:
            pass  # `_read` hears of it too

    async def _send_errors(self, id: str, errors: list[dict[str, Any]]) -> None:
        await self._send({"id": id, "type": "error", "payload": errors})

    async def _send(self, message: Response) -> None:
        """Wait until the client takes it; the server's buffer is small, so that a slow one is noticed."""
        try:
            async with asyncio.timeout(self._settings.send_timeout):
                await self._socket.send_text(encode(message).decode())
        except TimeoutError:
            raise Close(CloseCode.TRY_AGAIN_LATER, "The client does not read what it asked for") from None


def _payload(message: Mapping[str, Any]) -> dict[str, Any] | None:
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise Close(CloseCode.BAD_REQUEST, "payload must be an object")
    return cast("dict[str, Any] | None", payload)


def _id(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not id:
        raise Close(CloseCode.BAD_REQUEST, "id must be a string that is not empty")
    return id


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
