"""A disk that is full for a moment costs a run nothing; one that stays full is told, and nothing is lost."""

import asyncio
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core import TaskRun, operation
from core.access import LOCAL_OWNER
from core.errors import OperationFailed, Unavailable
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.recovery import Recovery
from core.runs.service import Runs
from core.settings import Settings
from core.testing import test_database
from tests.embedded.foreground import Foreground, foreground
from tests.runs import application
from tests.runs.conftest import until
from tests.runs.inputs import Done, Errand


def limit(server: Foreground, size: int) -> None:
    """No file of the server may grow past so many bytes."""
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Foreground]:
    with foreground(tmp_path, preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN)) as found:
        yield found


@pytest.fixture
async def runs(app: Registry, settings: Settings, server: Foreground) -> AsyncIterator[Runs]:
    uri = f"mongodb://127.0.0.1:{server.port}/?directConnection=true"
    update = {"mongodb_uri": SecretStr(uri), "database_timeout": 0.5, "query_timeout": 0.5, "run_lease": 3.0}
    settings = settings.model_copy(update=update)

    @operation()
    async def fills(input: Errand) -> Done:
        limit(server, 1)
        asyncio.get_running_loop().call_later(input.seconds, limit, server, resource.RLIM_INFINITY)
        return Done(label=input.label)

    async with test_database(settings=settings):
        yield Runs(take_catalog(app), settings)
        limit(server, resource.RLIM_INFINITY)


async def start(runs: Runs, name: str, **data: Any) -> Any:
    return await runs.start(name, data, principal=LOCAL_OWNER, trigger="rest")


async def test_a_disk_that_is_full_for_a_moment(runs: Runs) -> None:
    done = await start(runs, "fills", label="kept", seconds=1)
    assert (await runs.get(done.run.id, LOCAL_OWNER)).output == {"label": "kept"}


@pytest.mark.slow
async def test_a_disk_that_stays_full(runs: Runs, server: Foreground, settings: Settings) -> None:
    before = await start(runs, "quick", label="before")
    limit(server, 1)
    with pytest.raises(Unavailable):
        await start(runs, "quick", label="refused")
    limit(server, resource.RLIM_INFINITY)
    with pytest.raises((Unavailable, OperationFailed)):
        await start(runs, "fills", seconds=5)

    async def room_again() -> bool:
        await Recovery(settings).sweep()
        return await TaskRun.find({"status": "interrupted"}).count() == 1

    await asyncio.sleep(4)
    await until(room_again)
    assert (await start(runs, "quick", label="after")).run.status == "success"
    assert (await runs.get(before.run.id, LOCAL_OWNER)).status == "success"
    assert {one.label for one in await application.Effect.find().to_list()} == {"before", "after"}
