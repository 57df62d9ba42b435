"""The start page at ``/``: what is served here and where, for somebody who opens the address in a browser."""

from collections.abc import Iterable
from html import escape
from itertools import groupby
from string import Template

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from core.access import TASK_RUN
from core.errors import CoreError
from core.renderers import Services
from core.specs import Catalog, ModelSpec, OperationSpec
from rest_surface.requests import principal_of

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {
    "cache-control": "no-store",  # what it shows depends on who asks
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
  :root { color-scheme: light dark; --line: light-dark(#d9dee5, #343a43); --quiet: light-dark(#5b6675, #9aa5b4); }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 3rem 1.5rem; }
  h1 { font-size: 1.75rem; margin: 0 0 .25rem; }
  h2 { font-size: 1.05rem; margin: 2.5rem 0 .75rem; }
  h3 { font-size: .875rem; font-weight: 600; color: var(--quiet); margin: 1.5rem 0 .5rem; }
  p { margin: 0; color: var(--quiet); }
  nav { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
  nav a { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; }
  nav a { text-decoration: none; color: inherit; }
  nav a:hover, nav a:focus-visible { border-color: currentColor; }
  table { border-collapse: collapse; width: 100%; table-layout: fixed; }
  td { border-top: 1px solid var(--line); padding: .5rem 1rem .5rem 0; vertical-align: top; }
  td { overflow-wrap: anywhere; }
  td:first-child { width: 13rem; font-weight: 600; }
  td:nth-child(2) { width: 11rem; }
  td:last-child { color: var(--quiet); }
  @media (max-width: 40rem) { td:nth-child(2) { display: none; } td:first-child { width: 9rem; } }
  code { font: .875em ui-monospace, monospace; }
</style>
<h1>$title</h1>
<p>$summary</p>
<nav>
  <a href="graphql">GraphQL playground</a>
  <a href="docs">REST documentation</a>
  <a href="models/">Models as JSON</a>
  <a href="operations/graph">Operations as JSON</a>
</nav>
$lists
</html>
""")


class WelcomePage:
    """One page, made at start-up; it asks nothing of the database and runs no script.

    Whoever the server does not know sees the links alone; what is served is no more their business than ``/models/``.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: FastAPI) -> None:
        known, stranger = _page(app.title, self._services.catalog), _page(app.title, None)

        @app.get("/", include_in_schema=False)
        async def welcome(request: Request) -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
            page = known if await self._knows(request) else stranger
            return HTMLResponse(page, headers=_HEADERS)

    async def _knows(self, request: Request) -> bool:
        try:
            await principal_of(request, self._services)
        except CoreError:
            return False
        return True


def _page(title: str, catalog: Catalog | None) -> str:
    if catalog is None:
        summary, lists = "Ask with an API key or a token to see what is served here.", ""
    else:
        summary = f"{len(catalog.models)} models and {len(catalog.operations)} operations, declared once."
        lists = _models(catalog) + _operations(catalog)
    return _PAGE.substitute(title=escape(title), summary=summary, lists=lists)


def _models(catalog: Catalog) -> str:
    own_first = sorted(catalog.models.values(), key=lambda model: model.name == TASK_RUN)
    return f"<h2>Models</h2>{_table(_model(model) for model in own_first)}"


def _operations(catalog: Catalog) -> str:
    ordered = sorted(catalog.operations.values(), key=lambda operation: operation.category)
    groups = groupby(ordered, key=lambda operation: operation.category)
    tables = (f"<h3>{escape(name)}</h3>{_table(_operation(one) for one in found)}" for name, found in groups)
    return f"<h2>Operations</h2>{''.join(tables)}" if ordered else ""


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    cells = (
        f"<tr><td>{escape(name)}</td><td><code>{escape(call)}</code></td><td>{escape(text)}</td></tr>"
        for name, call, text in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _model(model: ModelSpec) -> tuple[str, str, str]:
    return (f"{model.ui.get('icon', '')} {model.name}".strip(), model.resource, model.description)


def _operation(operation: OperationSpec) -> tuple[str, str, str]:
    return (operation.name, operation.mutation, operation.description)
