"""What a request says: who makes it, its JSON body, the revision it wants to change."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn
from uuid import UUID

from fastapi import Request

from core.access import Principal
from core.authentication import credentials
from core.errors import FieldError, InputError, LimitExceeded
from core.renderers import Services
from rest_surface.problems import MalformedBody, PreconditionFailed, UnsupportedMediaType

IF_MATCH: Mapping[str, Any] = {
    "name": "If-Match", "in": "header", "schema": {"type": "string"},
    "description": "ETag of the document as it was read",
}  # fmt: skip


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
        UnsupportedMediaType: it is not sent as JSON (which also keeps plain HTML forms of other sites out).
        MalformedBody: it is no JSON object.
        LimitExceeded: it is larger than the settings allow.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType("send the body as JSON, with the header `Content-Type: application/json`")
    try:
        found = parse_json(await _limited(request, services.settings.max_body_bytes))
    except ValueError as error:
        raise MalformedBody(f"the body is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise MalformedBody("the body must be a JSON object")
    return found


def parse_json(text: str | bytes) -> Any:
    """What JSON says, as https://www.rfc-editor.org/rfc/rfc8259 has it: Python would take NaN and Infinity too.

    Raises:
        ValueError: it is none, or nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise ValueError("it is not in UTF-8") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


async def _limited(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise LimitExceeded(f"the body is larger than {most} bytes")
    return bytes(body)


def if_match(request: Request, *, has_revision: bool) -> str | None:
    """The revision that If-Match names: https://www.rfc-editor.org/rfc/rfc9110#name-if-match

    A proxy that compresses answers makes strong ETags weak ones, so a weak one is taken as well.
    """
    tag = request.headers.get("if-match", "*").strip()
    if tag == "*":
        return None
    if not has_revision:
        finding = FieldError(path=("If-Match",), code="no_revision", message="documents of this model have no ETag")
        raise InputError("If-Match cannot be checked", field_errors=[finding])
    try:
        return str(UUID(tag.removeprefix("W/").strip('"')))
    except ValueError:
        raise PreconditionFailed("If-Match names no revision of this document; read it again") from None
