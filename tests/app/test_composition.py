"""Other applications: by setting, by pyproject, under a command of their own, and inside a FastAPI application."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from beanie import DocumentWithSoftDelete
from fastapi import FastAPI
from pymongo import AsyncMongoClient

from cli.app import mount
from core import datamodel
from core.database.connection import client_of_loop, init_database
from core.registries import Registry
from core.settings import default_settings
from core.testing import test_database as a_database
from tests.server import running_server

ACME = """
from beanie import Document
from pydantic import BaseModel
from core import datamodel, operation

@datamodel(name="Rocket")
class Rocket(Document):
    name: str

class Launch(BaseModel):
    name: str
    stages: int = 1

class Launched(BaseModel):
    rocket_id: str

@operation(name="launch", models_out=["Rocket"])
async def launch(input: Launch) -> Launched:
    rocket = await Rocket(name=input.name).insert()
    return Launched(rocket_id=str(rocket.id))
"""


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "__init__.py").touch()
    (tmp_path / "acme" / "models.py").write_text(ACME)
    (tmp_path / "acme" / "cli.py").write_text("from cli import build_cli\n\nbuild_cli('acme')()\n")
    return tmp_path


def _environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CORE_", "MONGODB_"))}
    return {**kept, "CORE_DATA_DIR": str(folder / "data"), **settings}


def _run(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=_environment(folder, **settings), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


def test_modules_of_the_environment_replace_the_example(acme: Path) -> None:
    with running_server(acme, environment={"CORE_MODULES": "acme.models"}) as server:
        made: Any = server.graphql('mutation { launch(input: {name: "V"}) { output { rocketId } } }')
        assert made["data"]["launch"]["output"]["rocketId"]
        missing: Any = server.graphql("{ jobs { totalCount } }")
        assert "jobs" in missing["errors"][0]["message"]


def test_pyproject_names_the_modules_and_the_command_has_the_applications_name(acme: Path) -> None:
    (acme / "pyproject.toml").write_text('[tool.core]\nmodules = ["acme.models"]\n')
    listed = _run(acme, "-m", "acme.cli", "ops", "--help", NO_COLOR="1", TERM="dumb")
    assert "launch" in listed.stdout, listed.stderr
    assert "scrape_jobs" not in listed.stdout
    done = _run(acme, "-m", "acme.cli", "ops", "launch", "--name", "V", "--stages", "3")
    assert "rocket_id" in done.stdout, done.stderr


def test_a_module_that_is_not_there_is_named_with_the_remedy(acme: Path) -> None:
    done = _run(acme, "-m", "cli", "serve", CORE_MODULES="acme.model")
    assert done.returncode != 0
    assert "'acme.model' is not found" in done.stderr
    assert "CORE_MODULES" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cli_module_in_the_working_folder_does_not_shadow_ours(acme: Path) -> None:
    (acme / "cli.py").write_text("raise SystemExit('the wrong cli')\n")
    script = Path(sys.executable).parent / "jobhunter"
    done = subprocess.run(
        [script, "ops", "launch", "--name", "V"], cwd=acme, env=_environment(acme, CORE_MODULES="acme.models"),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "rocket_id" in done.stdout, done.stderr


def test_a_cli_module_that_python_finds_first_is_named_with_the_remedy(acme: Path) -> None:
    (acme / "cli.py").write_text("raise SystemExit('the wrong cli')\n")
    script = Path(sys.executable).parent / "jobhunter"
    environment = _environment(acme, PYTHONPATH=str(acme))
    done = subprocess.run([script, "ops"], cwd=acme, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert str(acme / "cli.py") in done.stderr
    assert "PYTHONPATH" in done.stderr


def test_a_bad_declaration_stops_the_server_with_one_clear_message(acme: Path) -> None:
    (acme / "acme" / "models.py").write_text(
        ACME.replace('name="Rocket"', 'name="Rocket", ui={"list_fields": ["nam"]}')
    )
    done = _run(acme, "-m", "cli", "serve", CORE_MODULES="acme.models")
    assert done.returncode != 0
    assert "model Rocket (acme.models.Rocket): list_fields names 'nam'" in done.stderr
    assert "Traceback" not in done.stderr


async def test_everything_mounts_into_an_application_with_its_own_lifespan_and_client(registry: Registry) -> None:
    namespace: dict[str, Any] = {"__name__": "acme_mounted"}
    exec(ACME, namespace)
    events: list[str] = []
    settings = default_settings()
    own_client: list[AsyncMongoClient[dict[str, Any]]] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        events.append("theirs starts")
        await init_database(settings, documents=[])
        uri_client = client_of_loop()
        own_client.append(uri_client)
        yield
        events.append("theirs ends")

    app = FastAPI(lifespan=lifespan)

    @app.get("/own")
    async def own() -> str:
        return "own route"

    mount(app, settings, registry, client=lambda: own_client[0])
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for _ in range(100):
                if (await client.get("/ready")).status_code == 200:
                    break
                await asyncio.sleep(0.1)
            made = await client.post(
                "/graphql", json={"query": 'mutation { launch(input: {name: "V"}) { output { rocketId } } }'}
            )
            assert made.json()["data"]["launch"]["output"]["rocketId"]
            assert (await client.get("/own")).json() == "own route"
    assert events == ["theirs starts", "theirs ends"]
    assert await own_client[0].admin.command("ping")  # left open: it is theirs
    await own_client[0].close()


async def test_a_document_may_be_declared_after_another_of_its_base_was_bound(registry: Registry) -> None:
    @datamodel()
    class Early(DocumentWithSoftDelete):
        name: str

    async with a_database():
        assert (await Early(name="a").insert()).id

        @datamodel()
        class Late(DocumentWithSoftDelete):
            name: str

        await init_database(default_settings().model_copy(update={"mongodb_database": "tests_late"}), documents=[Late])
        assert Late(name="b").id is None
        await client_of_loop().drop_database("tests_late")
