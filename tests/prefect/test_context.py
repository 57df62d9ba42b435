"""Runs inside real Prefect flows and tasks carry their ids; without Prefect nothing of it is imported."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from core import TaskRun, operation
from core.database.connection import Database
from core.registries import Registry

prefect = pytest.importorskip("prefect", reason="the extra `prefect` is not installed")


@pytest.fixture(scope="module")
def _prefect_server() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        environment.setenv("DO_NOT_TRACK", "1")
        with prefect_test_harness(server_startup_timeout=120):
            yield


class Number(BaseModel):
    value: int


@pytest.mark.usefixtures("_prefect_server")
@pytest.mark.filterwarnings("default")
async def test_a_run_in_a_flow_names_the_flow_and_in_a_task_the_task(registry: Registry, database: Database) -> None:
    @operation(name="double")
    async def double(input: Number) -> Number:
        return Number(value=input.value * 2)

    @prefect.task
    async def double_task(value: int) -> int:
        return (await double(Number(value=value))).value

    @prefect.flow
    async def doubling() -> tuple[str, int, int]:
        direct = await double(Number(value=1))
        return str(prefect.runtime.flow_run.id), direct.value, await double_task(4)

    flow_run_id, direct, in_task = await doubling()
    assert (direct, in_task) == (2, 8)
    by_input = {run.input_dump["value"]: run for run in await TaskRun.find_all().to_list()}
    assert by_input[1].orchestrated
    assert by_input[1].prefect_flow_run_id == flow_run_id
    assert by_input[1].prefect_task_run_id is None
    assert by_input[4].prefect_flow_run_id == flow_run_id
    assert by_input[4].prefect_task_run_id
    assert by_input[4].trigger == "prefect"

    outside = await double(Number(value=7))
    assert outside.value == 14
    run = await TaskRun.find_one(TaskRun.input_dump == {"value": 7})
    assert run is not None
    assert not run.orchestrated


def test_a_direct_call_does_not_import_prefect(tmp_path: Path) -> None:
    script = tmp_path / "direct.py"
    script.write_text(
        "import asyncio, sys\n"
        "from core.examples.operations.test_ops import create_test_item\n"
        "from core.database.connection import close_database\n"
        "async def main():\n"
        "    await create_test_item(name='a', value=1)\n"
        "    await close_database()\n"
        "asyncio.run(main())\n"
        "print('prefect' in sys.modules)\n"
    )
    environment = {**os.environ, "CORE_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
