"""``jobhunter db``: the embedded database in the foreground; all of a database out to a file, and in again."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TextIO

import typer
from pydantic import SecretStr
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from cli.errors import fail
from core.database.connection import unavailable
from core.database.embedded.process import LINGER, ensure_server
from core.database.embedded.server import serve as serve_database
from core.database.transfer import Client, Moved, export_to, import_from
from core.errors import CoreError, Unavailable
from core.settings import Settings, default_settings

db = typer.Typer(no_args_is_help=True)

Uri = Annotated[
    str | None,
    typer.Option(help="A MongoDB server; the one of the settings (MONGODB_URI, or the embedded one) if absent"),
]


@db.callback()
def describe() -> None:
    """The embedded database."""


@db.command()
def serve(
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the database; CORE_DATA_DIR if absent")] = None,
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one", min=0, max=65535)] = 27017,
) -> None:
    """Serve the folder to any MongoDB client until Ctrl-C; prints the URI."""
    folder = data_dir or default_settings().data_dir
    try:
        serve_database(folder, port=port, wait=LINGER + 2)
    except (OSError, ValueError) as error:
        fail(Unavailable(f"cannot serve {folder}: {error}"))


@db.command(name="export")
def export(file: Annotated[Path, typer.Argument(help="File to write; - is standard output")], uri: Uri = None) -> None:
    """Write every database, its collections, indexes and documents, as JSON Lines in extended JSON."""

    def work(client: Client) -> Moved:
        if str(file) == "-":
            return export_to(client, sys.stdout)
        return _into(file, lambda out: export_to(client, out))

    _report("exported", _with_client(uri, work))


@db.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="File to read; - is standard input")],
    uri: Uri = None,
    drop: Annotated[bool, typer.Option("--drop", help="Replace collections of the same names")] = False,
) -> None:
    """Read what export wrote, into any MongoDB server."""

    def work(client: Client) -> Moved:
        if str(file) == "-":
            return import_from(client, sys.stdin, drop=drop)
        with file.open(encoding="utf-8") as lines:
            return import_from(client, lines, drop=drop)

    _report("imported", _with_client(uri, work))


def _into(file: Path, write: Callable[[TextIO], Moved]) -> Moved:
    """A file that is there only once it is whole."""
    part = file.with_name(file.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as out:
            moved = write(out)
        part.replace(file)
        return moved
    finally:
        part.unlink(missing_ok=True)


def _with_client(uri: str | None, work: Callable[[Client], Moved]) -> Moved:
    settings = default_settings()
    if uri is not None:
        settings = settings.model_copy(update={"mongodb_uri": SecretStr(uri)})
    try:
        with _open(settings) as client:
            return work(client)
    except CoreError as error:
        fail(error)
    except OSError as error:
        fail(Unavailable(str(error)))
    except PyMongoError as error:
        fail(unavailable(error, settings) or Unavailable(str(error)))


def _open(settings: Settings) -> Client:
    try:
        uri = settings.mongodb_uri.get_secret_value() if settings.mongodb_uri else ensure_server(settings.data_dir)
        return MongoClient(uri, serverSelectionTimeoutMS=int(settings.database_timeout * 1000))
    except (ValueError, PyMongoError) as error:
        raise Unavailable(f"cannot connect: {error}") from error


def _report(what: str, moved: Moved) -> None:
    print(f"{what} {moved.documents} documents in {moved.collections} collections", file=sys.stderr)
