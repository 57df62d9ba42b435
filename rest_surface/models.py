"""Documents over REST: list, create, get, update, delete of one model."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response

from core.access import Principal, readable_fields
from core.errors import Conflict
from core.reads import RowReader
from core.registries import ModelInfo
from core.renderers import Services
from core.services import default_services
from core.specs import ModelSpec
from rest_surface.documents import document_fields
from rest_surface.parameters import (
    FIELDS_PARAMETER,
    LIST_PARAMETERS,
    check_known,
    field_names,
    flag,
    list_query,
    parameter_names,
)
from rest_surface.problems import PreconditionFailed
from rest_surface.requests import IF_MATCH, if_match, json_object, principal_of
from rest_surface.routes import add_route
from rest_surface.schemas import answer_of, body_of, create_schema, list_schema, read_schema, update_schema


def mount_model_routes(app: FastAPI, model: ModelSpec | ModelInfo, services: Services | None = None) -> None:
    """Add the routes of one model.

    Without ``services`` those of the process's own registry are used, so that a loop over ``ModelRegistry.list_all()``
    in an application of one's own works; connecting the database is then that application's part.
    """
    services = services or default_services()
    _ModelRoutes(services.catalog.models[model.name], services).mount(app)


class _ModelRoutes:
    def __init__(self, model: ModelSpec, services: Services) -> None:
        self._model = model
        self._services = services
        self._reader = RowReader(services.catalog)

    def mount(self, app: FastAPI) -> None:
        name, model = self._model.name, self._model
        many, one = f"/models/{name}/", f"/models/{name}/{{id:key}}"
        document = read_schema(app, model)
        listed = {"parameters": list(LIST_PARAMETERS), **answer_of(list_schema(document))}
        add_route(app, "GET", many, self.list_documents, tag=name, summary=f"List {name}",
                  operation_id=f"list_{name}", openapi=listed)  # fmt: skip
        add_route(app, "GET", one, self.get, tag=name, summary=f"Get one {name}", operation_id=f"get_{name}",
                  openapi={"parameters": [FIELDS_PARAMETER], **answer_of(document)})  # fmt: skip
        if not model.read_only:
            self._mount_writes(app, many, one, document)

    def _mount_writes(self, app: FastAPI, many: str, one: str, document: Mapping[str, Any]) -> None:
        name = self._model.name
        guarded = {"parameters": [IF_MATCH]} if self._model.revision else {}
        created = {**body_of(create_schema(app, self._model)), **answer_of(document, 201)}
        updated = {**body_of(update_schema(app, self._model)), **answer_of(document), **guarded}
        add_route(app, "POST", many, self.create, tag=name, summary=f"Create a {name}", status=201,
                  operation_id=f"create_{name}", openapi=created)  # fmt: skip
        for method, verb in (("PATCH", "update"), ("PUT", "put")):
            add_route(app, method, one, self.update, tag=name, summary=f"Change the given fields of a {name}",
                      operation_id=f"{verb}_{name}", openapi=updated)  # fmt: skip
        add_route(app, "DELETE", one, self.delete, tag=name, summary=f"Delete a {name}", status=204,
                  operation_id=f"delete_{name}", openapi=guarded)  # fmt: skip

    async def list_documents(self, request: Request) -> dict[str, Any]:
        principal = await self._principal(request)
        query, fields = list_query(request.query_params), self._fields(request)
        counted = flag(request.query_params, "total")
        with parameter_names():
            page = await self._services.data.list(self._model, principal, query, fields)
        answer: dict[str, Any] = {
            "items": [self._shape(row, fields, principal) for row in page.rows],
            "next": page.cursors.end if page.has_next else None,
        }
        if counted:
            answer["total"] = await self._services.data.count(self._model, principal, query.filter, query.search)
        return answer

    async def get(self, id: str, request: Request, response: Response) -> dict[str, Any]:
        principal = await self._principal(request)
        check_known(request.query_params, ["fields"])
        fields = self._fields(request)
        row = await self._services.data.get(self._model, principal, id, fields)
        return self._answer(row, fields, principal, response)

    async def create(self, request: Request, response: Response) -> dict[str, Any]:
        principal = await self._principal(request)
        row = await self._services.data.create(self._model, principal, await self._body(request))
        answer = self._answer(row, None, principal, response)
        response.headers["location"] = request.url.path + quote(str(answer["id"]), safe="")
        return answer

    async def update(self, id: str, request: Request, response: Response) -> dict[str, Any]:
        principal = await self._principal(request)
        changes = await self._body(request)
        with self._revision(request) as revision:
            row = await self._services.data.update(self._model, principal, id, changes, revision)
        return self._answer(row, None, principal, response)

    async def delete(self, id: str, request: Request) -> Response:
        principal = await self._principal(request)
        with self._revision(request) as revision:
            await self._services.data.delete(self._model, principal, id, revision)
        return Response(status_code=204)

    async def _principal(self, request: Request) -> Principal:
        return await principal_of(request, self._services)

    async def _body(self, request: Request) -> dict[str, Any]:
        return await json_object(request, self._services)

    def _fields(self, request: Request) -> list[str] | None:
        return field_names(request.query_params, document_fields(self._model))

    @contextmanager
    def _revision(self, request: Request) -> Iterator[str | None]:
        revision = if_match(request, has_revision=self._model.revision)
        try:
            yield revision
        except Conflict as error:
            if revision is None or type(error) is not Conflict:
                raise
            raise PreconditionFailed(error.message) from error

    def _shape(self, row: Any, fields: list[str] | None, principal: Principal) -> dict[str, Any]:
        readable = readable_fields(self._model, principal)
        names = fields or [name for name in document_fields(self._model) if name in readable]
        return self._reader.shape(self._model.object, row, names)

    def _answer(self, row: Any, fields: list[str] | None, principal: Principal, response: Response) -> dict[str, Any]:
        """The document, with its revision as an ETag: https://www.rfc-editor.org/rfc/rfc9110#name-etag"""
        if self._model.revision and row.get("revision_id"):
            response.headers["etag"] = f'"{row["revision_id"]}"'
        return self._shape(row, fields, principal)
