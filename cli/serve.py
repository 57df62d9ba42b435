"""``jobhunter serve``: the application on uvicorn, with what a person needs to know printed first."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import fail, log_to_stderr
from core.errors import CoreError

_GRACE = 3
"""Seconds that open requests and streams have after SIGTERM. Runs have ``run_drain`` after that, so that the process is
gone within ten."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; beyond loopback needs authentication")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to listen on")] = 8000,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the embedded database [default: .core]")] = None,
    sample: Annotated[
        bool, typer.Option("--sample/--no-sample", help="Fill an empty database with sample data")
    ] = True,
    insecure_no_authentication: Annotated[
        bool, typer.Option("--insecure-no-authentication", help="Let everybody who reaches the port do everything")
    ] = False,
) -> None:
    """Serve GraphQL, REST and the web pages."""
    import uvicorn  # all of the application: more than the other commands should wait for

    from cli.app import create_app
    from cli.sample import seed_sample_data
    from core.authentication import check_exposure
    from core.database.connection import server_of
    from core.settings import read_settings

    log_to_stderr()
    try:
        settings = read_settings(
            data_dir=data_dir,
            sample_data=None if sample else False,
            insecure_no_authentication=insecure_no_authentication or None,
        )
        check_exposure(host, settings)
        app = create_app(settings, on_startup=seed_sample_data)
    except CoreError as error:
        fail(error)
    _announce(server_of(settings), host, port)
    uvicorn.run(
        app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=_GRACE, ws="websockets-sansio",
        ws_max_size=4 * settings.max_body_bytes,  # in bytes; the surface counts characters
    )  # fmt: skip


def _announce(database: str, host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    lines = (
        ("Database", database),
        ("GraphQL", f"{address}/graphql"),
        ("REST", f"{address}/docs"),
        ("Start page", f"{address}/"),
    )
    for label, value in lines:
        print(f"{label:<11} {value}", file=sys.stderr)
