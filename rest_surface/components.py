"""Schemas that others refer to, in the one place where OpenAPI looks for them: ``#/components/schemas/…``.

A class that a model or an operation is made of is named after both (``Job.Address``): classes of one name in two
modules must not stand for each other.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

_PREFIX = "#/components/schemas/"


def component(app: FastAPI, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Add a schema to the application's components; gives the reference to it."""
    _components(app)[name] = schema
    return {"$ref": _PREFIX + name}


def class_schema(
    app: FastAPI, owner: str, python: type[BaseModel], mode: JsonSchemaMode = "validation"
) -> dict[str, Any]:
    """The JSON Schema of a class; the classes it is made of become components named ``{owner}.{class}``."""
    schema = python.model_json_schema(ref_template=f"{_PREFIX}{owner}.{{model}}", mode=mode)
    definitions: dict[str, Any] = schema.pop("$defs", {})
    for name, definition in definitions.items():
        component(app, f"{owner}.{name}", definition)
    if "$ref" in schema:  # a class that contains itself stands among its own parts
        return definitions[schema["$ref"].removeprefix(f"{_PREFIX}{owner}.")]
    return schema


def _components(app: FastAPI) -> dict[str, Mapping[str, Any]]:
    """The application's further components; its ``openapi`` is made to include them when the first one comes."""
    if not hasattr(app.state, "core_components"):
        components: dict[str, Mapping[str, Any]] = {}
        app.state.core_components = components
        own = app.openapi

        def openapi() -> dict[str, Any]:
            document = own()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            for name, schema in components.items():
                schemas.setdefault(name, schema)
            return document

        app.openapi = openapi  # as https://fastapi.tiangolo.com/how-to/extending-openapi/ has it
    return app.state.core_components
