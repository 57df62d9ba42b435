"""The application's connection: a Motor client is adopted, a killed server comes back, errors name the server."""

import asyncio
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from beanie import Document
from pymongo import AsyncMongoClient
from pymongo.errors import AutoReconnect, OperationFailure, ServerSelectionTimeoutError

from core.database.connection import (
    client_of_loop,
    close_database,
    ensure_database,
    init_database,
    unavailable,
    wait_for_database,
)
from core.database.embedded.process import ensure_server
from core.database.motor import adopt, is_motor
from core.errors import Unavailable
from core.runs.touched import TouchedDocuments
from core.settings import Settings
from tests.embedded.foreground import foreground
from tests.server import free_port


class Note(Document):
    text: str


@pytest.fixture
async def settings(tmp_path: Path) -> Any:
    yield Settings(data_dir=tmp_path, mongodb_database="notes", mongodb_uri=None)
    await close_database()


async def test_a_motor_client_is_adopted(tmp_path: Path, settings: Settings) -> None:
    motor = pytest.importorskip("motor.motor_asyncio", reason="the extra 'motor' is not installed")
    theirs = motor.AsyncIOMotorClient(ensure_server(tmp_path, linger=0.5), tz_aware=True)
    assert is_motor(theirs)
    await init_database(settings, client=theirs, documents=[Note])
    ours = client_of_loop()
    assert ours.options.codec_options.tz_aware
    await Note(text="kept").insert()
    assert (await theirs["notes"]["Note"].find_one())["text"] == "kept"
    theirs.close()
    assert await Note.count() == 1


def test_a_motor_client_that_tells_nothing_is_refused() -> None:
    with pytest.raises(Unavailable, match="MONGODB_URI"):
        adopt(SimpleNamespace(delegate=SimpleNamespace()))


async def test_a_client_of_another_kind_is_refused(settings: Settings) -> None:
    with pytest.raises(Unavailable, match="AsyncMongoClient"):
        await init_database(settings, client=object(), documents=[])


async def test_a_killed_server_is_started_again_by_the_next_use(settings: Settings) -> None:
    database = await init_database(settings, documents=[])
    await database.c.insert_one({"_id": 1})
    os.kill((await database.client.admin.command("hello"))["corePid"], signal.SIGKILL)
    assert await database.c.find_one({"_id": 1}) == {"_id": 1}
    await database.c.insert_one({"_id": 2})
    await close_database()
    database = await init_database(settings, documents=[])
    assert await database.c.count_documents({}) == 2


async def test_attempts_at_once_are_one_attempt(settings: Settings) -> None:
    found = await asyncio.gather(*(init_database(settings, documents=[Note]) for _ in range(10)))
    assert len({id(one.client) for one in found}) == 1


async def test_an_attempt_whose_caller_gives_up_costs_the_others_nothing(settings: Settings) -> None:
    given_up = asyncio.create_task(init_database(settings, documents=[]))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(ensure_database())
    await asyncio.sleep(0)
    given_up.cancel()
    await waiting
    assert await client_of_loop().admin.command("ping")


async def test_a_client_of_theirs_that_meets_no_server_stays_open_to_try_again(
    tmp_path: Path, settings: Settings
) -> None:
    port = free_port()
    uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    async with AsyncMongoClient[dict[str, Any]](
        uri, serverSelectionTimeoutMS=200, event_listeners=[TouchedDocuments()]
    ) as theirs:
        with pytest.raises(Unavailable):
            await init_database(settings, client=theirs, documents=[])
        with foreground(tmp_path, port=port):
            await wait_for_database(settings, client=theirs, documents=[], delay=0.1)
            assert client_of_loop() is theirs


async def test_a_server_that_cannot_start_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "data.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(Unavailable, match="embedded database cannot be started"):
        await init_database(Settings(data_dir=tmp_path, mongodb_uri=None), documents=[])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ServerSelectionTimeoutError("no"), "no answer from MongoDB at mongodb://db.example"),
        (AutoReconnect("closed"), "no answer"),
        (OperationFailure("no", 18), "refuses the user or password"),
        (OperationFailure("bad", 2), None),
        (ValueError("mine"), None),
    ],
)
def test_what_a_drivers_error_means(error: Exception, words: str | None) -> None:
    settings = Settings(mongodb_uri="mongodb://user:secret@db.example/")  # type: ignore[arg-type]
    found = unavailable(error, settings)
    assert (found is None) == (words is None)
    if words is not None:
        assert words in str(found)
        assert "secret" not in str(found)
