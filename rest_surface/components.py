"""Schemas that others refer to, in the one place where OpenAPI looks for them: ``#/components/schemas/…``."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

TEMPLATE = "#/components/schemas/{model}"


def schema_of(app: FastAPI, python: type[BaseModel], mode: JsonSchemaMode = "validation") -> dict[str, Any]:
    """The JSON Schema of a class; the classes it is made of go to the application's components."""
    schema = python.model_json_schema(ref_template=TEMPLATE, mode=mode)
    _components(app).update(schema.pop("$defs", {}))
    return schema


def _components(app: FastAPI) -> dict[str, Any]:
    """The application's further components; its ``openapi`` is made to include them when the first one comes."""
    if not hasattr(app.state, "core_components"):
        components: dict[str, Any] = {}
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
