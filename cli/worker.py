"""``jobhunter worker``: start a process that executes background runs."""

from typing import Annotated

import typer


def worker(
    concurrency: Annotated[int | None, typer.Option(help="Runs at once; CORE_RUN_CONCURRENCY by default")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only runs of this operation; may be repeated")] = None,
) -> None:
    """Execute background runs until SIGTERM or Ctrl-C; start as many of these as you like."""
    from cli.worker_process import work  # all of the application: more than the other commands should wait for

    work(concurrency, only or [])
