"""One key, one run: whoever calls, however often, in whatever mode."""

import asyncio
from typing import Any

import pytest

from core import TaskRun, operation
from core.access import LOCAL_OWNER, Principal
from core.database.connection import Database
from core.errors import Conflict, InputError, OperationFailed, OperationTimeout
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.options import Execution, RunMode, RunOptions
from core.runs.service import Runs
from core.settings import Settings
from tests.runs import application
from tests.runs.inputs import Done, Errand


async def call(runs: Runs, name: str, data: Any = None, key: str = "k", **options: Any) -> Execution:
    chosen = RunOptions(idempotency_key=key, **options)
    return await runs.start(name, data or {}, principal=LOCAL_OWNER, trigger="rest", options=chosen)


async def test_fifty_parallel_calls_execute_once_and_get_the_same_answer(runs: Runs) -> None:
    calls = [call(runs, "slow", {"label": "once", "seconds": 0.3}) for _ in range(50)]
    answers = await asyncio.gather(*calls)
    assert await application.Effect.find().count() == 1
    assert len({str(answer.run.id) for answer in answers}) == 1
    assert {answer.output.label for answer in answers} == {"once"}
    assert {answer.run.status for answer in answers} == {"success"}


async def test_another_input_under_the_key_is_a_conflict(runs: Runs) -> None:
    await call(runs, "quick", {"label": "one"})
    with pytest.raises(Conflict, match="another input"):
        await call(runs, "quick", {"label": "two"})
    assert await TaskRun.find().count() == 1


async def test_another_operation_has_keys_of_its_own(runs: Runs) -> None:
    await call(runs, "quick", {"label": "one"})
    await call(runs, "slow", {"label": "one"})
    assert await TaskRun.find().count() == 2


async def test_a_key_answers_nobody_else(runs: Runs) -> None:
    await call(runs, "quick", {"label": "one"})
    other = Principal(id="other", roles=frozenset({"owner"}))
    with pytest.raises(Conflict, match="somebody else"):
        await runs.start(
            "quick", {"label": "one"}, principal=other, trigger="rest", options=RunOptions(idempotency_key="k")
        )


async def test_a_failure_is_the_answer_too(app: Registry, database: Database) -> None:
    calls = 0

    @operation()
    async def fails(input: Errand) -> Done:
        nonlocal calls
        calls += 1
        raise ValueError("no")

    runs = Runs(take_catalog(app), Settings())
    errors = await asyncio.gather(*(call(runs, "fails") for _ in range(5)), return_exceptions=True)
    assert calls == 1
    assert all(isinstance(error, OperationFailed) for error in errors)
    assert len({error.task_run_id for error in errors}) == 1


async def test_the_answer_is_that_of_the_last_attempt(app: Registry, database: Database, settings: Settings) -> None:
    from core import current_run

    @operation(async_enabled=True, retries=1)
    async def flaky(input: Errand) -> Done:
        if current_run().attempt == 1:
            raise ValueError("no")
        return Done(label="second")

    runs = Runs(take_catalog(app), settings)
    await runs.start_runner()
    await call(runs, "flaky", mode=RunMode.BACKGROUND)
    answer = await call(runs, "flaky")
    await runs.stop_runner()
    assert (answer.output.label, answer.run.attempt) == ("second", 2)


async def test_a_background_call_answers_with_the_run_there_is(runs: Runs) -> None:
    first = await call(runs, "quick", {"label": "x"}, mode=RunMode.BACKGROUND)
    second = await call(runs, "quick", {"label": "x"}, mode=RunMode.BACKGROUND)
    assert first.run.id == second.run.id
    assert second.run.status == "pending"


async def test_a_caller_waits_for_the_first_run_as_long_as_it_says(runs: Runs) -> None:
    first = await call(runs, "quick", {"label": "x"}, mode=RunMode.BACKGROUND)
    with pytest.raises(OperationTimeout) as caught:
        await call(runs, "quick", {"label": "x"}, timeout=0.2)
    assert caught.value.task_run_id == str(first.run.id)
    assert (await runs.get(first.run.id, LOCAL_OWNER)).status == "pending"


async def test_a_key_expires(runs: Runs, app: Registry, settings: Settings) -> None:
    await call(runs, "quick", {"label": "one"})
    forgetful = Runs(take_catalog(app), settings.model_copy(update={"idempotency_hours": 0.1 / 3600}))
    await asyncio.sleep(0.2)
    await call(forgetful, "quick", {"label": "two"})
    assert {run.idempotency_key for run in await TaskRun.find().to_list()} == {None, "k"}


async def test_a_key_works_from_python(runs: Runs) -> None:
    once = application.quick.with_options(idempotency_key="k")
    first, second = await once(label="x"), await once(application.Errand(label="x"))
    assert first == second == application.Done(label="x")
    assert await application.Effect.find().count() == 1
    answer = await call(runs, "quick", {"label": "x"})
    assert answer.output == first, "and is the same on every surface"


async def test_keys_that_are_none_are_refused(runs: Runs) -> None:
    for key in ("", "x" * 201, "a\0b", "\ud800", "a\nb"):
        with pytest.raises(InputError, match="idempotency key"):
            await call(runs, "quick", key=key)
