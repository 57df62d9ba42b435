"""``jobhunter models …``: stored documents from the command line, as the local owner."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.errors import naming_options
from cli.output import print_json, print_table
from cli.session import run
from cli.text import read_object, read_text
from core.access import LOCAL_OWNER
from core.errors import FieldPath, NotFound
from core.renderers import Services
from core.specs import ModelSpec
from rest_surface.documents import document_fields
from rest_surface.parameters import list_query, parameter_path

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
        given = {"filter": read_text(filter) if filter else None, "search": search, "sort": sort}
        numbers = {"limit": limit, "offset": offset}
        with naming_options("the list cannot be read", _option):
            query = list_query({name: str(value) for name, value in (given | numbers).items() if value is not None})
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
        _print_one(services, spec, await services.data.create(spec, LOCAL_OWNER, read_object("--input", input)))

    run(work)


@models.command()
def update(model: Model, id: Id, input: Input) -> None:
    """Change the given fields of a document."""

    async def work(services: Services) -> None:
        spec = _spec(services, model)
        _print_one(services, spec, await services.data.update(spec, LOCAL_OWNER, id, read_object("--input", input)))

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


def _option(path: FieldPath) -> FieldPath:
    name, *rest = parameter_path(path)
    return (f"--{name}", *rest)


def _print(services: Services, spec: ModelSpec, rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    shaped = [_shape(services, spec, row) for row in rows]
    if as_json:
        print_json(shaped)
        return
    columns = ["id", *(name for name in _columns(spec) if name != "id")]
    print_table(columns, [[row.get(name) for name in columns] for row in shaped])


def _columns(spec: ModelSpec) -> list[str]:
    named = [spec.object.by_name[name].wire for name in spec.ui.get("list_fields", ()) if name in spec.object.by_name]
    return named or [one.wire for one in spec.object.fields if one.sortable][:6]


def _print_one(services: Services, spec: ModelSpec, row: Mapping[str, Any]) -> None:
    print_json(_shape(services, spec, row))


def _shape(services: Services, spec: ModelSpec, row: Mapping[str, Any]) -> dict[str, Any]:
    return services.data.reader.shape(spec.object, row, document_fields(spec))
