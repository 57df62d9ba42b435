"""What became of runs: replays and their differences, the documents touched, figures, and what is kept how long."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from beanie import Document
from bson import ObjectId
from pydantic import BaseModel

from core import Access, TaskRun, datamodel, operation
from core.access import LOCAL_OWNER, Principal
from core.database.connection import Database, init_database
from core.errors import Forbidden, InputError, NotFound, OperationFailed
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.collections import LOGS, REFS, RUNS
from core.runs.recovery import Recovery
from core.runs.replay import differences
from core.runs.service import Runs
from core.runs.stats import MOST_HOURS
from core.settings import Settings
from tests.runs import application
from tests.runs.inputs import Done, Errand


async def start(runs: Runs, name: str, data: Any = None, principal: Principal = LOCAL_OWNER) -> TaskRun:
    return (await runs.start(name, data or {}, principal=principal, trigger="rest")).run


# replay


async def test_a_replay_is_a_new_run_of_the_stored_or_an_edited_input(runs: Runs) -> None:
    first = await start(runs, "quick", {"label": "one"})
    same = (await runs.replay(first.id, LOCAL_OWNER)).run
    edited = (await runs.replay(same.id, LOCAL_OWNER, input={"label": "two"})).run
    assert (same.replay_of, same.input_dump, same.idempotency_key) == (first.id, first.input_dump, None)
    assert edited.replay_of == same.id
    by_run = await runs.replays([first.id, same.id, edited.id], LOCAL_OWNER)
    assert {key: [one.id for one in found] for key, found in by_run.items()} == {
        str(first.id): [same.id], str(same.id): [edited.id], str(edited.id): [],
    }  # fmt: skip
    assert [one.id for one in await runs.chain(edited.id, LOCAL_OWNER)] == [first.id, same.id, edited.id]


async def test_a_diff_says_what_a_replay_changed(runs: Runs) -> None:
    first = await start(runs, "quick", {"label": "one"})
    edited = (await runs.replay(first.id, LOCAL_OWNER, input={"label": "two"})).run
    found = await runs.diff(edited.id, LOCAL_OWNER)
    assert (found.original.id, found.replay.id) == (first.id, edited.id)
    assert [(one.path, one.kind, one.before, one.after) for one in found.input] == [
        (("label",), "changed", "one", "two")
    ]
    assert [(one.path, one.before, one.after) for one in found.output] == [(("label",), "one", "two")]
    with pytest.raises(InputError, match="repeats no other"):
        await runs.diff(first.id, LOCAL_OWNER)


def test_differences_name_their_place_and_kind() -> None:
    before = {"same": 1, "gone": 2, "list": [1, {"x": 1}, 3], "kind": 1}
    after = {"same": 1, "new": 2, "list": [1, {"x": 2}], "kind": True}
    assert {(one.path, one.kind) for one in differences(before, after)} == {
        (("gone",), "removed"), (("new",), "added"), (("list", 1, "x"), "changed"), (("list", 2), "removed"),
        (("kind",), "changed"),
    }  # fmt: skip


async def test_a_replay_of_a_failed_run_is_possible(app: Registry, database: Database) -> None:
    broken = True

    @operation()
    async def mended(input: Errand) -> Done:
        if broken:
            raise ValueError("no")
        return Done(label=input.label)

    runs = Runs(take_catalog(app), Settings())
    with pytest.raises(OperationFailed) as caught:
        await start(runs, "mended", {"label": "x"})
    broken = False
    again = await runs.replay(caught.value.task_run_id, LOCAL_OWNER)
    assert again.output == Done(label="x")


# lineage


async def test_runs_that_touched_a_document_are_found_by_it(app: Registry, database: Database) -> None:
    @datamodel("Thing", plural="things")
    class Thing(Document):
        name: str = ""

    @operation()
    async def make(input: Done) -> Done:
        thing = await Thing(name=input.label).insert()
        return Done(label=str(thing.id))

    @operation()
    async def rename(input: Done) -> Done:
        thing = await Thing.get(input.label)
        await thing.set({"name": "renamed"})
        return Done()

    @operation()
    async def sweep(input: Done) -> Done:
        await Thing.find({"name": "renamed"}).update({"$set": {"name": "swept"}})
        return Done()

    await init_database(Settings(mongodb_database=database.name), documents=[Thing])
    runs = Runs(take_catalog(app), Settings())
    made = await runs.start("make", {"label": "a"}, principal=LOCAL_OWNER, trigger="rest")
    key = made.output.label
    renamed = await start(runs, "rename", {"label": key})
    swept = await start(runs, "sweep")
    assert [run.id for run in await runs.touched_by("Thing", key, LOCAL_OWNER)] == [renamed.id, made.run.id]
    assert made.run.result_refs == [{"model": "Thing", "id": key, "action": "insert"}]
    assert swept.result_refs == [{"model": "Thing", "action": "update", "filter": {"name": "renamed"}, "count": 1}]
    many = await runs.touched_by_many("Thing", [key, ObjectId()], LOCAL_OWNER, limit=1)
    assert [[run.id for run in found] for found in many.values()] == [[renamed.id], []]


async def test_of_the_runs_that_touched_a_document_the_newest_visible_ones_are_found(
    app: Registry, database: Database
) -> None:
    runs = Runs(take_catalog(app), Settings())
    anna = Principal(id="anna", roles=frozenset({"hr"}))
    effect = await application.Effect(label="x").insert()

    @operation(access=Access(run=frozenset({"owner", "hr"}), read=frozenset({"owner"})))
    async def touch(input: Errand) -> Done:
        await effect.set({"label": str(ObjectId())})
        return Done()

    runs = Runs(take_catalog(app), Settings())
    hers = await start(runs, "touch", principal=anna)
    others = [await start(runs, "touch") for _ in range(3)]
    assert [run.id for run in await runs.touched_by("Effect", effect.id, anna, limit=2)] == [hers.id]
    newest = [others[2].id, others[1].id]
    assert [run.id for run in await runs.touched_by("Effect", effect.id, LOCAL_OWNER, limit=2)] == newest


async def test_a_run_keeps_the_first_thousand_references_and_the_collection_all(
    app: Registry, database: Database
) -> None:
    @operation()
    async def makes_many(input: Errand) -> Done:
        await application.Effect.insert_many([application.Effect(label=str(one)) for one in range(1500)])
        return Done()

    runs = Runs(take_catalog(app), Settings())
    run = await start(runs, "makes_many")
    assert (len(run.result_refs), run.result_refs_total) == (1000, 1500)
    assert await database[REFS].count_documents({"run": run.id}) == 1500
    last = await application.Effect.find_one({"label": "1499"})
    assert [one.id for one in await runs.touched_by("Effect", last.id, LOCAL_OWNER)] == [run.id]


# statistics


async def test_statistics_count_by_operation_and_by_hour(runs: Runs, database: Database) -> None:
    hour = datetime(2026, 3, 1, 10, tzinfo=UTC)
    await database[RUNS].insert_many(
        [
            {"operation_name": "a", "status": "success", "created_at": hour + timedelta(minutes=1), "duration_ms": ms}
            for ms in range(1, 101)
        ]
        + [{"operation_name": "a", "status": "failed", "created_at": hour + timedelta(hours=1), "duration_ms": 500}]
        + [{"operation_name": "b", "status": "pending", "created_at": hour + timedelta(hours=1), "duration_ms": None}]
    )
    found = await runs.stats(LOCAL_OWNER)
    assert (found.total.count, found.total.by_status["success"], found.total.by_status["pending"]) == (102, 100, 1)
    assert found.total.success_rate == pytest.approx(100 / 101)
    a, b = found.operations
    assert (a.operation_name, a.count, b.operation_name, b.success_rate, b.median_ms) == ("a", 101, "b", None, None)
    assert a.median_ms == pytest.approx(51, abs=2)
    assert a.p95_ms == pytest.approx(96, abs=2)
    assert [(one.hour, one.count) for one in found.hours] == [(hour, 100), (hour + timedelta(hours=1), 2)]
    filtered = await runs.stats(LOCAL_OWNER, {"operation_name": {"eq": "b"}})
    assert filtered.total.count == 1
    assert (await runs.stats(LOCAL_OWNER, {"operation_name": {"eq": "none"}})).total.count == 0
    with pytest.raises(InputError):
        await runs.stats(LOCAL_OWNER, {"nonsense": {"eq": 1}})


async def test_the_newest_hours_are_counted_and_no_more_than_so_many(runs: Runs, database: Database) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    hours = [first + timedelta(hours=place) for place in range(MOST_HOURS + 6)]
    await database[RUNS].insert_many([{"operation_name": "a", "status": "success", "created_at": at} for at in hours])
    found = await runs.stats(LOCAL_OWNER)
    assert found.total.count == MOST_HOURS + 6
    assert [one.hour for one in found.hours] == hours[6:]


# access


async def test_runs_are_seen_by_their_own_principal_and_by_the_operations_rule(
    app: Registry, database: Database
) -> None:
    @operation(access=Access(run=frozenset({"hr"}), read=frozenset({"hr"})))
    async def hire(input: Errand) -> Done:
        await application.quick(label="child")
        return Done()

    runs = Runs(take_catalog(app), Settings())
    anna, ben = Principal(id="anna", roles=frozenset({"hr"})), Principal(id="ben", roles=frozenset({"sales"}))
    run = await start(runs, "hire", principal=anna)
    (child,) = (await runs.children([run.id], anna))[str(run.id)]
    assert child.principal == "anna"
    for refused in (runs.get(run.id, ben), runs.cancel(run.id, ben), runs.replay(run.id, ben), runs.logs(run.id, ben)):
        with pytest.raises(NotFound):
            await refused
    with pytest.raises(NotFound):
        await anext(runs.watch(run.id, ben))
    with pytest.raises(Forbidden):
        await start(runs, "hire", principal=ben)
    assert (await runs.stats(ben, {"operation_name": {"eq": "hire"}})).total.count == 0
    assert (await runs.stats(anna, {"operation_name": {"eq": "hire"}})).total.count == 1


async def test_a_traceback_is_the_owners(app: Registry, database: Database) -> None:
    class Nothing(BaseModel): ...

    @operation()
    async def fails(input: Nothing) -> Done:
        raise ValueError("no")

    runs = Runs(take_catalog(app), Settings())
    anna = Principal(id="anna", roles=frozenset({"hr"}))
    with pytest.raises(OperationFailed) as caught:
        await start(runs, "fails", principal=anna)
    assert (await runs.get(caught.value.task_run_id, anna)).error_traceback is None
    assert "ValueError" in (await runs.get(caught.value.task_run_id, LOCAL_OWNER)).error_traceback


# retention


async def test_old_runs_go_with_their_journal_and_references_and_no_others(runs: Runs, database: Database) -> None:
    old, new = await start(runs, "quick"), await start(runs, "quick")
    unfinished = await database[RUNS].insert_one({"operation_name": "quick", "status": "pending"})
    month = timedelta(days=30)
    await database[RUNS].update_many({"_id": {"$ne": new.id}}, {"$set": {"created_at": old.created_at - month}})
    await database[LOGS].insert_one({"run": old.id, "seq": 1})
    await Recovery(Settings(run_retention_days=7)).prune()
    assert {one["_id"] async for one in database[RUNS].find()} == {new.id, unfinished.inserted_id}
    assert await database[LOGS].count_documents({}) == 0
    assert {one["run"] async for one in database[REFS].find()} == {new.id}


async def test_of_each_operation_the_newest_are_kept(runs: Runs, database: Database) -> None:
    for name in ("quick", "slow"):
        for _ in range(5):
            await start(runs, name)
            await asyncio.sleep(0.002)
    newest = {run.id for name in ("quick", "slow") for run in await _newest(name, 2)}
    await Recovery(Settings(run_retention_count=2)).prune()
    assert {one["_id"] async for one in database[RUNS].find()} == newest


async def _newest(name: str, count: int) -> list[TaskRun]:
    return await TaskRun.find({"operation_name": name}).sort("-created_at").limit(count).to_list()
