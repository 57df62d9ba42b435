"""``GET /models/`` and ``GET /operations/graph``: what is declared, for a user interface to build itself from."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request

from core.renderers import Services
from core.specs import ModelSpec, OperationSpec
from rest_surface.requests import Route, principal_of
from rest_surface.schemas import model_schema


def mount_metadata(app: FastAPI, services: Services) -> None:
    """Add both routes. The answers are made at start-up; asking takes a principal like everything else."""
    models = [_model(model) for model in services.catalog.models.values()]
    operations = [_operation(operation) for operation in services.catalog.operations.values()]
    router = APIRouter(route_class=Route, tags=["metadata"])

    @router.get("/models/", summary="Every model")
    async def list_models(request: Request) -> list[dict[str, Any]]:  # pyright: ignore[reportUnusedFunction]
        await principal_of(request, services)
        return models

    @router.get("/operations/graph", summary="Every operation")
    async def list_operations(request: Request) -> list[dict[str, Any]]:  # pyright: ignore[reportUnusedFunction]
        await principal_of(request, services)
        return operations

    app.include_router(router)


def _model(model: ModelSpec) -> dict[str, Any]:
    return {
        "name": model.name,
        "resource": model.resource,
        "description": model.description,
        "tags": list(model.tags),
        "read_only": model.read_only,
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
        "input_schema": operation.input.python.model_json_schema(),
        "output_schema": operation.output.python.model_json_schema(mode="serialization"),
        "ui": dict(operation.ui),
    }
