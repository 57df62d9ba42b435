"""The parameters of a request's query: of lists above all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from core.actions import Query, Sort
from core.errors import FieldError, FieldPath, InputError
from rest_surface.requests import parse_json

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
_FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}


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
            raise wrong_parameter(name, "unknown_parameter", f"is unknown here; known: {', '.join(sorted(known))}")


def field_names(parameters: Mapping[str, str], known: Mapping[str, Any]) -> list[str] | None:
    """The fields asked for; None asks for all."""
    names = _names(parameters, "fields")
    for name in names:
        if name not in known:
            raise wrong_parameter("fields", "unknown_field", f"{name!r} is no field here")
    return names or None


def flag(parameters: Mapping[str, str], name: str) -> bool:
    found = _FLAGS.get(parameters.get(name, "").lower())
    if found is None:
        raise wrong_parameter(name, "bool_parsing", "must be true or false")
    return found


def _names(parameters: Mapping[str, str], name: str) -> list[str]:
    return [one.strip() for one in parameters.get(name, "").split(",") if one.strip()]


def _conditions(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        found = parse_json(text)
    except ValueError as error:
        raise wrong_parameter("filter", "json_invalid", f"must be JSON: {error}") from error
    if not isinstance(found, dict):
        raise wrong_parameter("filter", "dict_type", 'must be a JSON object, as {"company": {"eq": "Acme"}}')
    return found


def _number(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise wrong_parameter(name, "int_parsing", "must be a whole number") from error


def wrong_parameter(name: str, code: str, message: str) -> InputError:
    """The error for one parameter."""
    finding = FieldError(path=(name,), code=code, message=message)
    return InputError(f"the parameter {name} {message}", field_errors=[finding])
