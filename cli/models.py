"""``jobhunter models …``: stored documents from the command line, as the local owner."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import print_json, print_table
from cli.session import run
from core.access import LOCAL_OWNER
from core.actions import Query, Sort
from core.errors import InputError, NotFound
from core.renderers import Services
from core.specs import ModelSpec

models = typer.Typer(no_args_is_help=True)

Model = Annotated[str, typer.Argument(help="Name of the model")]
Id = Annotated[str, typer.Argument(help="The document's id")]
Input = Annotated[str, typer.Option("--input", help="A JSON object, @FILE, or - for stdin", metavar="JSON")]


@models.command(name="list")
def list_(
    model: Annotated[str | None, typer.Argument(help="Name of the model; none lists the models")] = None,
    filter: Annotated[str | None, typer.Option(help='As {"company": {"eq": "Acme"}}', metavar="JSON")] = None,
    search: Annotated[str | None, typer.Option(help="Words to look for")] = None,
    sort: Annotated[str | None, typer.Option(help="Fields by commas; a minus sorts downwards")] = None,
    limit: Annotated[int | None, typer.Option(help="How many at most")] = None,
    offset: Annotated[int | None, typer.Option(help="How many to skip")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Whole documents as JSON")] = False,
) -> None:
    """Documents of a model as a table, or the models there are."""

    async def work(services: Services) -> None:
        if model is None:
            rows = [[one.name, one.resource, one.description] for one in services.catalog.models.values()]
            print_table(["name", "resource", "description"], rows)
            return
        spec = _spec(services, model)
        conditions = _object("--filter", filter) if filter else None
        query = Query(filter=conditions, search=search, sorting=_sorting(sort), limit=limit, offset=offset)
        page = await services.data.list(spec, LOCAL_OWNER, query)
        _print(services, spec, page.rows, as_json)

    run(work)


@models.command()
def get(model: Model, id: Id) -> None:
    """One document as JSON."""

    async def work(services: Services) -> None:
        spec = _spec(services, model)
        _print_one(services, spec, await services.data.get(spec, LOCAL_OWNER, id))

    run(work)


@models.command()
def create(model: Model, input: Input) -> None:
    """Store a new document."""

    async def work(services: Services) -> None:
        spec = _spec(services, model)
        _print_one(services, spec, await services.data.create(spec, LOCAL_OWNER, _object("--input", input)))

    run(work)


@models.command()
def update(model: Model, id: Id, input: Input) -> None:
    """Change the given fields of a document."""

    async def work(services: Services) -> None:
        spec = _spec(services, model)
        _print_one(services, spec, await services.data.update(spec, LOCAL_OWNER, id, _object("--input", input)))

    run(work)


@models.command()
def delete(model: Model, id: Id) -> None:
    """Delete a document."""

    async def work(services: Services) -> None:
        await services.data.delete(_spec(services, model), LOCAL_OWNER, id)

    run(work)


def _spec(services: Services, name: str) -> ModelSpec:
    found = services.catalog.models.get(name)
    if found is None:
        raise NotFound(f"there is no model {name!r}; known: {', '.join(services.catalog.models)}")
    return found


def _sorting(text: str | None) -> tuple[Sort, ...]:
    names = [one.strip() for one in (text or "").split(",") if one.strip()]
    return tuple(Sort(field=name.lstrip("+-"), descending=name.startswith("-")) for name in names)


def _object(option: str, text: str) -> dict[str, Any]:
    found: Any = None
    try:
        found = json.loads(read_text(text))
    except ValueError as error:
        raise InputError(f"{option} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{option} takes a JSON object")
    return found


def read_text(text: str) -> str:
    """The text itself, or what ``@FILE`` or ``-`` (standard input) holds.

    Raises:
        InputError: the file cannot be read.
    """
    if text == "-":
        return sys.stdin.read()
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text()
    except OSError as error:
        raise InputError(f"{text[1:]} cannot be read: {error.strerror}") from error


def _print(services: Services, spec: ModelSpec, rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    shaped = [services.data.reader.shape(spec.object, row) for row in rows]
    if as_json:
        print_json(shaped)
        return
    columns = ["id", *(name for name in _columns(spec) if name != "id")]
    print_table(columns, [[row.get(name) for name in columns] for row in shaped])


def _columns(spec: ModelSpec) -> list[str]:
    named = [spec.object.by_name[name].wire for name in spec.ui.get("list_fields", ()) if name in spec.object.by_name]
    return named or [one.wire for one in spec.object.fields if one.sortable][:6]


def _print_one(services: Services, spec: ModelSpec, row: Mapping[str, Any]) -> None:
    print_json(services.data.reader.shape(spec.object, row))
