"""``jobhunter schema …``: the GraphQL schema as a file, and what a change of it breaks."""

from pathlib import Path
from typing import Annotated

import typer
from graphql import GraphQLError

from cli.errors import fail
from core.errors import CoreError, InputError
from core.inspection import take_catalog
from core.loading import load_modules
from core.registries import current_registry
from core.settings import default_settings
from graphql_surface.export import breaking_changes, to_sdl

schema = typer.Typer(no_args_is_help=True)


@schema.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; standard output without")] = None,
) -> None:
    """Write the GraphQL schema (SDL), sorted. It needs no database."""
    text = _current()
    if file is None:
        print(text, end="")
    else:
        file.write_text(text, encoding="utf-8")


@schema.command()
def check(old: Annotated[Path, typer.Argument(help="A schema exported before")]) -> None:
    """Name what clients of the schema OLD can no longer do, and fail if there is anything."""
    try:
        found = breaking_changes(old.read_text(encoding="utf-8"), _current())
    except OSError as error:
        fail(InputError(f"{old} cannot be read: {error.strerror}"))
    except (GraphQLError, UnicodeDecodeError) as error:
        fail(InputError(f"{old} is no GraphQL schema: {error}"))
    for change in found:
        print(change)
    if found:
        print(f"{len(found)} breaking changes since {old}" if len(found) > 1 else f"1 breaking change since {old}")
        raise typer.Exit(1)


def _current() -> str:
    try:
        load_modules(default_settings())
        return to_sdl(take_catalog(current_registry()))
    except CoreError as error:
        fail(error)
