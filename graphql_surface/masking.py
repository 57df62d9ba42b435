"""What a client may read of an error: expected ones keep code and message, everything else is INTERNAL.

An unexpected exception's text and traceback stay in the server's log, under an id that the answer carries. What
GraphQL itself finds wrong with a request (syntax, validation, variables) is shown as it is, as BAD_USER_INPUT.
"""

import logging
import uuid
from typing import Any

from graphql import ExecutionResult, GraphQLError
from pymongo.errors import ConnectionFailure

from core.errors import CoreError, InputError, Unavailable
from graphql_surface.errors import to_graphql_error

log = logging.getLogger(__name__)

Formatted = dict[str, Any]
"""An error as it leaves the server: message, locations, path, extensions."""


def format_result(result: ExecutionResult) -> dict[str, Any]:
    """The response map. ``data`` is absent where nothing was executed
    (https://spec.graphql.org/draft/#sec-Response-Format)."""
    if not result.errors:
        return {"data": result.data}
    errors = [format_error(error) for error in result.errors]
    if result.data is None and all(error.path is None for error in result.errors):
        return {"errors": errors}
    return {"errors": errors, "data": result.data}


def format_error(error: GraphQLError) -> Formatted:
    """An error of parsing, validation or execution."""
    if "code" in (error.extensions or {}):
        return dict(error.formatted)
    cause = _cause(error)
    if cause is None or error.path is None:
        return {**error.formatted, "extensions": {**(error.extensions or {}), "code": InputError.code}}
    return {**error.formatted, **_explain(cause)}


def format_exception(error: Exception) -> Formatted:
    """Any exception that reached the surface."""
    return format_error(error) if isinstance(error, GraphQLError) else _explain(error)


def _explain(error: Exception) -> Formatted:
    if isinstance(error, ConnectionFailure):
        log.warning("The database does not answer: %s", error)
        error = Unavailable("The database does not answer; try again shortly.")
    if isinstance(error, CoreError) and error.code != CoreError.code:
        return dict(to_graphql_error(error).formatted)
    return _masked(error)


def _masked(error: Exception) -> Formatted:
    reference = uuid.uuid4().hex[:12]
    log.error("Unexpected error %s", reference, exc_info=error)
    message = f"Something went wrong on the server. Its log has the details under {reference}."
    return {"message": message, "extensions": {"code": CoreError.code, "id": reference}}


def _cause(error: GraphQLError) -> Exception | None:
    """The exception below, or None where GraphQL itself raised the error and says where in the query."""
    found: Exception | None = error.original_error
    while isinstance(found, GraphQLError) and found.original_error:
        found = found.original_error
    return None if isinstance(found, GraphQLError) and found.nodes else found
