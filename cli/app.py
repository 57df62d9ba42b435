"""The one place of composition: settings and a registry become an ASGI application with every surface on it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from cli.health import HealthRoutes
from cli.welcome import WelcomePage
from core.authentication import OwnFunction
from core.database.connection import Client, close_database, wait_for_database
from core.registries import Registry
from core.renderers import Services, Surface
from core.services import build_services
from core.settings import Settings
from graphql_surface.http import GraphQLSurface
from graphql_surface.schema import build_schema
from rest_surface import RestSurface

log = logging.getLogger("core")

ClientFactory = Callable[[], Client]
Startup = Callable[[Services], Awaitable[None]]


def create_app(
    settings: Settings | None = None,
    registry: Registry | None = None,
    *,
    authenticate: OwnFunction | None = None,
    on_startup: Startup | None = None,
) -> FastAPI:
    """An application that serves the registry's models and operations.

    Args:
        settings: the environment's by default.
        registry: by default the process's own, filled by importing ``settings.modules``.
        authenticate: the application's own principal function; the settings may name one too.
        on_startup: awaited once the database is connected, before ``/ready`` says so.

    Raises:
        DeclarationError: something declared cannot be served.
    """
    app = FastAPI(title="Core", version="0.1.0", openapi_url=None)
    mount(app, settings, registry, authenticate=authenticate, on_startup=on_startup)
    return app


def mount(
    app: FastAPI,
    settings: Settings | None = None,
    registry: Registry | None = None,
    *,
    client: ClientFactory | None = None,
    authenticate: OwnFunction | None = None,
    on_startup: Startup | None = None,
) -> Services:
    """Put every surface into an application that exists; its own lifespan, routes and client stay its own.

    ``client`` is called inside the application's lifespan and gives the PyMongo client to use, which is left open at
    the end. Without it a client is made by the settings, and closed.
    """
    services = build_services(settings, registry, authenticate)
    health = HealthRoutes(services)
    graphql = GraphQLSurface(build_schema(services), services)
    surfaces: tuple[Surface, ...] = (health, graphql, RestSurface(services), WelcomePage(services))
    for surface in surfaces:
        surface.mount(app)
    _join_lifespan(app, lambda: _running(services, health, client, on_startup))
    return services


def _join_lifespan(app: FastAPI, ours: Callable[[], AbstractAsyncContextManager[None]]) -> None:
    theirs = app.router.lifespan_context

    @asynccontextmanager
    async def both(host: Any) -> AsyncIterator[Any]:
        async with theirs(host) as state, ours():
            yield state

    app.router.lifespan_context = both


@asynccontextmanager
async def _running(
    services: Services, health: HealthRoutes, client: ClientFactory | None, on_startup: Startup | None
) -> AsyncIterator[None]:
    """Start in the background: a database that is down must not keep the server from saying so."""
    starting = asyncio.create_task(_start(services, health, client, on_startup))
    starting.add_done_callback(_report)
    try:
        yield
    finally:
        health.ready = False
        starting.cancel()
        await asyncio.wait([starting])
        await services.feed.stop()
        await services.runs.stop_runner()
        if client is None:
            await close_database()


async def _start(
    services: Services, health: HealthRoutes, client: ClientFactory | None, on_startup: Startup | None
) -> None:
    documents = [model.document for model in services.catalog.models.values()]
    theirs = None if client is None else client()
    await wait_for_database(services.settings, client=theirs, documents=documents)
    await services.runs.start_runner()
    if on_startup is not None:
        await on_startup(services)
    health.ready = True


def _report(starting: asyncio.Task[None]) -> None:
    if not starting.cancelled() and starting.exception() is not None:
        log.error("start-up failed", exc_info=starting.exception())
