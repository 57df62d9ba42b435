"""The start page at ``/``: what is served here and where, for somebody who opens the address in a browser."""

from collections.abc import Iterable
from html import escape
from string import Template

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from core.renderers import Services
from core.specs import Catalog, ModelSpec, OperationSpec

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

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
  p { margin: 0; color: var(--quiet); }
  nav { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
  nav a { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; }
  nav a { text-decoration: none; color: inherit; }
  nav a:hover, nav a:focus-visible { border-color: currentColor; }
  table { border-collapse: collapse; width: 100%; }
  td { border-top: 1px solid var(--line); padding: .5rem 1rem .5rem 0; vertical-align: top; }
  td:first-child { white-space: nowrap; font-weight: 600; }
  td:last-child { color: var(--quiet); }
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
<h2>Models</h2>
<table>$models</table>
<h2>Operations</h2>
<table>$operations</table>
</html>
""")


class WelcomePage:
    """One page, made at start-up; it asks nothing of the database and runs no script."""

    def __init__(self, services: Services) -> None:
        self._catalog = services.catalog

    def mount(self, app: FastAPI) -> None:
        page = _page(app.title, self._catalog)

        @app.get("/", include_in_schema=False)
        async def welcome() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
            return HTMLResponse(page, headers={"content-security-policy": _POLICY})


def _page(title: str, catalog: Catalog) -> str:
    return _PAGE.substitute(
        title=escape(title),
        summary=f"{len(catalog.models)} models and {len(catalog.operations)} operations, declared once.",
        models=_rows(_model(model) for model in catalog.models.values()),
        operations=_rows(_operation(operation) for operation in catalog.operations.values()),
    )


def _rows(rows: Iterable[tuple[str, str, str]]) -> str:
    return "".join(
        f"<tr><td>{escape(name)}</td><td><code>{escape(call)}</code></td><td>{escape(text)}</td></tr>"
        for name, call, text in rows
    )


def _model(model: ModelSpec) -> tuple[str, str, str]:
    return (f"{model.ui.get('icon', '')} {model.name}".strip(), model.resource, model.description)


def _operation(operation: OperationSpec) -> tuple[str, str, str]:
    return (operation.name, operation.mutation, operation.description)
