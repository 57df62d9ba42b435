"""The playground's page and its files. It needs nothing but this server."""

import secrets
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_BUILT = Path(__file__).parent / "built"
_PAGE = (_BUILT / "index.html").read_text(encoding="utf-8")
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",  # GraphiQL's dialogs write a style element
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "vary": "Accept",
    "x-content-type-options": "nosniff",
}


def playground_page(request: Request) -> HTMLResponse:
    """Its links are relative to where the request found it, so that any mount path will do."""
    nonce = secrets.token_urlsafe(16)
    base = escape(request.url.path.rstrip("/") + "/")
    page = _PAGE.replace('nonce=""', f'nonce="{nonce}"').replace('<base href="./" />', f'<base href="{base}" />')
    return HTMLResponse(page, headers={**_HEADERS, "content-security-policy": _POLICY.format(nonce=nonce)})


def playground_route(path: str) -> Mount:
    return Mount(f"{path}/assets", _Assets(directory=_BUILT / "assets"))


class _Assets(StaticFiles):
    """Files whose names change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        response.headers["x-content-type-options"] = "nosniff"
        return response
