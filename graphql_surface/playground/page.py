"""The playground's page and its files. It needs nothing but this server."""

from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_BUILT = Path(__file__).parent / "built"
_PAGE = (_BUILT / "index.html").read_text(encoding="utf-8")
_HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",  # GraphiQL's dialogs and menus write style elements
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "cache-control": "no-cache",
    "referrer-policy": "no-referrer",
    "vary": "Accept",
    "x-content-type-options": "nosniff",
}


def playground_page(request: Request) -> HTMLResponse:
    """Its links are relative to where the request found it, so that any mount path will do."""
    base = escape(request.url.path.rstrip("/") + "/")
    return HTMLResponse(_PAGE.replace('<base href="./" />', f'<base href="{base}" />'), headers=_HEADERS)


def playground_route(path: str) -> Mount:
    return Mount(f"{path}/assets", _Assets(directory=_BUILT / "assets"))


class _Assets(StaticFiles):
    """Files whose names change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        response.headers["x-content-type-options"] = "nosniff"
        return response
