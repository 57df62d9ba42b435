"""``jobhunter db …``: the embedded database in the foreground."""

from pathlib import Path
from typing import Annotated

import typer

from core.database.embedded.server import serve as serve_database

db = typer.Typer(no_args_is_help=True)


@db.callback()
def describe() -> None:
    """The embedded database."""


@db.command()
def serve(
    data_dir: Annotated[Path, typer.Option(help="Folder of the database")] = Path(".core"),
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1")] = 27017,
) -> None:
    """Serve the folder to any MongoDB client, until Ctrl-C."""
    print(f"mongodb://127.0.0.1:{port}/?directConnection=true", flush=True)
    serve_database(data_dir, port=port)
