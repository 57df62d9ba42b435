"""Linter, code generator and inspector have nothing to say against the schema, the example's and one of every type."""

import os
import subprocess
from pathlib import Path

import pytest

from core.decorators import datamodel
from core.inspection import take_catalog
from core.registries import Registry
from graphql_surface.export import to_sdl
from tests.graphql.every_type import declare_every_type
from tests.transport.nodes import npm_ci

pytestmark = pytest.mark.node

HERE = Path(__file__).parent
PROVIDERS = HERE.parent / "providers"
EXAMPLE = HERE.parent.parent / "schema.graphql"
RULES = (
    "types-have-descriptions", "fields-have-descriptions", "input-object-values-have-descriptions",
    "enum-values-have-descriptions", "arguments-have-descriptions", "deprecations-have-a-reason",
    "types-are-capitalized", "fields-are-camel-cased", "input-object-values-are-camel-cased",
    "defined-types-are-used", "descriptions-are-capitalized",
)  # fmt: skip


@pytest.fixture(params=["example", "every type"])
def schema(request: pytest.FixtureRequest, registry: Registry, tmp_path: Path) -> Path:
    if request.param == "example":
        return EXAMPLE
    declare_every_type(datamodel)
    path = tmp_path / "schema.graphql"
    path.write_text(to_sdl(take_catalog(registry)), encoding="utf-8")
    return path


def run(folder: Path, *command: str, **environment: str) -> str:
    npm_ci(folder)
    done = subprocess.run(
        ["npx", "--no-install", *command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_linter_finds_nothing(schema: Path):
    out = run(PROVIDERS, "graphql-schema-linter", "--rules", ",".join(RULES), str(schema))
    assert "0 errors detected" in out


def test_the_inspector_reads_it_and_finds_the_documents_valid(schema: Path):
    assert "No changes detected" in run(HERE, "graphql-inspector", "diff", str(schema), str(schema))
    assert "All documents are valid" in run(HERE, "graphql-inspector", "validate", "operations.graphql", str(EXAMPLE))


def test_the_code_generator_makes_types_of_it(tmp_path: Path):
    run(HERE, "graphql-codegen", "--config", "codegen.mjs", SCHEMA=str(EXAMPLE), OUT=str(tmp_path))
    types = (tmp_path / "types.ts").read_text(encoding="utf-8")
    assert "export type Job = {" in types
    assert "export type JobsQuery = " in types
