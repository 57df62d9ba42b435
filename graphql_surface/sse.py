"""Answers as server-sent events: graphql-sse's distinct connections mode, one stream an operation.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any, NoReturn

from starlette.types import Receive, Scope, Send

from core.errors import CoreError
from graphql_surface.disconnects import cancelled, while_connected
from graphql_surface.execution import Response
from graphql_surface.masking import format_exception
from graphql_surface.media_types import EVENT_STREAM
from graphql_surface.payloads import encode

_KEEP_ALIVE = 12.0
"""Seconds of silence after which a comment tells proxies that the stream lives."""

_HEADERS = (
    (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class EventStream:
    """An ASGI response. ``refused`` raises once the client's credentials no longer stand, which ends the stream.

    A client that does not read for ``send_timeout`` seconds is dropped.
    """

    def __init__(
        self,
        answers: AsyncGenerator[Response, None],
        refused: Callable[[], Coroutine[Any, Any, NoReturn]],
        send_timeout: float,
    ) -> None:
        self._answers = answers
        self._refused = refused
        self._send_timeout = send_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(OSError):  # some servers say so when a client is gone
            await while_connected(receive, self._stream(send))

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        async with aclosing(self._chunks()) as chunks:
            async for chunk in chunks:
                try:
                    async with asyncio.timeout(self._send_timeout):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                except TimeoutError:
                    return
        await send({"type": "http.response.body", "body": b"event: complete\ndata:\n\n"})

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        refused = asyncio.ensure_future(self._refused())
        async with aclosing(self._answers) as answers:
            following = asyncio.ensure_future(anext(answers, None))
            try:
                while True:
                    await asyncio.wait({following, refused}, timeout=_KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
                    if refused.done():
                        yield _event({"errors": [_reason(refused)]})
                        return
                    if not following.done():
                        yield b":\n\n"
                        continue
                    if (answer := following.result()) is None:
                        return
                    yield _event(answer)
                    following = asyncio.ensure_future(anext(answers, None))
            finally:
                await cancelled(following, refused)


def _event(answer: Response) -> bytes:
    return b"event: next\ndata: " + encode(answer) + b"\n\n"


def _reason(refused: "asyncio.Future[NoReturn]") -> dict[str, object]:
    error = refused.exception()
    return format_exception(error if isinstance(error, Exception) else CoreError("The stream ended."))
