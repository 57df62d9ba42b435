"""How commands print: JSON, in colour where a person looks at it."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.json import JSON
from rich.table import Table

from core.runs.options import Execution


def print_json(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    if sys.stdout.isatty():
        Console().print(JSON(text))
    else:
        print(text)


def print_execution(execution: Execution) -> None:
    """The output on standard output, for the next program; the run's id on standard error, for the person."""
    print(f"run {execution.run.id}: {execution.run.status.value}", file=sys.stderr)
    if execution.output is not None:
        print_json(json.loads(execution.output.model_dump_json(by_alias=True)))


def print_table(columns: list[str], rows: list[list[Any]]) -> None:
    """A table for a terminal; lines with tabs between the cells for another program."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(_cell(value) for value in row))
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*map(_cell, row))
    Console().print(table)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
