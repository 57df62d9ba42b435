"""Routes whose errors are problem documents. An application they are added to keeps its own error handling."""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from core.errors import CoreError, NotFound
from core.renderers import Services
from rest_surface.components import component
from rest_surface.problems import MEDIA_TYPE, PROBLEM_SCHEMA, MethodNotAllowed, masked, problem
from rest_surface.requests import principal_of


class _Key(Convertor[str]):
    """A document's id in a path: text with slashes too (sent as %2F), but not nothing."""

    regex = ".+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("key", _Key())


class Route(APIRoute):
    """A route that answers every error itself: nothing of an exception leaves the process."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except CoreError as error:
                return problem(error)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is there to read it
            except Exception as error:
                return masked(error)

        return handle

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        routes = (one for one in scope["app"].routes if isinstance(one, Route) and one.path == self.path)
        allowed = {method for route in routes for method in route.methods or ()}
        refused = MethodNotAllowed(f"{self.path_format} is not served by {scope['method']}")
        await problem(refused, allow=allowed)(scope, receive, send)


def add_route(
    app: FastAPI,
    method: str,
    path: str,
    endpoint: Callable[..., Any],
    *,
    tag: str,
    summary: str,
    operation_id: str,
    description: str = "",
    status: int = 200,
    openapi: Mapping[str, Any] | None = None,
) -> None:
    """Add one route. ``openapi`` is merged into its description: parameters, requestBody, responses."""
    schema = component(app, "Problem", PROBLEM_SCHEMA)
    refused = {"description": "What is wrong", "content": {MEDIA_TYPE: {"schema": schema}}}
    app.router.add_api_route(
        path, endpoint, methods=[method], route_class_override=Route, response_model=None, status_code=status,
        tags=[tag], summary=summary, description=description, operation_id=operation_id,
        responses={"default": refused}, openapi_extra=dict(openapi or {}),
    )  # fmt: skip


class UnknownName(BaseRoute):
    """Answers for paths of models and operations that are not declared: nothing else may want them first."""

    _PATH = re.compile(r"/(model|operation)s/([^/]+)/")

    def __init__(self, services: Services) -> None:
        self._services = services

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope["path"].removeprefix(scope.get("root_path", "")) if scope["type"] == "http" else ""
        found = self._PATH.match(path)
        # Partial: any route that takes the path and the method goes before this one, wherever it stands.
        return (Match.PARTIAL, {"core_unknown": found.groups()}) if found else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind, name = scope["core_unknown"]
        try:
            await principal_of(Request(scope), self._services)
            answer = problem(NotFound(f"there is no {kind} {name!r}"))
        except CoreError as error:
            answer = problem(error)
        except Exception as error:
            answer = masked(error)
        await answer(scope, receive, send)
