"""Operations over REST: ``POST /operations/{name}/`` with the input as its body."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response

from core.registries import OperationMetadata
from core.renderers import Services
from core.runs.lifecycle import TaskRunStatus
from core.runs.options import RunMode, RunOptions
from core.services import default_services
from core.specs import OperationSpec
from rest_surface.components import class_schema, component
from rest_surface.parameters import check_known, wrong_parameter
from rest_surface.requests import json_object, principal_of
from rest_surface.routes import add_route
from rest_surface.schemas import body_of, json_content

_TIMEOUT: Mapping[str, Any] = {
    "name": "timeout", "in": "query", "schema": {"type": "number", "exclusiveMinimum": 0},
    "description": "Seconds until the run is stopped",
}  # fmt: skip
_KEY: Mapping[str, Any] = {
    "name": "Idempotency-Key", "in": "header", "schema": {"type": "string"},
    "description": "Runs of this operation with one key happen once",
}  # fmt: skip
_MODE: Mapping[str, Any] = {
    "name": "mode", "in": "query", "schema": {"enum": ["wait", "background"], "default": "wait"},
    "description": "background answers 202 with the pending run",
}  # fmt: skip


def mount_operation_route(
    app: FastAPI, operation: OperationSpec | OperationMetadata, services: Services | None = None
) -> None:
    """Add the route of one operation. ``services`` as for ``mount_model_routes``."""
    services = services or default_services()
    spec = services.catalog.operations[operation.name]

    async def run(request: Request, response: Response) -> dict[str, Any]:
        principal = await principal_of(request, services)
        data, options = await json_object(request, services), _options(request)
        done = await services.runs.start(spec, data, principal=principal, trigger="rest", options=options)
        response.status_code = 202 if done.output is None and not done.run.status.is_final else 200
        output = None if done.output is None else json.loads(done.output.model_dump_json(by_alias=True))
        return {"task_run": {"id": str(done.run.id), "status": done.run.status.value}, "output": output}

    add_route(app, "POST", f"/operations/{spec.name}/", run, tag=spec.category, summary=spec.name,
              description=spec.description, operation_id=f"run_{spec.name}", openapi=_described(app, spec))  # fmt: skip


def _described(app: FastAPI, spec: OperationSpec) -> dict[str, Any]:
    given, made = f"{spec.name}.input", f"{spec.name}.output"
    body = component(app, given, class_schema(app, given, spec.input.python))
    output = component(app, made, class_schema(app, made, spec.output.python, "serialization"))
    responses: dict[str, Any] = {"200": {"content": json_content(_answer(output))}}
    if spec.async_enabled:
        pending = _answer({"type": "null"})
        responses["202"] = {"description": "The run is pending or still running", "content": json_content(pending)}
    parameters = [_TIMEOUT, _KEY, *([_MODE] if spec.async_enabled else [])]
    return {**body_of(body), "parameters": parameters, "responses": responses}


def _answer(output: Mapping[str, Any]) -> dict[str, Any]:
    status = {"type": "string", "enum": [one.value for one in TaskRunStatus]}
    run = {"type": "object", "required": ["id", "status"], "properties": {"id": {"type": "string"}, "status": status}}
    return {
        "type": "object",
        "required": ["task_run", "output"],
        "properties": {"task_run": run, "output": {"anyOf": [output, {"type": "null"}]}},
    }


def _options(request: Request) -> RunOptions:
    given = request.query_params
    check_known(given, ["mode", "timeout"])
    return RunOptions(
        mode=_mode(given.get("mode", "wait")),
        idempotency_key=request.headers.get("idempotency-key"),
        timeout=_seconds(given.get("timeout")),
    )


def _mode(text: str) -> RunMode:
    try:
        return RunMode(text)
    except ValueError:
        raise wrong_parameter("mode", "enum", "must be wait or background") from None


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        raise wrong_parameter("timeout", "float_parsing", "must be a number of seconds") from None
