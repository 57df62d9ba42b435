"""However an operation ends, its run is closed and the error reaches the caller with the run's id."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest
from bson import ObjectId
from pydantic import BaseModel

from core import TaskRun, UserError, operation
from core.access import LOCAL_OWNER
from core.database.connection import Database
from core.errors import InputError, LimitExceeded, NotFound, OperationFailed, OperationTimeout
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.lifecycle import TRANSITIONS, TaskRunStatus, may_follow
from core.runs.options import Execution, RunOptions
from core.runs.service import Runs
from core.settings import Settings
from tests.runs import application
from tests.runs.conftest import Commands, until
from tests.runs.inputs import Done, Errand


class Odd(BaseException):
    """Not even an Exception."""


@dataclass(frozen=True)
class Sealed(Exception):
    """Takes no attribute, and so no id of a run."""

    text: str


async def start(runs: Runs, name: str, data: Any = None, **options: Any) -> Execution:
    return await runs.start(name, data or {}, principal=LOCAL_OWNER, trigger="rest", options=RunOptions(**options))


async def only_run() -> TaskRun:
    (run,) = await TaskRun.find().to_list()
    return run


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ValueError("no"), "failed", "OPERATION_FAILED"),
        (UserError("no"), "failed", "OPERATION_FAILED"),
        (TimeoutError("its own"), "failed", "OPERATION_FAILED"),
        (Odd("no"), "failed", "OPERATION_FAILED"),
        (SystemExit(3), "failed", "OPERATION_FAILED"),
        (KeyboardInterrupt(), "failed", "OPERATION_FAILED"),
        (StopIteration("no"), "failed", "OPERATION_FAILED"),
        (asyncio.CancelledError(), "cancelled", "CANCELLED"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value,
)
@pytest.mark.parametrize("in_thread", [False, True], ids=["async", "thread"])
async def test_whatever_is_raised_closes_the_run_and_names_it(
    database: Database, error: BaseException, status: str, code: str, in_thread: bool
) -> None:
    def plain(input: Errand) -> Done:
        raise error

    async def awaited(input: Errand) -> Done:
        raise error

    fails = operation(name="fails")(plain if in_thread else awaited)
    expected = RuntimeError if isinstance(error, StopIteration) else type(error)
    with pytest.raises(expected) as caught:
        await fails(Errand())
    run = await only_run()
    assert (run.status, run.error_code) == (status, code)
    assert caught.value.task_run_id == str(run.id)
    assert f"task run {run.id}" in caught.value.__notes__
    assert run.finished_at is not None
    assert run.duration_ms is not None
    assert run.lease_expires_at is None
    assert "raise error" in (run.error_traceback or "")


async def test_an_error_that_cannot_carry_the_id_is_wrapped(database: Database) -> None:
    @operation()
    async def fails(input: Errand) -> Done:
        raise Sealed("no")

    with pytest.raises(OperationFailed) as caught:
        await fails(Errand())
    run = await only_run()
    assert (caught.value.task_run_id, run.status) == (str(run.id), "failed")
    assert isinstance(caught.value.__cause__, Sealed)


async def test_a_surface_gets_the_run_and_not_the_text_of_the_error(app: Registry, database: Database) -> None:
    @operation()
    async def leaks(input: Errand) -> Done:
        raise ValueError("the password is swordfish")

    @operation()
    async def tells(input: Errand) -> Done:
        raise UserError("choose another label")

    runs = Runs(take_catalog(app), Settings())
    with pytest.raises(OperationFailed) as caught:
        await start(runs, "leaks")
    assert "swordfish" not in str(caught.value)
    assert "swordfish" in (await runs.get(caught.value.task_run_id, LOCAL_OWNER)).error_message
    with pytest.raises(OperationFailed, match="choose another label"):
        await start(runs, "tells")


@pytest.mark.parametrize("name", ["slow", "threaded", "deaf"])
async def test_a_timeout_of_a_call_closes_the_run_though_a_thread_goes_on(runs: Runs, name: str) -> None:
    began = time.monotonic()
    with pytest.raises(OperationTimeout) as caught:
        await start(runs, name, {"seconds": 3}, timeout=0.2)
    assert time.monotonic() - began < 2
    run = await runs.get(caught.value.task_run_id, LOCAL_OWNER)
    assert (run.status, run.error_code) == ("failed", "TIMEOUT")


async def test_a_call_can_shorten_the_timeout_of_the_operation_and_not_stretch_it(app: Registry, database: Database):
    @operation(timeout=0.2)
    async def brief(input: Errand) -> Done:
        await asyncio.sleep(5)
        return Done()

    runs = Runs(take_catalog(app), Settings())
    with pytest.raises(OperationTimeout, match=r"0\.2 s"):
        await start(runs, "brief", timeout=60)


async def test_a_function_that_ignores_its_cancellation_is_left_behind(app: Registry, database: Database) -> None:
    @operation(timeout=0.1)
    async def stubborn(input: Errand) -> Done:
        for _ in range(40):
            try:
                await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                continue
        return Done()

    began = time.monotonic()
    with pytest.raises(OperationTimeout):
        await stubborn(Errand())
    assert time.monotonic() - began < 2.5
    assert (await only_run()).error_code == "TIMEOUT"


async def test_cancelling_the_caller_cancels_the_run(database: Database) -> None:
    call = asyncio.create_task(application.slow(label="x", seconds=30))
    await until(application.Effect.find().count)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await only_run()).status == "cancelled"


async def test_a_wait_run_costs_two_commands_and_its_references_one(database: Database, commands: Commands) -> None:
    await application.quick(label="warm up")

    @operation()
    async def nothing(input: Errand) -> Done:
        return Done()

    commands.seen.clear()
    await nothing(Errand())
    assert commands.seen == ["findAndModify taskruns", "findAndModify taskruns"]
    commands.seen.clear()
    await application.quick(label="x")
    assert commands.seen == [
        "findAndModify taskruns",
        "insert effects",
        "insert taskrun_refs",
        "findAndModify taskruns",
    ]


async def test_an_output_that_is_too_large_is_cut_and_the_run_says_so(app: Registry, database: Database) -> None:
    @operation()
    async def long(input: Errand) -> Done:
        return Done(label="x" * 20_000_000)

    runs = Runs(take_catalog(app), Settings())
    done = await start(runs, "long")
    assert len(done.output.label) == 20_000_000
    run = await runs.get(done.run.id, LOCAL_OWNER)
    assert (run.status, run.output, run.output_truncated) == ("success", None, True)


async def test_an_output_without_a_json_form_fails_with_the_reason(database: Database) -> None:
    class Anything(BaseModel):
        value: Any

    @operation()
    async def strange(input: Errand) -> Anything:
        return Anything(value=object())

    @operation()
    async def endless(input: Errand) -> Anything:
        inside: list[Any] = []
        inside.append(inside)
        return Anything(value=inside)

    @operation()
    async def deep(input: Errand) -> Anything:
        value: Any = 1
        for _ in range(5_000):
            value = [value]
        return Anything(value=value)

    for fails in (strange, endless, deep):
        with pytest.raises(TypeError, match="cannot be stored"):
            await fails(Errand())
    assert {run.status for run in await TaskRun.find().to_list()} == {TaskRunStatus.FAILED}


async def test_a_result_that_is_no_output_fails_and_shows_no_value(database: Database) -> None:
    class Number(BaseModel):
        number: int

    @operation(outputs=Number)
    async def wrong(input: Errand) -> Any:
        return {"number": "swordfish"}

    with pytest.raises(TypeError, match="number: Input should be a valid integer"):
        await wrong(Errand())
    run = await only_run()
    assert "swordfish" not in (run.error_message or "") + (run.error_traceback or "")


async def test_input_that_does_not_validate_never_becomes_a_run(runs: Runs) -> None:
    with pytest.raises(InputError) as caught:
        await start(runs, "quick", {"label": 7, "seconds": "soon"})
    assert {error.path for error in caught.value.field_errors} == {("label",), ("seconds",)}
    with pytest.raises(LimitExceeded, match="CORE_MAX_INPUT_BYTES"):
        await start(runs, "quick", {"label": "x" * 5_000_000})
    for timeout in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="timeout"):
            await start(runs, "quick", timeout=timeout)
    assert await TaskRun.find().count() == 0


async def test_a_call_inside_an_operation_is_a_child_run(app: Registry, database: Database) -> None:
    @operation()
    async def outer(input: Errand) -> Done:
        return await application.quick(label="inner")

    runs = Runs(take_catalog(app), Settings())
    done = await start(runs, "outer")
    (child,) = (await runs.children([done.run.id], LOCAL_OWNER))[str(done.run.id)]
    assert (child.operation_name, child.parent, child.principal) == ("quick", done.run.id, "local")


async def test_times_are_the_databases(database: Database) -> None:
    await application.quick(label="x")
    run = await only_run()
    (server,) = await (await database.aggregate([{"$documents": [{"now": "$$NOW"}]}])).to_list()
    assert run.created_at == run.started_at <= run.finished_at
    assert abs((server["now"] - run.finished_at).total_seconds()) < 5


def test_nothing_leaves_a_final_status() -> None:
    assert {status for status in TaskRunStatus if status.is_final} == {"success", "failed", "cancelled", "interrupted"}
    assert all(TRANSITIONS[status] == frozenset() for status in TaskRunStatus if status.is_final)
    assert may_follow(None, TaskRunStatus.PENDING)
    assert not may_follow(TaskRunStatus.SUCCESS, TaskRunStatus.RUNNING)
    assert not may_follow(TaskRunStatus.PENDING, TaskRunStatus.SUCCESS)


async def test_an_absent_run_and_a_malformed_id_are_not_found(runs: Runs) -> None:
    for run_id in (ObjectId(), "nonsense", "", "\ud800", None, 7):
        with pytest.raises(NotFound):
            await runs.get(run_id, LOCAL_OWNER)
