"""JSON in and out: what a client sends becomes a ``Request`` or a clear refusal, whatever it is."""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from core.errors import InputError, LimitExceeded
from graphql_surface.execution import Request, Response
from graphql_surface.masking import format_exception

_DEEPEST = 100
"""Levels of nesting; MongoDB stores no deeper documents."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PARAMETERS: Mapping[str, tuple[type, str]] = {
    "operationName": (str, "a string"),
    "variables": (dict, "an object"),
    "extensions": (dict, "an object"),
}


def decode(raw: bytes | str, max_values: int) -> Any:
    """JSON of a client.

    Raises:
        InputError: not UTF-8, not JSON, nested too deeply, or text that no database can store.
        LimitExceeded: more than ``max_values`` values.
    """
    try:
        text = raw if isinstance(raw, str) else raw.decode()
        found = json.loads(text, parse_constant=_refuse_constant)
        if _SURROGATE.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise InputError("The request is not valid UTF-8.") from None
    except UnicodeEncodeError:
        raise InputError(
            r"The request holds half a surrogate pair (\ud800 to \udfff), which is no character."
        ) from None
    except RecursionError:
        raise InputError(f"The request is nested deeper than {_DEEPEST} levels.") from None
    except ValueError as error:
        raise InputError(f"The request is not valid JSON: {error}.") from None
    _check_size(found, max_values)
    return found


def to_request(payload: Any) -> Request:
    """The parameters of https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters.

    Raises:
        InputError: names the parameter that is missing or of the wrong type.
    """
    if isinstance(payload, list):
        raise InputError("Batches are not supported: send one operation a request.")
    if not isinstance(payload, dict):
        raise InputError("A request is a JSON object with the key query.")
    given = cast(dict[str, Any], payload)
    if not isinstance(given.get("query"), str):
        raise InputError("query must be a string: the text of the operation.")
    for name, (type_, what) in _PARAMETERS.items():
        if given.get(name) is not None and not isinstance(given[name], type_):
            raise InputError(f"{name} must be {what} or null.")
    return Request(
        query=given["query"], variables=given.get("variables") or {}, operation_name=given.get("operationName") or None
    )


def encode(response: Response) -> bytes:
    """A response as JSON. A value that JSON cannot hold is the server's fault and becomes an INTERNAL error."""
    try:
        return _dump(response)
    except (TypeError, ValueError, RecursionError) as error:
        return _dump({"errors": [format_exception(error)]})


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _check_size(found: Any, max_values: int) -> None:
    """Level by level, without recursion."""
    level, depth, values = [found], 0, 0
    while level:
        depth += 1
        values += len(level)
        if depth > _DEEPEST:
            raise InputError(f"The request is nested deeper than {_DEEPEST} levels.")
        if values > max_values:
            raise LimitExceeded(f"The request holds more than {max_values} values (graphql_max_values).")
        level = [child for one in level if isinstance(one, dict | list) for child in _children(one)]


def _children(container: Any) -> Any:
    return container.values() if isinstance(container, dict) else container
