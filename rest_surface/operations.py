"""Operations over REST: ``POST /operations/{name}/`` with the input as its body."""

import json
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from core.errors import InputError
from core.registries import OperationMetadata
from core.renderers import Services
from core.runs.options import RunMode, RunOptions
from core.services import default_services
from core.specs import OperationSpec
from rest_surface.components import schema_of
from rest_surface.requests import Route, json_object, principal_of
from rest_surface.schemas import body_of

_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "mode", "in": "query", "schema": {"enum": ["wait", "background"], "default": "wait"},
        "description": "background answers 202 with the pending run",
    },
    {
        "name": "timeout", "in": "query", "schema": {"type": "number"},
        "description": "Seconds until the run is stopped",
    },
    {
        "name": "Idempotency-Key", "in": "header", "schema": {"type": "string"},
        "description": "Runs of this operation with one key happen once",
    },
]  # fmt: skip


def mount_operation_route(
    app: FastAPI, operation: OperationSpec | OperationMetadata, services: Services | None = None
) -> None:
    """Add the route of one operation. ``services`` as for ``mount_model_routes``."""
    services = services or default_services()
    spec = services.catalog.operations[operation.name]
    router = APIRouter(route_class=Route, tags=[spec.category])
    schema = schema_of(app, spec.input.python)

    @router.post(
        f"/operations/{spec.name}/",
        summary=spec.name,
        description=spec.description,
        openapi_extra={**body_of(schema), "parameters": _PARAMETERS},
    )
    async def run(request: Request, response: Response) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        principal = await principal_of(request, services)
        data, options = await json_object(request, services), _options(request)
        done = await services.runs.start(spec, data, principal=principal, trigger="rest", options=options)
        response.status_code = 202 if done.output is None and not done.run.status.is_final else 200
        output = None if done.output is None else json.loads(done.output.model_dump_json(by_alias=True))
        return {"task_run": {"id": str(done.run.id), "status": done.run.status.value}, "output": output}

    app.include_router(router)


def _options(request: Request) -> RunOptions:
    mode, timeout = request.query_params.get("mode", "wait"), request.query_params.get("timeout")
    try:
        return RunOptions(
            mode=RunMode(mode),
            idempotency_key=request.headers.get("idempotency-key"),
            timeout=None if timeout is None else float(timeout),
        )
    except ValueError as error:
        raise InputError("mode must be wait or background, timeout a number of seconds") from error
