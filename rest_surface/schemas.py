"""JSON Schemas of documents in declared names, for OpenAPI and for whoever builds a form."""

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import FastAPI

from core.specs import ModelSpec
from rest_surface.components import schema_of


def model_schema(model: ModelSpec) -> dict[str, Any]:
    """The document as it is read; whole in itself."""
    return _cut(model.document.model_json_schema(), {one.wire for one in model.object.fields if one.readable})


def create_schema(app: FastAPI, model: ModelSpec) -> dict[str, Any]:
    """What may be given for a new document; it refers to the application's components."""
    return _cut(schema_of(app, model.document), {one.wire for one in model.object.fields if one.writable})


def update_schema(app: FastAPI, model: ModelSpec) -> dict[str, Any]:
    """The same for changes: nothing is required, what is left out stays as it is."""
    return {name: value for name, value in create_schema(app, model).items() if name != "required"}


def body_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The OpenAPI description of a JSON body."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": dict(schema)}}}}


def _cut(schema: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    properties = {"id" if name == "_id" else name: value for name, value in schema["properties"].items()}
    required = [name for name in schema.get("required", ()) if name in names]
    kept = {name: value for name, value in properties.items() if name in names}
    return {**schema, "properties": kept, "required": required}
