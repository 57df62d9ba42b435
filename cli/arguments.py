"""An operation's input fields as command line options: one Typer option a field, JSON where a value has parts."""

import inspect
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.text import parse_json
from core.errors import FieldPath
from core.specs import MISSING, EnumType, FieldSpec, ListType, ObjectSpec, ScalarType, TypeSpec

# What the shell can check; everything else arrives as text, and pydantic has the last word on all of it.
_SHELL_TYPES: Mapping[str, type] = {"Int": int, "BigInt": int, "Float": float, "Boolean": bool}


class InputOptions:
    """The options of one operation's input. ``taken`` are names that mean something else on its command: a field of
    such a name is the option ``--input-NAME``."""

    def __init__(self, spec: ObjectSpec, taken: Collection[str]) -> None:
        self._fields = {_option(field, taken): field for field in spec.fields if field.writable}

    def parameters(self) -> list[inspect.Parameter]:
        """Keyword parameters for a Typer command; every one is optional there, as ``--input`` may give it instead."""
        return [_parameter(option, field) for option, field in self._fields.items()]

    def values(self, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """What the parameters were given, by wire name.

        Raises:
            InputError: an option that takes JSON holds none.
        """
        for option, field in self._fields.items():
            value = given.get(_key(option))
            if value is not None:
                yield field.wire, _value(option, field.type, value)

    def named(self, path: FieldPath) -> FieldPath:
        """The path with its option in place of the field."""
        options = {field.wire: option for option, field in self._fields.items()}
        return (options.get(str(path[0]), path[0]), *path[1:]) if path else path


def _option(field: FieldSpec, taken: Collection[str]) -> str:
    name = field.name.replace("_", "-")
    return f"--input-{name}" if name in taken else f"--{name}"


def _key(option: str) -> str:
    """Typer hands values over under the parameter's name; no field's option has another's."""
    return "given_" + option.removeprefix("--").replace("-", "_")


def _parameter(option: str, field: FieldSpec) -> inspect.Parameter:
    shell: Any = _shell_type(field.type)
    flags = f"{option}/--no-{option.removeprefix('--')}" if field.type == ScalarType(name="Boolean") else option
    made = typer.Option(flags, help=_help(field), show_default=False, metavar=_metavar(field.type))
    return inspect.Parameter(
        _key(option), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[shell | None, made]
    )


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
    notes = [escape(field.description or field.label)]
    if isinstance(field.type, ListType) and _metavar(field.type) != "JSON":
        notes.append("(repeat it for several)")
    if field.required:
        notes.append("(required)")
    elif field.default is not MISSING and field.default is not None:
        notes.append(f"(default: {escape(str(getattr(field.default, 'value', field.default)))})")
    return " ".join(notes)


def _value(option: str, kind: TypeSpec, given: Any) -> Any:
    match kind:
        case ListType(item=ScalarType() | EnumType() as item):
            return [_value(option, item, one) for one in given]
        case EnumType(choices=choices):
            return {str(choice.value): choice.value for choice in choices}.get(given, given)
        case ScalarType(name="JSON"):
            return _anything(given)
        case ScalarType():
            return given
        case _:
            return parse_json(option, given)


def _anything(text: str) -> Any:
    """Any value at all: what is no JSON is the text itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
