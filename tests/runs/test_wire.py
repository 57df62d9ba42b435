"""A database that goes away, comes back, or takes its time: runs end once and are recorded, or say so."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo.errors import PyMongoError

from core import TaskRun, current_run, operation
from core.access import LOCAL_OWNER
from core.database.embedded.process import ensure_server, socket_path
from core.errors import OperationFailed, Unavailable
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.recovery import Recovery
from core.runs.service import Runs
from core.settings import Settings
from core.testing import test_database
from tests.data.standalone import error, standalone
from tests.runs import application
from tests.runs.conftest import until
from tests.runs.inputs import Done, Errand
from tests.runs.processes import Wire, wire


class Once(dict[str, Any]):
    """Faults that strike once."""

    def get(self, key: str, default: Any = None) -> Any:
        return self.pop(key, default)


@pytest.fixture
async def line() -> AsyncIterator[Wire]:
    async with wire() as found:
        yield found


@pytest.fixture
async def runs(app: Registry, settings: Settings, line: Wire) -> AsyncIterator[Runs]:
    """The service, connected over a wire that can be cut."""
    update = {"mongodb_uri": SecretStr(line.uri), "database_timeout": 3.0, "query_timeout": 3.0, "run_lease": 3.0}
    settings = settings.model_copy(update=update)

    @operation()
    async def meddles(input: Errand) -> Done:
        current_run().log(f"this is {input.label}")
        await application.Effect(label=input.label).insert()
        if input.label == "cut before":
            line.cut_before = b"findAndModify"
        elif input.label == "cut after":
            line.cut_after = b"findAndModify"
        elif input.label == "gone":
            await line.close()
            asyncio.get_running_loop().call_later(input.seconds, lambda: asyncio.ensure_future(line.open()))
        elif input.label == "in the middle":
            line.cut_before = b"effects"
            await application.Effect(label="never").insert()
        return Done(label=input.label)

    async with test_database(settings=settings):
        yield Runs(take_catalog(app), settings)
        line.delay = 0


async def start(runs: Runs, label: str, seconds: float = 0, **options: Any) -> Any:
    data = {"label": label, "seconds": seconds}
    return await runs.start("meddles", data, principal=LOCAL_OWNER, trigger="rest", **options)


@pytest.mark.parametrize("label", ["cut before", "cut after"])
async def test_a_final_write_whose_connection_drops_is_written_once(runs: Runs, label: str) -> None:
    done = await start(runs, label)
    (run,) = await TaskRun.find().to_list()
    assert (run.status, run.output) == ("success", {"label": label})
    assert (done.run.finished_at, done.run.duration_ms) == (run.finished_at, run.duration_ms)
    assert await application.Effect.find().count() == 1


async def test_a_first_write_whose_answer_is_lost_is_written_once(runs: Runs, line: Wire) -> None:
    for cut in ("cut_before", "cut_after"):
        setattr(line, cut, b"findAndModify")
        await start(runs, cut)
    assert [run.status for run in await TaskRun.find().to_list()] == ["success", "success"]
    assert await application.Effect.find().count() == 2


async def test_a_connection_that_drops_in_the_middle_fails_the_run_and_it_is_closed(runs: Runs) -> None:
    with pytest.raises(OperationFailed) as caught:
        await start(runs, "in the middle")
    assert isinstance(caught.value.__cause__, PyMongoError)
    run = await runs.get(caught.value.task_run_id, LOCAL_OWNER)
    assert (run.status, run.result_refs_total) == ("failed", 1)


async def test_a_database_that_is_away_for_a_moment_costs_the_run_nothing(runs: Runs) -> None:
    done = await start(runs, "gone", 1.0)
    assert (await runs.get(done.run.id, LOCAL_OWNER)).status == "success"
    assert [line.message for line in await runs.logs(done.run.id, LOCAL_OWNER)] == ["this is gone"]


@pytest.mark.parametrize(
    ("code", "kept"), [(91, ["info one", "info two"]), (13, ["warning 2 lines were lost: not now"])]
)
async def test_a_journal_waits_for_the_database_and_says_what_it_lost_where_that_refuses(
    app: Registry, settings: Settings, tmp_path: Path, code: int, kept: list[str]
) -> None:
    @operation()
    async def talks(input: Errand) -> Done:
        current_run().log("one")
        current_run().log("two")
        return Done()

    ensure_server(settings.data_dir)
    async with standalone(socket_path(settings.data_dir.resolve()), tmp_path / "mongod.sock") as server:
        settings = settings.model_copy(update={"mongodb_uri": SecretStr(server.uri)})
        async with test_database(settings=settings):
            runs = Runs(take_catalog(app), settings)
            server.faults = Once(insert=error(code, "not now"))
            done = await runs.start("talks", {}, principal=LOCAL_OWNER, trigger="rest")
            assert done.run.status == "success"
            assert not server.faults, "the database refused once"
            lines = await runs.logs(done.run.id, LOCAL_OWNER)
    assert [f"{line.level} {line.message}" for line in lines] == kept


@pytest.mark.slow
async def test_a_database_that_stays_away_is_told_and_the_run_ends_as_interrupted(
    runs: Runs, settings: Settings
) -> None:
    with pytest.raises(Unavailable):
        await start(runs, "gone", 4.5)

    async def interrupted() -> bool:
        await Recovery(settings).sweep()
        (run,) = await TaskRun.find().to_list()
        return run.status == "interrupted"

    await until(interrupted)


async def test_a_database_that_does_not_answer_is_unavailable_in_time(runs: Runs, line: Wire) -> None:
    line.delay = 8.0
    began = time.monotonic()
    with pytest.raises(Unavailable, match="took no write"):
        await start(runs, "slow")
    assert time.monotonic() - began < 4
    assert await asyncio.wait_for(_after(line), 20) == 0, "and the operation did not run"


async def _after(line: Wire) -> int:
    line.delay = 0
    return await application.Effect.find().count()
