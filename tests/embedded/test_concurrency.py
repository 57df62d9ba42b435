"""Many at once: no lost update, exact races, and slow or hostile work that holds nobody else."""

import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from pymongo import MongoClient, ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, ExecutionTimeout, OperationFailure

Db = Database[dict[str, Any]]


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What ``count`` threads that begin together give."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = work(place)
        except Exception as error:  # the test looks at it
            results[place] = error  # type: ignore[assignment]

    threads = [threading.Thread(target=run, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("query", [{"_id": 1}, {"name": "x"}, {"name": {"$regex": "x"}}], ids=["id", "scan", "pattern"])
def test_twenty_writers_lose_no_update(db: Db, query: dict[str, Any]) -> None:
    db.c.insert_many([{"_id": n, "name": "other"} for n in range(2, 100)])
    db.c.insert_one({"_id": 1, "name": "x", "n": 0})
    at_once(20, lambda _: [db.c.update_one(query, {"$inc": {"n": 1}}) for _ in range(5)])
    assert db.c.find_one({"_id": 1}) == {"_id": 1, "name": "x", "n": 100}


def test_one_of_twenty_takes_each_job(db: Db) -> None:
    db.c.insert_many([{"_id": n, "state": "waiting"} for n in range(60)])

    def take(place: int) -> list[Any]:
        found: list[Any] = []
        while one := db.c.find_one_and_update(
            {"state": "waiting"}, {"$set": {"state": place}}, sort=[("_id", 1)], return_document=ReturnDocument.AFTER
        ):
            found.append(one["_id"])
        return found

    taken = [one for found in at_once(20, take) for one in found]
    assert sorted(taken) == list(range(60))


def test_one_of_twenty_inserts_of_a_key_succeeds(db: Db) -> None:
    db.c.create_index("key", unique=True)
    results = at_once(20, lambda _: db.c.insert_one({"key": "k"}))
    assert sum(isinstance(one, DuplicateKeyError) for one in results) == 19
    assert db.c.count_documents({}) == 1


@pytest.mark.parametrize("key", ["_id", "plain"])
def test_twenty_upserts_make_one_document(db: Db, key: str) -> None:
    results = at_once(20, lambda _: db.c.update_one({key: "k"}, {"$inc": {"n": 1}}, upsert=True))
    assert not [one for one in results if isinstance(one, Exception)]
    assert sum(one.upserted_id is not None for one in results) == 1
    assert [one["n"] for one in db.c.find()] == [20]


def test_a_slow_scan_and_a_hostile_pattern_hold_nobody(client: MongoClient[Any], db: Db) -> None:
    db.slow.insert_many([{"_id": n, "text": "a" * 40 + "!", "n": n} for n in range(20_000)])
    db.c.insert_one({"_id": 1, "n": 0})
    stop = threading.Event()

    def scan() -> None:
        while not stop.is_set():
            db.slow.count_documents({"n": {"$mod": [7, 3]}, "text": {"$ne": "b"}})

    def hostile() -> None:
        while not stop.is_set():
            with pytest.raises(OperationFailure):
                db.slow.count_documents({"text": {"$regex": "^(a|aa)+$"}}, maxTimeMS=2000)

    def change() -> None:
        while not stop.is_set():
            db.slow.update_many({"n": {"$mod": [2, 0]}}, {"$inc": {"m": 1}})

    threads = [threading.Thread(target=work) for work in (scan, scan, hostile, hostile, change)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    times: list[float] = []
    for _ in range(40):
        started = time.monotonic()
        assert db.c.find_one({"_id": 1}) is not None
        db.c.update_one({"_id": 1}, {"$inc": {"n": 1}})
        times.append(time.monotonic() - started)
    stop.set()
    for thread in threads:
        thread.join()
    assert statistics.median(times) < 0.5, times


def test_max_time_is_kept(db: Db) -> None:
    db.c.insert_many([{"text": "a" * 30} for _ in range(20_000)])
    started = time.monotonic()
    with pytest.raises(ExecutionTimeout) as caught:
        list(db.c.find({"$expr": {"$gt": [{"$strLenCP": "$text"}, 99]}}).max_time_ms(50))
    assert caught.value.code == 50
    assert time.monotonic() - started < 1


def test_a_cursor_goes_on_while_others_write(db: Db) -> None:
    db.c.create_index("n")
    db.c.insert_many([{"_id": n, "n": n} for n in range(1000)])
    found: list[int] = []
    for one in db.c.find({"n": {"$gte": 0}}, batch_size=100).sort("n", 1):
        found.append(one["_id"])
        if one["_id"] % 100 == 0:
            db.c.delete_one({"_id": one["_id"] + 50})
            db.c.insert_one({"_id": one["_id"] + 0.5, "n": -1})
    assert found == sorted(found)
    assert len(found) == len(set(found)) >= 990
