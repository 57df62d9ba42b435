"""How commands print: JSON, in colour where a person looks at it."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.json import JSON
from rich.table import Table


def print_json(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    if sys.stdout.isatty():
        Console().print(JSON(text))
    else:
        print(text)


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
