"""REST on an application of somebody else's: its error handling, its own description and its paths stay as they are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from cli.app import mount
from core import datamodel, operation
from core.base import DataModelBase
from core.database.connection import Database, init_database
from core.errors import NotFound
from core.registries import Registry, isolated_registry
from core.services import build_services
from core.settings import default_settings
from rest_surface import RestSurface, mount_model_routes, mount_operation_route


class Loud(BaseModel):
    text: str


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    with isolated_registry() as found:

        @datamodel("Note")
        class Note(DataModelBase):  # pyright: ignore[reportUnusedClass]
            text: str

        @operation("shout")
        async def shout(text: str) -> Loud:  # pyright: ignore[reportUnusedFunction]
            return Loud(text=text.upper())

        yield found


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_routes_of_single_models_and_operations_work_on_a_bare_application(
    registry: Registry, database: Database
):
    services = build_services(default_settings(), registry)
    app = FastAPI()
    mount_model_routes(app, registry.models["Note"], services)
    mount_operation_route(app, registry.operations["shout"], services)
    async with client_of(app) as client:
        made = await client.post("/models/Note/", json={"text": "hello"})
        assert made.status_code == 201
        assert (await client.get(made.headers["location"])).json()["text"] == "hello"
        shouted = await client.post("/operations/shout/", json={"text": "hello"})
        assert shouted.status_code == 200
        assert shouted.json()["output"] == {"text": "HELLO"}
        wrong = await client.post("/models/Note/", json={})
        assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")
        document = (await client.get("/openapi.json")).json()
        assert "Note.create" in document["components"]["schemas"]


async def test_an_application_keeps_its_own_error_handling_and_description(registry: Registry):
    app = FastAPI(title="Theirs")

    @app.exception_handler(Exception)
    async def everything(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"theirs: {error}", 500)

    @app.exception_handler(HTTPException)
    async def known(request: Request, error: HTTPException) -> PlainTextResponse:
        return PlainTextResponse(f"theirs: {error.detail}", error.status_code)

    @app.get("/broken")
    async def broken() -> None:
        raise NotFound("an error of Core in a route of theirs")

    @app.get("/number/{number}")
    async def number_of(number: int) -> int:
        return number

    before = dict(app.exception_handlers)
    mount(app, default_settings(), registry)
    assert app.exception_handlers == before
    async with client_of(app) as client:
        broken_answer = await client.get("/broken")
        assert broken_answer.text == "theirs: an error of Core in a route of theirs"
        assert (await client.get("/nowhere")).text == "theirs: Not Found"
        assert (await client.get("/number/x")).json()["detail"][0]["type"] == "int_parsing"
        assert (await client.get("/models/Nothing/")).json()["code"] == "NOT_FOUND"
        document: Any = (await client.get("/openapi.json")).json()
        assert document["info"]["title"] == "Theirs"
        assert {"/number/{number}", "/models/Note/", "/operations/shout/"} <= set(document["paths"])
        assert "cdn" in (await client.get("/docs")).text  # FastAPI's own page, as they have it


async def test_their_routes_under_our_paths_are_found_wherever_they_stand(registry: Registry):
    app = FastAPI()
    RestSurface(build_services(default_settings(), registry)).mount(app)

    @app.get("/models/Theirs/special")
    async def special() -> str:
        return "theirs"

    async with client_of(app) as client:
        assert (await client.get("/models/Theirs/special")).json() == "theirs"
        assert (await client.get("/models/Other/special")).status_code == 404


async def test_everything_works_below_a_path(registry: Registry, database: Database):
    inner = FastAPI(openapi_url=None)
    services = build_services(default_settings(), registry)
    RestSurface(services).mount(inner)
    await init_database(services.settings, documents=[model.document for model in services.catalog.models.values()])
    outer = FastAPI()
    outer.mount("/api", inner)
    async with client_of(outer) as client:
        made = await client.post("/api/models/Note/", json={"text": "hello"})
        assert made.headers["location"].startswith("/api/models/Note/")
        assert (await client.get(made.headers["location"])).status_code == 200
        unknown = await client.get("/api/models/Nothing/")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")
        assert (await client.get("/api/openapi.json")).json()["servers"] == [{"url": "/api"}]
        page = await client.get("/api/docs")
        assert 'href="docs/assets/' in page.text
        refused = await client.put("/api/models/Note/", json={})
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")
