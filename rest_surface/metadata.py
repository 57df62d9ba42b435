"""``GET /models/`` and ``GET /operations/graph``: what is declared, for a user interface to build itself from."""

from typing import Any

from fastapi import FastAPI, Request

from core.renderers import Services
from core.specs import ModelSpec, OperationSpec
from rest_surface.requests import principal_of
from rest_surface.routes import add_route
from rest_surface.schemas import answer_of, model_schema, whole_schema

_LIST = answer_of({"type": "array", "items": {"type": "object"}})


def mount_metadata(app: FastAPI, services: Services) -> None:
    """Add both routes. The answers are made at start-up; asking takes a principal like everything else."""
    models = [_model(model) for model in services.catalog.models.values()]
    operations = [_operation(operation) for operation in services.catalog.operations.values()]

    async def list_models(request: Request) -> list[dict[str, Any]]:
        await principal_of(request, services)
        return models

    async def list_operations(request: Request) -> list[dict[str, Any]]:
        await principal_of(request, services)
        return operations

    add_route(app, "GET", "/models/", list_models, tag="metadata", summary="Every model",
              operation_id="models", openapi=_LIST)  # fmt: skip
    add_route(app, "GET", "/operations/graph", list_operations, tag="metadata", summary="Every operation",
              operation_id="operations", openapi=_LIST)  # fmt: skip


def _model(model: ModelSpec) -> dict[str, Any]:
    return {
        "name": model.name,
        "resource": model.resource,
        "description": model.description,
        "tags": list(model.tags),
        "ui_hints": dict(model.ui),
        "schema": model_schema(model),
    }


def _operation(operation: OperationSpec) -> dict[str, Any]:
    return {
        "name": operation.name,
        "description": operation.description,
        "category": operation.category,
        "tags": list(operation.tags),
        "models_in": list(operation.models_in),
        "models_out": list(operation.models_out),
        "async_enabled": operation.async_enabled,
        "input_schema": whole_schema(operation.input.python),
        "output_schema": whole_schema(operation.output.python, "serialization"),
        "ui": dict(operation.ui),
    }
