"""What a request says: who makes it, its JSON body, its list parameters, the revision it wants to change."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn
from uuid import UUID

from fastapi import Request

from core.access import Principal
from core.actions import Query, Sort
from core.authentication import credentials
from core.errors import FieldError, FieldPath, InputError, LimitExceeded
from core.renderers import Services
from rest_surface.problems import MalformedBody, PreconditionFailed, UnsupportedMediaType

_TEXT: Mapping[str, Any] = {"schema": {"type": "string"}}
_NUMBER: Mapping[str, Any] = {"schema": {"type": "integer", "minimum": 0}}
_NAMES: Mapping[str, Any] = {"schema": {"type": "array", "items": {"type": "string"}}, "explode": False}
_OBJECT: Mapping[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}

FIELDS_PARAMETER: Mapping[str, Any] = {
    "name": "fields", "in": "query", "description": "Fields to send, separated by commas", **_NAMES
}  # fmt: skip
LIST_PARAMETERS: tuple[Mapping[str, Any], ...] = (
    *(
        {"name": name, "in": "query", "description": text, **kind}
        for name, text, kind in (
            ("filter", 'Conditions as JSON: {"company": {"eq": "Acme"}}', _OBJECT),
            ("search", "Words to look for", _TEXT),
            ("sort", "Fields separated by commas; a minus sorts downwards: -created_at,title", _NAMES),
            ("limit", "How many at most", _NUMBER),
            ("offset", "How many to skip", _NUMBER),
            ("after", "`next` of the page before, for deep pages", _TEXT),
            ("total", "Count all that match", {"schema": {"type": "boolean"}}),
        )
    ),
    FIELDS_PARAMETER,
)
IF_MATCH: Mapping[str, Any] = {
    "name": "If-Match", "in": "header", "description": "ETag of the document as it was read", **_TEXT
}  # fmt: skip

_FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}


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


def list_query(parameters: Mapping[str, str]) -> Query:
    """The query of a list request, as ``core.actions`` takes it.

    Raises:
        InputError: a parameter is unknown or cannot be read; its name is the path.
    """
    check_known(parameters, [one["name"] for one in LIST_PARAMETERS])
    return Query(
        filter=_conditions(parameters.get("filter")),
        search=parameters.get("search"),
        sorting=tuple(Sort(field=name.lstrip("+-"), descending=name.startswith("-"))
                      for name in _names(parameters, "sort")),
        limit=_number(parameters, "limit"),
        offset=_number(parameters, "offset"),
        after=parameters.get("after"),
    )  # fmt: skip


@contextmanager
def parameter_names() -> Iterator[None]:
    """Errors of a list name the parameters of ``list_query`` instead of the fields of ``Query``."""
    try:
        yield
    except InputError as error:
        found = [replace(one, path=parameter_path(one.path)) for one in error.field_errors]
        told = [f"{'.'.join(map(str, one.path))}: {one.message}" for one in found]
        raise InputError("; ".join(told) or error.message, field_errors=found) from error


def parameter_path(path: FieldPath) -> FieldPath:
    """The place of an error in the parameters of ``list_query``."""
    match path:
        case ("sorting", place, *_):
            return ("sort", place)
        case ("paging", name):
            return (name,)
        case _:
            return path


def check_known(parameters: Mapping[str, str], known: list[str]) -> None:
    """Refuse parameters nobody reads: a mistyped filter must not answer with everything."""
    for name in parameters:
        if name not in known:
            raise _unreadable(name, "unknown_parameter", f"is unknown here; known: {', '.join(sorted(known))}")


def field_names(parameters: Mapping[str, str], known: Mapping[str, Any]) -> list[str] | None:
    """The fields asked for; None asks for all."""
    names = _names(parameters, "fields")
    for name in names:
        if name not in known:
            raise _unreadable("fields", "unknown_field", f"{name!r} is no field here")
    return names or None


def flag(parameters: Mapping[str, str], name: str) -> bool:
    found = _FLAGS.get(parameters.get(name, "").lower())
    if found is None:
        raise _unreadable(name, "bool_parsing", "must be true or false")
    return found


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


def _names(parameters: Mapping[str, str], name: str) -> list[str]:
    return [one.strip() for one in parameters.get(name, "").split(",") if one.strip()]


def _conditions(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        found = parse_json(text)
    except ValueError as error:
        raise _unreadable("filter", "json_invalid", f"must be JSON: {error}") from error
    if not isinstance(found, dict):
        raise _unreadable("filter", "dict_type", 'must be a JSON object, as {"company": {"eq": "Acme"}}')
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
    return InputError(f"the parameter {name} {message}", field_errors=[finding])
