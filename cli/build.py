"""The command line of an application: ``build_cli("acme")`` gives a Typer application of that name."""

from typing import Any

import typer
from typer.core import TyperGroup

from cli.db import db
from cli.keys import keys
from cli.models import models
from cli.ops import create_typer_command
from cli.runs import runs
from cli.schema import schema
from cli.serve import serve
from cli.session import fail
from cli.worker import worker
from core.errors import CoreError
from core.services import build_services


class _Operations(TyperGroup):
    """Commands made when they are asked for: importing an application takes longer than ``--help`` should."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self._made().commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return self._made().commands.get(cmd_name)

    def _made(self) -> Any:
        if not self.commands:
            self.commands.update(_operation_commands())
        return self


def _operation_commands() -> dict[str, Any]:
    try:
        services = build_services()
    except CoreError as error:
        fail(error)
    made = typer.Typer()
    made.callback()(lambda: None)  # keeps a lone command a command of the group
    for operation in services.catalog.operations.values():
        create_typer_command(made, operation, services)
    group: Any = typer.main.get_command(made)
    return group.commands


def build_cli(name: str = "jobhunter") -> typer.Typer:
    """The commands every application has, and its operations under ``ops``.

    Which application it is say the settings (``CORE_MODULES``, ``[tool.core] modules``). For a console script of your
    own: ``cli = build_cli("acme")`` and ``[project.scripts] acme = "acme.cli:cli"``.
    """
    cli = typer.Typer(name=name, no_args_is_help=True, pretty_exceptions_enable=False)
    cli.callback()(_describe)
    cli.command()(serve)
    cli.command()(worker)
    cli.add_typer(typer.Typer(cls=_Operations, no_args_is_help=True), name="ops", help="Run an operation")
    for group, group_name, text in (
        (models, "models", "Read and write stored documents"),
        (runs, "runs", "Look at, cancel and replay runs"),
        (schema, "schema", "Export and compare the GraphQL schema"),
        (db, "db", "The embedded database: serve, export, import"),
        (keys, "keys", "API keys: create, list, revoke"),
    ):
        cli.add_typer(group, name=group_name, help=text)
    return cli


def _describe() -> None:
    """Declared once, served everywhere: GraphQL, REST, this command line and a web UI."""
