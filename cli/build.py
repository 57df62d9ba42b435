"""The command line of an application: ``build_cli("acme")`` gives a Typer application of that name."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from cli.serve import serve
from cli.worker import worker

Commands = Mapping[str, Any]

_GROUPS = (
    ("models", "Read and write stored documents"),
    ("runs", "Look at, cancel and replay runs"),
    ("schema", "Export and compare the GraphQL schema"),
    ("db", "The embedded database: serve, export, import"),
    ("keys", "API keys: create, list, revoke"),
)
"""Each is the Typer application of its name in the module of its name."""


def build_cli(name: str = "jobhunter") -> typer.Typer:
    """The commands every application has, and its operations under ``ops``.

    Which application it is say the settings (``CORE_MODULES``, ``[tool.core] modules``). For a console script of your
    own: ``cli = build_cli("acme")`` and ``[project.scripts] acme = "acme.cli:cli"``.
    """
    cli = typer.Typer(name=name, no_args_is_help=True, pretty_exceptions_enable=False)
    cli.callback()(_describe)
    cli.command()(serve)
    cli.command()(worker)
    cli.add_typer(typer.Typer(cls=_lazy(_operations)), name="ops", help="Run an operation", no_args_is_help=True)
    for group, text in _GROUPS:
        cli.add_typer(typer.Typer(cls=_lazy(_loader(group))), name=group, help=text, no_args_is_help=True)
    return cli


def _describe() -> None:
    """Declared once, served everywhere: GraphQL, REST and this command line."""


def _lazy(load: Callable[[], Commands]) -> type[TyperGroup]:
    """A group whose commands are made when they are asked for: ``--help`` should not import a whole application."""

    class Lazy(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return list(self._loaded())

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            return self._loaded().get(cmd_name)

        def _loaded(self) -> Commands:
            if not self.commands:
                self.commands.update(load())
            return self.commands

    return Lazy


def _loader(group: str) -> Callable[[], Commands]:
    return lambda: _commands_of(getattr(import_module(f"cli.{group}"), group))


def _operations() -> Commands:
    return _commands_of(import_module("cli.ops").operations_cli())


def _commands_of(made: typer.Typer) -> Commands:
    group: Any = typer.main.get_command(made)
    return group.commands
