"""Several event loops in one process, as in workers that run one a thread: each has its own client, and documents bound
once serve them all."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from beanie import Document
from pymongo import AsyncMongoClient

from core.database.connection import client_of_loop, close_database, init_database
from core.decorators import datamodel
from core.registries import Registry
from core.settings import Settings, default_settings

MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))


def in_a_loop_of_its_own(work: Callable[[], Awaitable[Any]], threads: int = 2) -> list[Any]:
    """What ``work`` gives in each of so many loops that run at the same time."""
    found: list[Any] = []
    together = threading.Barrier(threads)

    def run() -> None:
        together.wait()
        found.append(asyncio.run(work()))  # type: ignore[arg-type]

    running = [threading.Thread(target=run) for _ in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert len(found) == threads, "one of them raised"
    return found


def test_each_loop_has_a_client_and_every_one_gives_moments_with_a_time_zone(registry: Registry) -> None:
    @datamodel()
    class Appointment(Document):
        at: datetime

    settings: Settings = default_settings().model_copy(update={"mongodb_database": "test_loops"})
    clients: list[AsyncMongoClient[Any]] = []

    async def work() -> datetime:
        await init_database(settings, documents=[Appointment])
        await init_database(settings, documents=[Appointment])
        try:
            clients.append(client_of_loop())
            assert Appointment.get_pymongo_collection().database.client is client_of_loop()
            made = await Appointment(at=MOMENT).insert()
            read = await Appointment.get(made.id)
            raw = await Appointment.get_pymongo_collection().find_one({"_id": made.id})
            assert read is not None
            assert raw is not None
            assert raw["at"] == read.at
            await made.delete()
            return read.at
        finally:
            await close_database()

    moments = in_a_loop_of_its_own(work) + in_a_loop_of_its_own(work, 1)
    assert moments == [MOMENT] * 3
    assert {moment.utcoffset() for moment in moments} == {UTC.utcoffset(None)}
    assert len({id(client) for client in clients}) == 3
