"""An operation's input fields as command line options: one Typer option a field, JSON where a value has parts."""

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from core.errors import FieldError, InputError
from core.specs import MISSING, Catalog, EnumType, FieldSpec, ListType, OperationSpec, ScalarType, TypeSpec

# What the shell can check; everything else arrives as text, and pydantic has the last word on all of it.
_SHELL_TYPES: Mapping[str, type] = {"Int": int, "BigInt": int, "Float": float, "Boolean": bool}


def parameters(catalog: Catalog, operation: OperationSpec) -> list[inspect.Parameter]:
    """Keyword parameters for a Typer command; every one is optional there, as ``--input`` may give it instead."""
    return [_parameter(field) for field in catalog.of(operation.input).fields if field.writable]


def _parameter(field: FieldSpec) -> inspect.Parameter:
    shell: Any = _shell_type(field.type)
    option = typer.Option(*_flags(field), help=_help(field), show_default=False, metavar=_metavar(field.type))
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[shell | None, option]
    )


def _flags(field: FieldSpec) -> tuple[str, ...]:
    name = field.name.replace("_", "-")
    return (f"--{name}/--no-{name}",) if field.type == ScalarType(name="Boolean") else (f"--{name}",)


def _shell_type(found: TypeSpec) -> Any:
    match found:
        case ScalarType(name=name):
            return _SHELL_TYPES.get(name, str)
        case ListType(item=ScalarType() | EnumType() as item):
            return list[_shell_type(item)]
        case _:
            return str


def _metavar(found: TypeSpec) -> str | None:
    match found:
        case EnumType(choices=choices):
            return "[" + "|".join(str(choice.value) for choice in choices) + "]"
        case ScalarType(name=name):
            return None if name in _SHELL_TYPES else name.upper()
        case ListType(item=ScalarType() | EnumType() as item):
            return _metavar(item)
        case _:
            return "JSON"


def _help(field: FieldSpec) -> str:
    notes = [field.description or field.label]
    if isinstance(field.type, ListType):
        notes.append("(repeat it for several)")
    if field.required:
        notes.append("[required]")
    elif field.default is not MISSING and field.default is not None:
        notes.append(f"[default: {getattr(field.default, 'value', field.default)}]")
    return " ".join(notes)


def read_input(
    catalog: Catalog, operation: OperationSpec, given: Mapping[str, Any], whole: str | None
) -> dict[str, Any]:
    """The input as JSON-like data in wire names: ``--input`` first, single options over it.

    Raises:
        InputError: an option that takes JSON holds none, or ``--input`` is no JSON object.
    """
    data = _json_object(whole) if whole is not None else {}
    data.update(_given(catalog.of(operation.input).fields, given))
    return data


def _given(fields: tuple[FieldSpec, ...], given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in fields:
        value = given.get(field.name)
        if value is not None:
            yield field.wire, _value(field, value)


def _value(field: FieldSpec, value: Any) -> Any:
    if not isinstance(value, str) or (_metavar(field.type) != "JSON" and field.type != ScalarType(name="JSON")):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        if isinstance(field.type, ScalarType):  # any value at all: plain text is one
            return value
        finding = FieldError(path=(field.wire,), code="json_invalid", message=f"takes JSON: {error}")
        raise InputError("an option cannot be read", field_errors=[finding]) from error


def _json_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InputError(f"--input is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError("--input takes a JSON object, with the operation's fields as its keys")
    return found
