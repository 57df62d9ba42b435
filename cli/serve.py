"""``jobhunter serve``: the application on uvicorn, with what a person needs to know printed first."""

import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import fail, log_to_stderr
from core.errors import CoreError, Unavailable

_GRACE = 3
"""Seconds that open requests and streams have after SIGTERM. Runs have ``run_drain`` after that, so that the process is
gone within ten."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; beyond loopback needs authentication")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to listen on", min=1, max=65535)] = 8000,
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
        sockets = _listen(host, port)
    except CoreError as error:
        fail(error)
    _announce(server_of(settings), host, port)
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=_GRACE, ws="websockets-sansio",
        ws_max_size=4 * settings.max_body_bytes,  # in bytes; the surface counts characters
    )  # fmt: skip
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends; it is raised once more when everything has
        uvicorn.Server(config).run(sockets)


def _listen(host: str, port: int) -> list[socket.socket]:
    """Sockets of every address the host has, made before anything else starts: a port in use says so at once.

    Raises:
        Unavailable: the port is taken, or the host is none of this machine's.
    """
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            made = socket.socket(family, kind, protocol)
            sockets.append(made)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(address)
    except OSError as error:
        for made in sockets:
            made.close()
        raise Unavailable(
            f"cannot listen on {host} port {port}: {error.strerror}; choose with --host, --port"
        ) from error
    return sockets


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
