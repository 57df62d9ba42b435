"""The schema as a file: the one in the repository, and the commands that write and compare it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.inspection import take_catalog
from core.registries import Registry
from graphql_surface.export import breaking_changes, to_sdl

ROOT = Path(__file__).parent.parent.parent


def jobhunter(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CORE_", "MONGODB_"))}
    return subprocess.run(
        [sys.executable, "-m", "cli", "schema", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def exported() -> str:
    done = jobhunter("export")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_schema_in_the_repository_is_the_examples_own(exported: str):
    """Stale? ``make schema`` writes it anew."""
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == exported


def test_a_schema_breaks_nothing_against_itself(tmp_path: Path, exported: str):
    old = tmp_path / "old.graphql"
    old.write_text(exported, encoding="utf-8")
    assert jobhunter("check", str(old)).returncode == 0


def test_breaking_changes_are_named_and_fail(tmp_path: Path, exported: str):
    old = tmp_path / "old.graphql"
    old.write_text(exported.replace("type PageInfo {", "type PageInfo {\n  total: Int!\n", 1), encoding="utf-8")
    done = jobhunter("check", str(old))
    assert done.returncode == 1
    assert "FIELD_REMOVED: Field PageInfo.total was removed." in done.stdout


@pytest.mark.parametrize("text", [None, "type Query {", "\udcff"])
def test_what_is_no_schema_is_an_error_and_no_traceback(tmp_path: Path, text: str | None):
    old = tmp_path / "old.graphql"
    if text is not None:
        old.write_bytes(text.encode("utf-8", "surrogateescape"))
    done = jobhunter("check", str(old))
    assert done.returncode == 2
    assert str(old) in done.stderr
    assert "Traceback" not in done.stderr


def test_the_order_of_declarations_makes_no_difference(registry: Registry):
    first = to_sdl(take_catalog(registry))
    registry.models.update({name: registry.models.pop(name) for name in list(registry.models)[::-1]})
    assert to_sdl(take_catalog(registry)) == first
    assert breaking_changes(first, first) == []
