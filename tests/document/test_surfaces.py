"""Surfaces made by hand from the registries: REST routes in a FastAPI application, commands in a Typer application."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from fastapi import FastAPI
from typer.testing import CliRunner

from cli.ops import create_typer_command
from core.database.connection import Database
from core.examples.models.models import Job, TestItem
from core.examples.operations.test_ops import create_item
from core.registries import ModelRegistry, OperationRegistry, Registry
from rest_surface import mount_model_routes, mount_operation_route
from tests.document.sections import proves


@pytest.fixture
async def client(example: Registry, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    for model_info in ModelRegistry.list_all():
        mount_model_routes(app, model_info)
    for op_meta in OperationRegistry.list_all():
        mount_operation_route(app, op_meta)
    async with _client(app) as found:
        yield found


@asynccontextmanager
async def _client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        yield client


@proves("API (FastAPI)", 1)
async def test_a_loop_over_the_models_mounts_create_read_update_and_delete(client: httpx.AsyncClient) -> None:
    created = await client.post("/models/TestItem/", json={"name": "Test", "value": 42})
    assert created.status_code == 201
    path = f"/models/TestItem/{created.json()['id']}"
    listed = (await client.get("/models/TestItem/")).json()
    assert [item["name"] for item in listed["items"]] == ["Test"]
    assert (await client.get(path)).json()["value"] == 42
    assert (await client.put(path, json={"value": 43})).json()["value"] == 43
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert await TestItem.count() == 0


@proves("API (FastAPI)", 1)
async def test_a_loop_over_the_operations_mounts_each(client: httpx.AsyncClient) -> None:
    answer = await client.post("/operations/create_item/", json={"name": "Test", "value": 42})
    assert answer.status_code == 200
    item = await TestItem.get(answer.json()["output"]["item_id"])
    assert item is not None
    assert item.name == "Test"
    await Job(title="Python Developer", company="Acme").insert()
    found = (await client.post("/operations/search_jobs/", json={"keywords": "python"})).json()
    assert found["output"]["count"] == 1
    assert (await client.post("/operations/create_item/", json={"name": "Test"})).status_code == 422


@proves("CLI (Typer)", 1)
def test_a_loop_over_the_operations_makes_a_command_of_each(example: Registry) -> None:
    assert create_item is not None  # its module brings the operations
    cli = typer.Typer()
    for op_meta in OperationRegistry.list_all():
        if op_meta.implementation.__module__.startswith("core.examples"):
            create_typer_command(cli, op_meta)
    result = CliRunner().invoke(cli, ["create_item", "--help"], env={"COLUMNS": "120", "NO_COLOR": "1"})
    assert result.exit_code == 0
    assert "--name" in result.output
    assert "--value" in result.output


@proves("CLI (Typer)", 1)
def test_the_command_line_of_the_document_runs_the_operation(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "ops", "create_item", "--name", "Test", "--value", "42"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={"CORE_DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    output: dict[str, Any] = json.loads(done.stdout)
    assert output["success"] is True
    assert output["item_id"]
