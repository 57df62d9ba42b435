"""Documents over REST: list, create, get, update, delete of one model."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from core.access import Principal, readable_fields
from core.errors import InputError
from core.reads import RowReader
from core.registries import ModelInfo
from core.renderers import Services
from core.services import default_services
from core.specs import ModelSpec
from rest_surface.requests import LIST_PARAMETERS, Route, field_names, flag, json_object, list_query, principal_of
from rest_surface.schemas import body_of, create_schema, update_schema


def mount_model_routes(app: FastAPI, model: ModelSpec | ModelInfo, services: Services | None = None) -> None:
    """Add the routes of one model.

    Without ``services`` those of the process's own registry are used, so that a loop over ``ModelRegistry.list_all()``
    in an application of one's own works; connecting the database is then that application's part.
    """
    services = services or default_services()
    routes = _ModelRoutes(services.catalog.models[model.name], services)
    app.include_router(routes.router(app))


class _ModelRoutes:
    def __init__(self, model: ModelSpec, services: Services) -> None:
        self._model = model
        self._services = services
        self._reader = RowReader(services.catalog)

    def router(self, app: FastAPI) -> APIRouter:
        name, path = self._model.name, f"/models/{self._model.name}/"
        router = APIRouter(route_class=Route, tags=[name])
        add = router.add_api_route
        listed = {"parameters": [*LIST_PARAMETERS]}
        add(path, self.list_documents, methods=["GET"], summary=f"List {name}", openapi_extra=listed)
        add(f"{path}{{id}}", self.get, methods=["GET"], summary=f"Get one {name}")
        if not self._model.read_only:
            created, updated = body_of(create_schema(app, self._model)), body_of(update_schema(app, self._model))
            add(path, self.create, methods=["POST"], status_code=201, summary=f"Create a {name}", openapi_extra=created)
            for method in ("PUT", "PATCH"):
                add(f"{path}{{id}}", self.update, methods=[method], summary=f"Change given fields of a {name}",
                    openapi_extra=updated, operation_id=f"{method.lower()}_{name}")  # fmt: skip
            add(f"{path}{{id}}", self.delete, methods=["DELETE"], status_code=204, summary=f"Delete a {name}")
        return router

    async def list_documents(self, request: Request) -> dict[str, Any]:
        principal = await self._principal(request)
        query, fields = list_query(request.query_params), self._fields(request)
        page = await self._services.data.list(self._model, principal, query, fields)
        answer: dict[str, Any] = {
            "items": [self._shape(row, fields, principal) for row in page.rows],
            "next": page.cursors.end if page.has_next else None,
        }
        if flag(request.query_params, "total"):
            answer["total"] = await self._services.data.count(self._model, principal, query.filter, query.search)
        return answer

    async def get(self, id: str, request: Request, response: Response) -> dict[str, Any]:
        principal, fields = await self._principal(request), self._fields(request)
        row = await self._services.data.get(self._model, principal, id, fields)
        return self._answer(row, fields, principal, response)

    async def create(self, request: Request, response: Response) -> dict[str, Any]:
        principal = await self._principal(request)
        row = await self._services.data.create(self._model, principal, await self._body(request))
        response.headers["location"] = f"{request.url.path}{row['_id']}"
        return self._answer(row, None, principal, response)

    async def update(self, id: str, request: Request, response: Response) -> dict[str, Any]:
        principal = await self._principal(request)
        revision = _if_match(request)
        row = await self._services.data.update(self._model, principal, id, await self._body(request), revision)
        return self._answer(row, None, principal, response)

    async def delete(self, id: str, request: Request) -> Response:
        principal = await self._principal(request)
        await self._services.data.delete(self._model, principal, id, _if_match(request))
        return Response(status_code=204)

    async def _principal(self, request: Request) -> Principal:
        return await principal_of(request, self._services)

    async def _body(self, request: Request) -> dict[str, Any]:
        return await json_object(request, self._services)

    def _fields(self, request: Request) -> list[str] | None:
        fields = field_names(request.query_params)
        for name in fields or ():
            if name not in self._model.object.by_wire:
                raise InputError(f"fields: {self._model.name} has no field {name!r}")
        return fields

    def _shape(self, row: Any, fields: list[str] | None, principal: Principal) -> dict[str, Any]:
        readable = readable_fields(self._model, principal)
        names = fields or [one.wire for one in self._model.object.fields if one.wire in readable]
        return self._reader.shape(self._model.object, row, names)

    def _answer(self, row: Any, fields: list[str] | None, principal: Principal, response: Response) -> dict[str, Any]:
        """The document, with its revision as an ETag: https://www.rfc-editor.org/rfc/rfc9110#name-etag"""
        if self._model.revision and row.get("revision_id"):
            response.headers["etag"] = f'"{row["revision_id"]}"'
        return self._shape(row, fields, principal)


def _if_match(request: Request) -> str | None:
    tag = request.headers.get("if-match")
    return None if tag in (None, "*") else tag.removeprefix("W/").strip('"')
