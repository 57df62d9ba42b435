"""The command line of ``application``, in this process: starting one for each command would take a second each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import core.examples.models
import core.examples.operations  # noqa: F401  (registered before the registry of these tests is opened)
from cli.build import build_cli
from core.registries import isolated_registry
from tests.cli.application import declare

ROOT = Path(__file__).parent.parent.parent
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def acme() -> Iterator[Run]:
    """Runs a command: ``acme("ops", "wait", stdin="…")``."""
    with isolated_registry():
        declare()
        cli = build_cli("acme")

        def run(*arguments: str, stdin: str | None = None) -> Result:
            plain = {"NO_COLOR": "1", "COLUMNS": "200", "TERM": "dumb"}
            result = CliRunner().invoke(cli, list(arguments), input=stdin, env=plain)
            if result.exception and not isinstance(result.exception, SystemExit):
                raise result.exception
            return result

        yield run
