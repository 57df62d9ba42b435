"""Errors as problem documents: https://www.rfc-editor.org/rfc/rfc9457

``code`` and ``errors`` (path, code, message of each field) are the same as on every other surface.
"""

import logging
import uuid
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pymongo.errors import ConnectionFailure

from core.errors import CoreError, Unavailable

log = logging.getLogger("core.rest")

MEDIA_TYPE = "application/problem+json"


def mount_problems(app: FastAPI) -> None:
    """Answer every error of Core with a problem document; the application's other errors stay its own."""

    @app.exception_handler(CoreError)
    async def answer(request: Request, error: CoreError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        return problem(error)


def problem(error: CoreError) -> JSONResponse:
    body: dict[str, Any] = {"type": "about:blank", "title": error.message, "status": error.status, "code": error.code}
    if error.field_errors:
        body["errors"] = [
            {"path": list(found.path), "code": found.code, "message": found.message} for found in error.field_errors
        ]
    if error.task_run_id:
        body["task_run_id"] = error.task_run_id
    # https://www.rfc-editor.org/rfc/rfc9110#name-401-unauthorized
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse(body, error.status, headers, MEDIA_TYPE)


def masked(error: Exception) -> JSONResponse:
    """An error nobody foresaw: its text stays in the log, under an id that the answer names."""
    if isinstance(error, ConnectionFailure):
        return problem(Unavailable("the database does not answer; try again shortly"))
    error_id = uuid.uuid4().hex[:12]
    log.error("internal error %s", error_id, exc_info=error)
    body = {
        "type": "about:blank",
        "title": f"internal error {error_id}; the server's log has it under this id",
        "status": 500,
        "code": "INTERNAL",
    }
    return JSONResponse(body, 500, media_type=MEDIA_TYPE)
