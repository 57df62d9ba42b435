"""A run names the documents it touched, and no others: where the server tells only a sum, it keeps the filter and the
count."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId, Regex
from pymongo import DeleteOne, InsertOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError
from pymongo.monitoring import CommandStartedEvent, CommandSucceededEvent

from core import TaskRun, operation
from core.database.connection import Database
from core.runs.touched import Touch, TouchedDocuments, collecting
from tests.runs import application
from tests.runs.inputs import Done, Errand

Effects = AsyncCollection[dict[str, Any]]


@pytest.fixture
def refs(database: Database) -> Callable[[Callable[[Effects], Awaitable[object]]], Awaitable[list[dict[str, Any]]]]:
    """The references of a run that does this with the collection of effects."""

    async def of(write: Callable[[Effects], Awaitable[object]]) -> list[dict[str, Any]]:
        @operation(name="writes")
        async def writes(input: Errand) -> Done:
            await write(application.Effect.get_pymongo_collection())
            return Done()

        await writes(Errand())
        (run,) = await TaskRun.find(TaskRun.operation_name == "writes").to_list()
        assert run.result_refs_total == len(run.result_refs)
        return run.result_refs

    return of


def named(action: str, *ids: ObjectId) -> list[dict[str, Any]]:
    return [{"model": "Effect", "id": str(one), "action": action} for one in ids]


async def test_a_bulk_by_id_names_its_documents_when_all_were_there(refs: Any) -> None:
    a, b = (
        await application.Effect.insert_many([application.Effect(label="a"), application.Effect(label="b")])
    ).inserted_ids
    changes = [UpdateOne({"_id": one}, {"$set": {"label": "new"}}) for one in (a, b)]
    assert await refs(lambda effects: effects.bulk_write(changes)) == named("update", a, b)


@pytest.mark.parametrize("action", ["update", "delete"])
async def test_a_bulk_by_id_that_missed_some_names_none(refs: Any, action: str) -> None:
    (there,) = (await application.Effect.insert_many([application.Effect(label="a")])).inserted_ids
    gone = ObjectId()
    writes = [
        UpdateOne({"_id": one}, {"$set": {"label": "new"}}) if action == "update" else DeleteOne({"_id": one})
        for one in (there, gone)
    ]
    assert await refs(lambda effects: effects.bulk_write(writes)) == [
        {"model": "Effect", "action": action, "filter": {"_id": {"$in": [{"$oid": str(there)}, {"$oid": str(gone)}]}},
         "count": 1}
    ]  # fmt: skip


async def test_a_bulk_of_filters_and_ids_is_kept_as_one_write_with_its_sum(refs: Any) -> None:
    (there,) = (await application.Effect.insert_many([application.Effect(label="a")])).inserted_ids
    writes = [DeleteOne({"_id": there}), DeleteOne({"label": "nobody"})]
    assert await refs(lambda effects: effects.bulk_write(writes)) == [
        {"model": "Effect", "action": "delete", "filter": {"$or": [{"_id": {"$oid": str(there)}}, {"label": "nobody"}]},
         "count": 1}
    ]  # fmt: skip


async def test_what_follows_a_refused_insert_of_an_ordered_bulk_is_not_named(refs: Any) -> None:
    first, last = ObjectId(), ObjectId()

    async def write(effects: Effects) -> None:
        with pytest.raises(BulkWriteError):
            await effects.bulk_write([InsertOne({"_id": one}) for one in (first, first, last)])

    assert await refs(write) == named("insert", first)


async def test_what_follows_a_refused_insert_of_an_unordered_bulk_is_named(refs: Any) -> None:
    first, last = ObjectId(), ObjectId()

    async def write(effects: Effects) -> None:
        with pytest.raises(BulkWriteError):
            await effects.bulk_write([InsertOne({"_id": one}) for one in (first, first, last)], ordered=False)

    assert await refs(write) == named("insert", first, last)


async def test_a_pipeline_that_writes_is_kept_with_the_collection_it_writes_to(refs: Any) -> None:
    await application.Effect.insert_many([application.Effect(label="a")])

    async def write(effects: Effects) -> None:
        await (await effects.aggregate([{"$match": {}}])).to_list()
        await (await effects.aggregate([{"$match": {}}, {"$out": "copies"}])).to_list()

    assert await refs(write) == [{"model": "copies", "action": "update", "filter": None, "count": None}]


# What the embedded server does not know, as MongoDB's manual describes commands and replies.


def touches_of(command: dict[str, Any], reply: Mapping[str, Any]) -> list[Touch]:
    listener, name = TouchedDocuments(), next(iter(command))
    with collecting() as log:
        listener.started(CommandStartedEvent(command, "db", 1, ("localhost", 1), 1))
        listener.succeeded(CommandSucceededEvent(timedelta(), dict(reply), name, 1, ("localhost", 1), 1))  # type: ignore[arg-type]
    return log.all()


@pytest.mark.parametrize(
    "stage",
    [
        {"$merge": "jobs"},
        {"$merge": {"into": "jobs", "on": "_id"}},
        {"$merge": {"into": {"db": "other", "coll": "jobs"}}},
        {"$out": {"db": "other", "coll": "jobs"}},
    ],
)
def test_a_pipeline_that_merges_is_kept_with_the_collection_it_writes_to(stage: dict[str, Any]) -> None:
    command = {"aggregate": "effects", "pipeline": [{"$match": {}}, stage]}
    assert touches_of(command, {"ok": 1}) == [Touch(collection="jobs", action="update", count=None)]


def bulk(
    *operations: dict[str, Any], errors: list[int] | None = None, ordered: bool = True, **sums: int
) -> list[Touch]:
    """The touches of a client's bulk on the collections ``jobs`` (0) and ``people`` (1)."""
    command = {"bulkWrite": 1, "ops": list(operations), "nsInfo": [{"ns": "db.jobs"}, {"ns": "db.people"}]}
    reply = {"nMatched": 0, "nDeleted": 0, "nUpserted": 0, **sums}
    reply["cursor"] = {"id": 0, "firstBatch": [{"ok": 0, "idx": one} for one in errors or ()]}  # type: ignore[assignment]
    return touches_of({**command, "ordered": ordered}, reply)


