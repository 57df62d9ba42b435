"""What a request says: who makes it, its JSON body, its list parameters."""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from core.access import Principal
from core.actions import Query, Sort
from core.authentication import credentials
from core.errors import CoreError, FieldError, InputError, LimitExceeded
from core.renderers import Services
from rest_surface.problems import masked, problem

LIST_PARAMETERS: tuple[Mapping[str, Any], ...] = tuple(
    {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": kind}}
    for name, kind, text in (
        ("filter", "string", 'Conditions as JSON: {"company": {"eq": "Acme"}}'),
        ("search", "string", "Words to look for"),
        ("sort", "string", "Fields separated by commas; a minus sorts downwards: -created_at,title"),
        ("limit", "integer", "How many at most"),
        ("offset", "integer", "How many to skip"),
        ("after", "string", "`next` of the page before, for deep pages"),
        ("fields", "string", "Fields to send, separated by commas"),
        ("total", "boolean", "Count all that match"),
    )
)


class Route(APIRoute):
    """A route whose errors are problem documents, whatever they are: nothing of an exception leaves the process."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except CoreError as error:
                return problem(error)
            except Exception as error:
                return masked(error)

        return handle


async def principal_of(request: Request, services: Services) -> Principal:
    """Whoever makes the request.

    Raises:
        Unauthenticated: nobody this server knows.
    """
    client = request.client.host if request.client else None
    return await services.authenticate(credentials(request.headers, client=client))


async def json_object(request: Request, services: Services) -> dict[str, Any]:
    """The request's body.

    Raises:
        InputError: it is no JSON object, or not sent as JSON (which also keeps plain HTML forms of other sites out).
        LimitExceeded: it is larger than the settings allow.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise InputError("send the body with the header `Content-Type: application/json`")
    body = await _limited(request, services.settings.max_body_bytes)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError("the body is no JSON") from error
    if not isinstance(found, dict):
        raise InputError("the body must be a JSON object")
    return found


async def _limited(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise LimitExceeded(f"the body is larger than {most} bytes")
    return bytes(body)


def list_query(parameters: Mapping[str, str]) -> Query:
    """The query of a list request, as ``core.actions`` takes it.

    Raises:
        InputError: a parameter cannot be read; its name is the path.
    """
    return Query(
        filter=_json(parameters, "filter"),
        search=parameters.get("search"),
        sorting=tuple(_sort(name) for name in _names(parameters, "sort")),
        limit=_number(parameters, "limit"),
        offset=_number(parameters, "offset"),
        after=parameters.get("after"),
    )


def field_names(parameters: Mapping[str, str]) -> list[str] | None:
    return _names(parameters, "fields") or None


def flag(parameters: Mapping[str, str], name: str) -> bool:
    return parameters.get(name, "").lower() in ("1", "true", "yes")


def _sort(name: str) -> Sort:
    return Sort(field=name.lstrip("+-"), descending=name.startswith("-"))


def _names(parameters: Mapping[str, str], name: str) -> list[str]:
    return [one.strip() for one in parameters.get(name, "").split(",") if one.strip()]


def _json(parameters: Mapping[str, str], name: str) -> Any:
    if not parameters.get(name):
        return None
    try:
        found = json.loads(parameters[name])
    except (ValueError, RecursionError) as error:
        raise _unreadable(name, "json_invalid", "must be JSON") from error
    if not isinstance(found, dict):
        raise _unreadable(name, "dict_type", "must be a JSON object")
    return found


def _number(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise _unreadable(name, "int_parsing", "must be a whole number") from error


def _unreadable(name: str, code: str, message: str) -> InputError:
    finding = FieldError(path=(name,), code=code, message=message)
    return InputError(f"the parameter {name} cannot be read", field_errors=[finding])
