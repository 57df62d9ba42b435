"""``jobhunter ops …``: a command an operation, made from the catalog when it is first asked for."""

import inspect
import json
import sys
from typing import Annotated, Any

import typer

from cli.arguments import parameters, read_input
from cli.errors import fail
from cli.models import read_text
from cli.output import print_json
from cli.session import run
from core.access import LOCAL_OWNER
from core.errors import CoreError, InputError
from core.registries import OperationMetadata
from core.renderers import Services
from core.runs.options import Execution, RunMode, RunOptions
from core.services import build_services, default_services
from core.specs import OperationSpec

_RESERVED = (
    inspect.Parameter("input_json", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[
        str | None, typer.Option("--input", help="The whole input: JSON, @FILE, or - for stdin", metavar="JSON")]),
    inspect.Parameter("run_mode", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[
        bool, typer.Option("--background", help="Queue the run for a worker and print its id")]),
    inspect.Parameter("idempotency_key", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[
        str | None, typer.Option("--idempotency-key", help="Runs of this operation with one key happen once")]),
    inspect.Parameter("timeout_seconds", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[
        float | None, typer.Option("--timeout", help="Seconds until the run is stopped")]),
)  # fmt: skip


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

    def command(**given: Any) -> None:
        reserved = {parameter.name: given.pop(parameter.name) for parameter in _RESERVED}
        options = RunOptions(
            mode=RunMode.BACKGROUND if reserved["run_mode"] else RunMode.WAIT,
            idempotency_key=reserved["idempotency_key"],
            timeout=reserved["timeout_seconds"],
        )
        try:
            data = read_input(services.catalog, spec, given, _read(reserved["input_json"]))
        except InputError as error:
            fail(error)
        _print(run(lambda found: _start(found, spec, data, options), services))

    taken = [parameter for parameter in parameters(services.catalog, spec) if parameter.name not in _names()]
    # Typer reads the signature and the annotations; both are the operation's.
    command.__signature__ = inspect.Signature([*taken, *_RESERVED])  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*taken, *_RESERVED)}
    cli.command(spec.name, help=spec.description or None, rich_help_panel=spec.category)(command)


def _names() -> set[str]:
    return {parameter.name for parameter in _RESERVED}


async def _start(services: Services, operation: OperationSpec, data: dict[str, Any], options: RunOptions) -> Execution:
    return await services.runs.start(operation, data, principal=LOCAL_OWNER, trigger="cli", options=options)


def _read(given: str | None) -> str | None:
    return None if given is None else read_text(given)


def _print(execution: Execution) -> None:
    """The output on standard output, for the next program; the run's id on standard error, for the person."""
    print(f"run {execution.run.id}: {execution.run.status.value}", file=sys.stderr)
    if execution.output is not None:
        print_json(json.loads(execution.output.model_dump_json(by_alias=True)))
