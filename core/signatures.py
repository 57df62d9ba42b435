"""Input and output models of an operation, read from its function's annotations."""

import inspect
import typing
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, create_model

from core.errors import DeclarationError
from core.naming import pascal


def input_schema(function: Callable[..., Any], operation: str) -> type[BaseModel]:
    """The annotation of the one pydantic parameter, or a model ``<Operation>Input`` made of plain parameters."""
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    if takes_model(function):
        return hints[next(iter(parameters))]
    fields: dict[str, Any] = {}
    for parameter in parameters.values():
        if parameter.name not in hints or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DeclarationError(f"{_place(function, operation)}: parameter {parameter.name!r} needs an annotation")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    return create_model(f"{pascal(operation)}Input", __module__=function.__module__, **fields)


def output_schema(function: Callable[..., Any], operation: str) -> type[BaseModel]:
    found = typing.get_type_hints(function).get("return")
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        raise DeclarationError(
            f"{_place(function, operation)}: the result must be a pydantic model; annotate it or give outputs="
        )
    return found


def takes_model(function: Callable[..., Any]) -> bool:
    """The function has one parameter and that is a pydantic model (or says nothing of its type)."""
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) != 1:
        return False
    found = typing.get_type_hints(function).get(parameters[0].name, BaseModel)
    return isinstance(found, type) and issubclass(found, BaseModel)


def _place(function: Callable[..., Any], operation: str) -> str:
    return f"operation {operation} ({function.__module__}.{function.__qualname__})"
