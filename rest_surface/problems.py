"""Errors as problem documents: https://www.rfc-editor.org/rfc/rfc9457

``code`` and ``errors`` (path, code, message of each field) are the same as on every other surface.
"""

import json
import logging
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.responses import Response
from pymongo.errors import ConnectionFailure

from core.errors import Conflict, CoreError, InputError, Unavailable

log = logging.getLogger("core.rest")

MEDIA_TYPE = "application/problem+json"

PROBLEM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "What is wrong, for a person"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "What is wrong, for a program", "examples": ["BAD_USER_INPUT"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "code", "message"],
                "properties": {
                    "path": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "task_run_id": {"type": "string", "description": "The run that ended so"},
    },
}


class MalformedBody(InputError):
    """A body that is no JSON object."""

    status = 400


class UnsupportedMediaType(InputError):
    """A body that is not sent as JSON."""

    status = 415


class MethodNotAllowed(InputError):
    """The path is served, by other methods."""

    status = 405


class PreconditionFailed(Conflict):
    """If-Match names another revision: https://www.rfc-editor.org/rfc/rfc9110#name-if-match"""

    status = 412


def problem(error: CoreError, *, allow: Iterable[str] = ()) -> Response:
    """The answer to an error; ``allow`` are the methods that would have been right."""
    body: dict[str, Any] = {"type": "about:blank", "title": error.message, "status": error.status, "code": error.code}
    if error.field_errors:
        body["errors"] = [
            {"path": list(found.path), "code": found.code, "message": found.message} for found in error.field_errors
        ]
    if error.task_run_id:
        body["task_run_id"] = error.task_run_id
    headers: dict[str, str] = {}
    if error.status == 401:  # https://www.rfc-editor.org/rfc/rfc9110#name-401-unauthorized
        headers["www-authenticate"] = "Bearer"
    if allow:
        headers["allow"] = ", ".join(sorted(allow))
    return _response(body, headers)


def masked(error: Exception) -> Response:
    """An error nobody foresaw: its text stays in the log, under an id that the answer names."""
    if isinstance(error, ConnectionFailure):
        return problem(Unavailable("the database does not answer; try again shortly"))
    error_id = uuid.uuid4().hex[:12]
    log.error("internal error %s", error_id, exc_info=error)
    title = f"internal error {error_id}; the server's log has it under this id"
    return _response({"type": "about:blank", "title": title, "status": 500, "code": "INTERNAL"}, {})


def _response(body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    # ASCII: a message may name what was sent, also text that UTF-8 cannot hold.
    return Response(json.dumps(body), body["status"], headers, MEDIA_TYPE)
