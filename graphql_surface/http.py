"""GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/): one path for requests, streams and people.

A browser cannot be made to send a request that matters here without asking first: bodies are JSON only, so that
another site's page needs a CORS preflight, which nobody passes unless ``cors_origins`` names the site; GET executes
queries and subscriptions, never mutations.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import strawberry
from graphql import OperationType
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from core.access import Principal
from core.authentication import credentials, until_refused
from core.errors import CoreError, InputError, LimitExceeded
from core.renderers import Services
from graphql_surface.disconnects import while_connected
from graphql_surface.execution import Execution, Prepared, Refused, Request, Response
from graphql_surface.masking import format_exception
from graphql_surface.media_types import EVENT_STREAM, GRAPHQL_RESPONSE, HTML, JSON, media_type, negotiate
from graphql_surface.payloads import decode, encode, to_request
from graphql_surface.playground import playground_page, playground_route
from graphql_surface.sse import EventStream
from graphql_surface.websocket import Connection

_OFFERS: Mapping[str, Sequence[str]] = {
    "POST": (JSON, GRAPHQL_RESPONSE, EVENT_STREAM),
    "GET": (JSON, GRAPHQL_RESPONSE, EVENT_STREAM, HTML),
}
_STATUS_OF_CODE = {"INTERNAL": 500, "TIMEOUT": 504, "UNAVAILABLE": 503}
"""For an answer without data under the new media type; everything else is the client's fault: 400."""


class GraphQLSurface:
    """Serves a schema at ``path``: POST, GET, WebSocket, server-sent events and the playground.

    ``mount(app)`` adds it to a Starlette or FastAPI application; ``routes`` are there for other arrangements.
    """

    def __init__(self, schema: strawberry.Schema, services: Services, path: str = "/graphql") -> None:
        self._services = services
        self._execution = Execution(schema, services)
        endpoint: ASGIApp = _Endpoint(self._execution, services)
        if services.settings.cors_origins:
            endpoint = CORSMiddleware(
                endpoint, services.settings.cors_origins, allow_methods=("GET", "POST"), allow_headers=("*",)
            )
        self.routes: list[BaseRoute] = [
            Route(path, endpoint, include_in_schema=False),
            WebSocketRoute(path, self._connect),
            playground_route(path),
        ]

    def mount(self, app: Starlette) -> None:
        app.router.routes.extend(self.routes)

    async def _connect(self, websocket: WebSocket) -> None:
        await Connection(websocket, self._execution, self._services).serve()


class _Endpoint:
    """The ASGI application of the HTTP side."""

    def __init__(self, execution: Execution, services: Services) -> None:
        self._execution = execution
        self._services = services
        self._settings = services.settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest(scope, receive)
        media = JSON
        try:
            media = _negotiated(request)
            response = playground_page(request) if media == HTML else await self._answer(request, media)
        except ClientDisconnect:
            return
        except Exception as error:  # nothing of an error leaves but what `masking` lets through
            response = _failure(error, JSON if media == EVENT_STREAM else media)
        if response is not None:
            await response(scope, receive, send)

    async def _answer(self, request: HttpRequest, media: str) -> ASGIApp | None:
        """None: the client is gone."""
        if request.method == "POST":
            _check_content(request)
        client = request.client.host if request.client else None
        headers = credentials(request.headers, client=client)
        principal = await self._services.authenticate(headers)
        try:
            prepared = self._execution.prepare(await self._request(request))
        except Refused as refused:
            return _respond({"errors": refused.errors}, media)
        _check_kind(prepared, request, media)
        if media == EVENT_STREAM:
            return self._stream(prepared, principal, headers)
        answer = await while_connected(request.receive, self._execution.run(prepared, principal))
        return None if answer is None else _respond(answer, media)

    def _stream(self, prepared: Prepared, principal: Principal, headers: Mapping[str, str]) -> EventStream:
        settings = self._settings
        authenticate, seconds = self._services.authenticate, settings.reauthenticate_seconds
        refused = partial(until_refused, authenticate, headers, principal, seconds=seconds)
        return EventStream(self._execution.stream(prepared, principal), refused, settings.send_timeout)

    async def _request(self, request: HttpRequest) -> Request:
        most = self._settings.graphql_max_values
        if request.method == "POST":
            return to_request(decode(await _body(request, self._settings.max_body_bytes), most))
        given: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = decode(given[name], most)
        return to_request(given)


def _negotiated(request: HttpRequest) -> str:
    offers = _OFFERS.get(request.method)
    if offers is None:
        raise HTTPException(405, "GraphQL is served by POST and GET.", {"allow": "GET, POST"})
    media = negotiate(request.headers.get("accept"), offers)
    if media is None:
        raise HTTPException(406, f"The answer can be {', '.join(offers)}; the Accept header takes none of them.")
    return media


def _check_content(request: HttpRequest) -> None:
    type_, charset = media_type(request.headers.get("content-type"))
    if type_ != JSON or charset not in ("utf-8", "utf8"):
        raise HTTPException(415, f"The body must be {JSON}, in UTF-8, and Content-Type must say so.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415, "The body must not be compressed.")


def _check_kind(prepared: Prepared, request: HttpRequest, media: str) -> None:
    if request.method == "GET" and prepared.kind is OperationType.MUTATION:
        raise HTTPException(405, "GET cannot change anything: send mutations by POST.", {"allow": "POST"})
    if prepared.kind is OperationType.SUBSCRIPTION and media != EVENT_STREAM:
        raise InputError(f"Subscriptions are served as {EVENT_STREAM} (say so in Accept) or over a WebSocket.")


async def _body(request: HttpRequest, most: int) -> bytes:
    too_large = LimitExceeded(f"The body is larger than {most} bytes (max_body_bytes).")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise too_large
    return bytes(body)


def _respond(answer: Response, media: str) -> HttpResponse:
    """Under ``application/json`` every well-formed request is answered with 200."""
    status = 200
    if media != JSON and "data" not in answer:
        status = _STATUS_OF_CODE.get(answer["errors"][0]["extensions"]["code"], 400)
    if media == EVENT_STREAM:
        media = JSON
    return _json(answer, status, media)


def _failure(error: Exception, media: str) -> HttpResponse:
    """Requests that never became GraphQL."""
    if isinstance(error, HTTPException):
        code = InputError.code if error.status_code != 413 else LimitExceeded.code
        shown = {"message": error.detail, "extensions": {"code": code}}
        return _json({"errors": [shown]}, error.status_code, media, error.headers)
    shown = format_exception(error)
    status = error.status if isinstance(error, CoreError) else _STATUS_OF_CODE[shown["extensions"]["code"]]
    if isinstance(error, InputError):
        status = 400
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return _json({"errors": [shown]}, status, media, headers)


def _json(answer: Response, status: int, media: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    fixed = {"content-type": f"{media}; charset=utf-8", "cache-control": "no-store", "vary": "Accept"}
    return HttpResponse(encode(answer), status, {**fixed, **(headers or {})})
