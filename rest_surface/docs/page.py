"""``/openapi.json`` and ``/docs`` from our own files: FastAPI's own page loads Swagger UI from a CDN."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from core.renderers import Services
from rest_surface.requests import principal_of
from rest_surface.routes import Route

_BUILT = Path(__file__).parent / "built"
_PAGE = (_BUILT / "index.html").read_text(encoding="utf-8")
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a token of the issuer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def mount_docs(app: FastAPI, services: Services) -> None:
    """Add both to an application that does not describe itself (``openapi_url=None``); another one keeps its own.

    The description names every model, so it takes a principal like everything else; the page asks for a key.
    """
    if app.openapi_url is not None:
        return

    async def openapi(request: Request) -> dict[str, Any]:
        await principal_of(request, services)
        document = dict(app.openapi())
        if root := request.scope.get("root_path"):
            document["servers"] = [{"url": root}]
        if services.settings.has_authentication:
            document["components"] = {**document["components"], "securitySchemes": _SECURITY}
            document["security"] = [{name: []} for name in _SECURITY]
        return document

    async def docs() -> HTMLResponse:
        return HTMLResponse(_PAGE, headers=_HEADERS)

    app.router.add_api_route("/openapi.json", openapi, include_in_schema=False, route_class_override=Route)
    app.router.add_api_route("/docs", docs, include_in_schema=False, route_class_override=Route)
    app.mount("/docs/assets", _Assets(directory=_BUILT / "assets"))


class _Assets(StaticFiles):
    """Files whose names change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        response.headers["x-content-type-options"] = "nosniff"
        return response
