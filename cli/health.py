"""``/health`` says that the process lives, ``/ready`` that it can serve: for people, load balancers and tests."""

import asyncio

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pymongo.errors import PyMongoError

from core.database.connection import client_of_loop, server_of
from core.errors import CoreError
from core.renderers import Services

_PATIENCE = 2.0
"""Seconds the database has to answer a ping."""


class HealthRoutes:
    """``ready`` is set by the composition once the database is connected and the runner has started."""

    def __init__(self, services: Services) -> None:
        self.ready = False
        settings = services.settings
        # Where the data lies is no stranger's business; on one's own machine it helps.
        self._shown = {} if settings.has_authentication else {"database": server_of(settings)}

    def mount(self, app: FastAPI) -> None:

        @app.get("/health", tags=["health"], summary="Whether the process lives")
        async def health() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
            return {"status": "ok"}

        @app.get("/ready", tags=["health"], summary="Whether requests can be served")
        async def ready() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
            answers = self.ready and await _database_answers()
            body = {"status": "ready" if answers else "unavailable", **self._shown}
            return JSONResponse(body, 200 if answers else 503)


async def _database_answers() -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await client_of_loop().admin.command("ping")
    except (CoreError, PyMongoError, TimeoutError):
        return False
    return True
