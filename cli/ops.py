"""``jobhunter ops …``: a command an operation, made from the catalog when it is first asked for."""

import inspect
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.arguments import InputOptions
from cli.errors import fail, naming_options
from cli.output import print_execution
from cli.session import run
from cli.text import read_object
from core.access import LOCAL_OWNER
from core.errors import CoreError, InputError
from core.registries import OperationMetadata
from core.renderers import Services
from core.runs.options import Execution, RunMode, RunOptions
from core.services import build_services, default_services
from core.specs import OperationSpec

_RUN_OPTIONS = (
    inspect.Parameter("whole", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[
        str | None, typer.Option("--input", help="The whole input: JSON, @FILE, or - for stdin", metavar="JSON")]),
    inspect.Parameter("background", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[
        bool, typer.Option("--background", help="Queue the run for a worker and print its id")]),
    inspect.Parameter("key", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[
        str | None, typer.Option("--idempotency-key", help="Runs of this operation with one key happen once")]),
    inspect.Parameter("timeout", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[
        float | None, typer.Option("--timeout", help="Seconds until the run is stopped")]),
)  # fmt: skip
_TAKEN = ("input", "background", "idempotency-key", "timeout", "help")
"""Options that every operation's command has."""


def operations_cli() -> typer.Typer:
    """A command for each operation of the application that the settings name."""
    try:
        services = build_services()
    except CoreError as error:
        fail(error)
    cli = typer.Typer()
    cli.callback()(lambda: None)  # keeps a lone operation a command of its name
    for operation in services.catalog.operations.values():
        create_typer_command(cli, operation, services)
    return cli


def create_typer_command(
    cli: typer.Typer, operation: OperationSpec | OperationMetadata, services: Services | None = None
) -> None:
    """Add the operation to ``cli`` as a command of its name.

    Without ``services`` those of the process's own registry are used, so that a loop over
    ``OperationRegistry.list_all()`` in a command line of one's own works.
    """
    services = services or default_services()
    spec = services.catalog.operations[operation.name]
    options = InputOptions(services.catalog.of(spec.input), _TAKEN)

    def command(*, whole: str | None, background: bool, key: str | None, timeout: float | None, **given: Any) -> None:
        mode = RunMode.BACKGROUND if background else RunMode.WAIT
        how = RunOptions(mode=mode, idempotency_key=key, timeout=timeout)
        try:
            data = {} if whole is None else read_object("--input", whole)
            data.update(options.values(given))
        except InputError as error:
            fail(error)
        with_names = naming_options(f"the input of {spec.name} is not valid", options.named)
        print_execution(run(lambda found: _start(found, spec, data, how, with_names), services))

    parameters = [*options.parameters(), *_RUN_OPTIONS]
    # Typer reads the signature and the annotations; both are the operation's.
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    cli.command(spec.name, help=escape(spec.description) or None, rich_help_panel=spec.category)(command)


async def _start(
    services: Services, spec: OperationSpec, data: dict[str, Any], options: RunOptions,
    names: AbstractContextManager[None],
) -> Execution:  # fmt: skip
    with names:
        return await services.runs.start(spec, data, principal=LOCAL_OWNER, trigger="cli", options=options)
