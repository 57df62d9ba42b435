"""``jobhunter runs …``: what ran, how it ended, what it said; stop it or run it again."""

import json
import sys
from typing import Annotated, Any

import typer

from cli.output import print_execution, print_json, print_table
from cli.session import run
from cli.text import read_object
from core.access import LOCAL_OWNER
from core.actions import Query, Sort
from core.reads import dump_json
from core.renderers import Services
from core.runs.lifecycle import TaskRunStatus

runs = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The run's id")]
_COLUMNS = ("id", "operation_name", "status", "trigger", "principal", "created_at", "duration_ms", "error_message")


@runs.command(name="list")
def list_(
    operation: Annotated[str | None, typer.Option(help="Only runs of this operation")] = None,
    status: Annotated[TaskRunStatus | None, typer.Option(help="Only runs that stand so")] = None,
    limit: Annotated[int, typer.Option(help="How many at most")] = 20,
) -> None:
    """The newest runs first."""

    async def work(services: Services) -> None:
        conditions = {"operation_name": operation, "status": status}
        given = {name: {"eq": value} for name, value in conditions.items() if value is not None}
        newest = (Sort(field="created_at", descending=True),)
        model = services.catalog.models["TaskRun"]
        page = await services.data.list(model, LOCAL_OWNER, Query(filter=given, sorting=newest, limit=limit))
        print_table(list(_COLUMNS), [[dump_json(row).get("_id" if name == "id" else name) for name in _COLUMNS]
                                     for row in page.rows])  # fmt: skip

    run(work)


@runs.command()
def show(id: Id) -> None:
    """One run with its input, output, error and the documents it touched, as JSON."""

    async def work(services: Services) -> None:
        print_json(json.loads((await services.runs.get(id, LOCAL_OWNER)).model_dump_json()))

    run(work)


@runs.command()
def logs(
    id: Id, follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends")] = False
) -> None:
    """What the run logged."""

    async def work(services: Services) -> None:
        if follow:
            async for line in services.runs.watch_logs(id, LOCAL_OWNER):
                _print_line(line)
        else:
            for line in await services.runs.logs(id, LOCAL_OWNER):
                _print_line(line)

    run(work)


@runs.command()
def watch(id: Id) -> None:
    """Follow a run until it ends; the exit status is 0 where it went well."""

    async def work(services: Services) -> Any:
        last = None
        async for found in services.runs.watch(id, LOCAL_OWNER):
            last = found
            progress = f" {found.progress.fraction:.0%} {found.progress.message or ''}" if found.progress else ""
            print(f"{found.status.value}{progress}", flush=True)
        return last

    last = run(work)
    sys.exit(0 if last is not None and last.status.value == "success" else 1)


@runs.command()
def cancel(id: Id) -> None:
    """Stop a run: at once while it is pending, at its next await while it is running."""

    async def work(services: Services) -> None:
        found = await services.runs.cancel(id, LOCAL_OWNER)
        print(f"run {found.id}: {found.status.value}{' (asked to stop)' if not found.status.is_final else ''}")

    run(work)


@runs.command()
def replay(
    id: Id,
    input: Annotated[
        str | None, typer.Option("--input", help="Another input: JSON, @FILE, or -", metavar="JSON")
    ] = None,
) -> None:
    """Run it again with its own input, or another, as a new run."""

    async def work(services: Services) -> None:
        changed = None if input is None else read_object("--input", input)
        print_execution(await services.runs.replay(id, LOCAL_OWNER, input=changed, trigger="cli"))

    run(work)


def _print_line(line: Any) -> None:
    print(f"{line.at:%H:%M:%S} {line.level:<8} {line.message}", flush=True)