def test_a_bulk_of_a_client_names_inserts_and_whole_sums() -> None:
    inserts = [{"insert": 0, "document": {"_id": 1}}, {"insert": 1, "document": {"_id": 2}}]
    update = {"update": 0, "filter": {"_id": 3}, "updateMods": {}}
    delete = {"delete": 1, "filter": {"name": "x"}, "multi": True}
    assert bulk(*inserts, update, delete, nMatched=1, nDeleted=7) == [
        Touch(collection="jobs", action="insert", id=1),
        Touch(collection="people", action="insert", id=2),
        Touch(collection="jobs", action="update", id=3),
        Touch(collection="people", action="delete", filter={"name": "x"}, count=7),
    ]
    assert bulk(*inserts, update, errors=[1]) == [Touch(collection="jobs", action="insert", id=1)]


def test_a_bulk_of_a_client_on_several_collections_or_with_upserts_does_not_guess_counts() -> None:
    deletes = [{"delete": place, "filter": {"_id": place}} for place in (0, 1)]
    assert bulk(*deletes, nDeleted=1) == [
        Touch(collection="jobs", action="delete", filter={"_id": 0}, count=None),
        Touch(collection="people", action="delete", filter={"_id": 1}, count=None),
    ]
    assert bulk(*deletes, nDeleted=0) == []
    upsert = {"update": 0, "filter": {"_id": 1}, "updateMods": {}, "upsert": True}
    assert bulk(upsert, nUpserted=1) == [Touch(collection="jobs", action="update", filter={"_id": 1}, count=None)]


def test_an_unacknowledged_write_is_kept_without_a_count() -> None:
    command = {"delete": "jobs", "deletes": [{"q": {"_id": 1}, "limit": 1}]}
    assert touches_of(command, {"ok": 1}) == [Touch(collection="jobs", action="delete", filter={"_id": 1}, count=None)]


def test_a_pattern_is_no_id() -> None:
    command = {"delete": "jobs", "deletes": [{"q": {"_id": Regex("^a")}, "limit": 0}]}
    assert touches_of(command, {"n": 1}) == [
        Touch(collection="jobs", action="delete", filter={"_id": Regex("^a")}, count=1)
    ]


def test_cores_own_books_are_not_what_a_run_touched() -> None:
    assert touches_of({"insert": "taskruns", "documents": [{"_id": 1}]}, {"n": 1}) == []
    assert touches_of({"aggregate": "jobs", "pipeline": [{"$out": "taskruns"}]}, {"ok": 1}) == []
