"""JSON Schemas of documents in declared names, for OpenAPI and for whoever builds a form."""

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from core.specs import FieldSpec, ListType, ModelSpec
from rest_surface.components import class_schema, component
from rest_surface.documents import document_fields, links_of

Schema = dict[str, Any]


def whole_schema(python: type[BaseModel], mode: JsonSchemaMode = "validation") -> Schema:
    """The schema of a class, whole in itself: its parts in ``$defs``."""
    schema = python.model_json_schema(mode=mode)
    if "$ref" not in schema:
        return schema
    return {**schema["$defs"][schema["$ref"].removeprefix("#/$defs/")], "$defs": schema["$defs"]}


def model_schema(model: ModelSpec) -> Schema:
    """The document for a form: what is not to be written is ``readOnly``."""
    schema = _cut(model, whole_schema(model.document), document_fields(model))
    for field in model.object.fields:
        if not field.writable and field.wire in schema["properties"]:
            schema["properties"][field.wire] = {**schema["properties"][field.wire], "readOnly": True}
    return {**schema, "readOnly": True} if model.read_only else schema


def read_schema(app: FastAPI, model: ModelSpec) -> Schema:
    """The document as it is answered. Nothing is required: who may not read a field gets none."""
    whole = class_schema(app, model.name, model.document, "serialization")
    return component(app, model.name, _optional(_cut(model, whole, document_fields(model))))


def list_schema(document: Schema) -> Schema:
    """A page of documents."""
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": document},
            "next": {"type": ["string", "null"], "description": "`after` of the next page; null on the last"},
            "total": {"type": "integer", "description": "How many match; where `total=true` asks for it"},
        },
    }


def create_schema(app: FastAPI, model: ModelSpec) -> Schema:
    """What may be given for a new document."""
    return component(app, f"{model.name}.create", _writable(app, model))


def update_schema(app: FastAPI, model: ModelSpec) -> Schema:
    """The same for changes: nothing is required, what is left out stays as it is."""
    return component(app, f"{model.name}.update", _optional(_writable(app, model)))


def body_of(schema: Mapping[str, Any]) -> Schema:
    """The OpenAPI description of a JSON body."""
    return {"requestBody": {"required": True, "content": json_content(schema)}}


def answer_of(schema: Mapping[str, Any], status: int = 200) -> Schema:
    """The OpenAPI description of a JSON answer."""
    return {"responses": {str(status): {"content": json_content(schema)}}}


def json_content(schema: Mapping[str, Any]) -> Schema:
    return {"application/json": {"schema": dict(schema)}}


def _writable(app: FastAPI, model: ModelSpec) -> Schema:
    names = {one.wire for one in model.object.fields if one.writable}
    return _cut(model, class_schema(app, f"{model.name}.create", model.document), names)


def _optional(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name != "required"}


def _cut(model: ModelSpec, schema: Schema, names: Collection[str]) -> Schema:
    properties = {"id" if name == "_id" else name: value for name, value in schema.get("properties", {}).items()}
    properties |= {name: _link_schema(field, properties.get(name, {})) for name, field in links_of(model).items()}
    required = [name for name in schema.get("required", ()) if name in names]
    kept = {name: value for name, value in properties.items() if name in names}
    return {**schema, "properties": kept, "required": required}


def _link_schema(field: FieldSpec, own: Mapping[str, Any]) -> Schema:
    """A link is the id of the other document; pydantic knows nothing of it."""
    notes = {name: own[name] for name in ("title", "description") if name in own}
    if isinstance(field.type, ListType):
        return {**notes, "type": "array", "items": {"type": "string"}}
    return {**notes, "type": ["string", "null"] if field.nullable else "string"}
