"""Subscriptions: hidden rows and fields stay hidden while they change, and a connection ends with its credentials."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from bson import ObjectId
from websockets.exceptions import ConnectionClosed

from core.authentication.keys import ApiKey, ApiKeys
from core.database.connection import close_database, init_database
from tests.access.world import CANARY, NORTH, SOUTH, World


def messages_of(
    world: World, role: str, query: str, poke: Callable[[], Any], until: Callable[[Any], bool]
) -> list[Any]:
    """What a subscription says while the database changes, until it says something in particular."""
    found: list[Any] = []
    with world.subscription(role, query) as messages:
        for _ in range(60):
            poke()
            try:
                while True:
                    found.append(messages.next(timeout=0.2))
            except TimeoutError:
                if any(until(message) for message in found):
                    return found
    raise AssertionError(f"not said: {found}")


def test_only_visible_rows_are_told_of(world: World):
    """For every change of a visible row there is one of a hidden row before it; nobody hears of that one."""
    employees = world.database["employees"]

    def create() -> None:
        for region in ("south", "north"):
            employees.insert_one({"name": f"New {region}", "region": region, "badge": "b"})

    def update() -> None:
        for id in (SOUTH, NORTH):
            employees.update_one({"_id": id}, {"$set": {"name": f"At {time.monotonic()}"}})

    def move() -> None:
        employees.update_one({"_id": SOUTH}, {"$set": {"name": "Sam"}})
        employees.update_one({"_id": NORTH}, {"$set": {"region": "south"}})
        employees.update_one({"_id": NORTH}, {"$set": {"region": "north"}})

    for query, field, poke in (
        ("subscription { createdEmployee { id region } }", "createdEmployee", create),
        ("subscription { updatedOneEmployee { id region } }", "updatedOneEmployee", update),
        ("subscription { updatedOneEmployee { id region } }", "updatedOneEmployee", move),
    ):
        world.plant()
        said = messages_of(world, "viewer", query, poke, lambda message: message["type"] == "next")
        assert {message["payload"]["data"][field]["region"] for message in said} == {"north"}
        assert str(SOUTH) not in str(said)


def test_a_deletion_is_told_to_those_who_could_see_the_document(world: World):
    employees = world.database["employees"]
    kept = {id: employees.find_one({"_id": id}) for id in (NORTH, SOUTH)}

    def delete() -> None:
        for id in (SOUTH, NORTH):
            employees.replace_one({"_id": id}, kept[id], upsert=True)
            employees.delete_one({"_id": id})

    query = "subscription { deletedOneEmployee { id } }"
    said = messages_of(world, "viewer", query, delete, lambda message: message["type"] == "next")
    assert {message["payload"]["data"]["deletedOneEmployee"]["id"] for message in said} == {str(NORTH)}


def test_a_hidden_field_is_neither_told_nor_filtered_by(world: World):
    def touch() -> None:
        world.database["employees"].update_one({"_id": NORTH}, {"$set": {"name": f"At {time.monotonic()}"}})

    query = "subscription { updatedOneEmployee { id name salary home { city } vault { code } } }"
    said = messages_of(world, "viewer", query, touch, lambda message: message["type"] == "next")
    assert CANARY not in str(said)
    assert all(message["payload"]["data"]["updatedOneEmployee"]["salary"] is None for message in said)
    assert {error["extensions"]["code"] for error in said[0]["payload"]["errors"]} == {"FORBIDDEN"}
    filtered = "subscription { updatedOneEmployee(input: {filter: {salary: {gt: 1}}}) { id } }"
    refused = messages_of(world, "viewer", filtered, touch, lambda message: message["type"] == "error")
    assert [message["type"] for message in refused] == ["error"]


def test_runs_of_others_are_not_told_of(world: World):
    """Each run the viewer may not see is followed by one that it may."""

    def run() -> None:
        world.run("owner", "promote")
        world.run("owner", "greet")

    query = "subscription { taskRuns { taskRun { operationName } } }"
    said = messages_of(world, "viewer", query, run, lambda message: message["type"] == "next")
    assert {message["payload"]["data"]["taskRuns"]["taskRun"]["operationName"] for message in said} == {"greet"}


def _with_key(world: World, work: Callable[[ApiKeys], Any]) -> Any:
    async def act() -> Any:
        await init_database(world.settings, documents=[])
        try:
            return await work(ApiKeys(world.settings))
        finally:
            await close_database()

    return asyncio.run(act())


def _make(world: World, expires_at: datetime | None = None) -> ApiKey:
    key, text = _with_key(world, lambda keys: keys.create("guest", roles=["viewer", "north"], expires_at=expires_at))
    world.keys["guest"] = text
    return key


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_websocket_ends_with_its_key(world: World, end: str):
    soon = datetime.now(UTC) + timedelta(seconds=2) if end == "expired" else None
    key = _make(world, soon)
    with world.subscription("guest", "subscription { updatedOneEmployee { id } }") as messages:
        if end == "revoked":
            _with_key(world, lambda keys: keys.revoke(key.prefix))
        with pytest.raises(ConnectionClosed) as closed:
            for _ in range(3):
                messages.next()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_an_event_stream_ends_with_its_key(world: World, end: str):
    soon = datetime.now(UTC) + timedelta(seconds=2) if end == "expired" else None
    key = _make(world, soon)
    body = json.dumps({"query": "subscription { updatedOneEmployee { id } }"})
    headers = {**world.headers("guest"), "Accept": "text/event-stream", "Content-Type": "application/json"}
    with httpx.stream("POST", f"{world.server.url}/graphql", content=body, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200
        if end == "revoked":
            _with_key(world, lambda keys: keys.revoke(key.prefix))
        text = "".join(answer.iter_text())
    assert "UNAUTHENTICATED" in text


@pytest.mark.parametrize("payload", [{"Authorization": "Bearer core_00000000_x"}, {"authorization": "Bearer x.y.z"}])
def test_a_websocket_with_wrong_credentials_is_closed(world: World, payload: dict[str, str]):
    world.keys["forger"] = payload.popitem()[1].removeprefix("Bearer ")
    with pytest.raises(ConnectionClosed) as closed, world.subscription("forger", "subscription { taskRuns { type } }"):
        pass
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


@pytest.mark.parametrize("role", ["viewer", "hr"])
def test_every_transport_answers_a_query_alike(world: World, role: str):
    """POST, GET and WebSocket: one principal, one answer."""
    query = "{ employees { nodes { id name salary } totalCount } }"
    posted = world.ask(role, query)
    got = world.client.get("/graphql", params={"query": query}, headers=world.headers(role)).json()
    with world.subscription(role, query) as messages:
        sent = messages.next()["payload"]
    assert posted == got == sent
    assert len(posted["data"]["employees"]["nodes"]) == (2 if role == "hr" else 1)
    assert ("errors" in posted) == (role == "viewer")


def test_a_run_is_followed_only_by_those_who_see_it(world: World):
    for role, code in (("viewer", "NOT_FOUND"), ("stranger", "NOT_FOUND"), ("anonymous", "NOT_FOUND")):
        for field in ("taskRun", "taskRunLogs"):
            selection = "{ seq }" if field == "taskRunLogs" else "{ status }"
            query = f'subscription {{ {field}(id: "{world.runs["promote"]}") {selection} }}'
            with world.subscription(role, query) as messages:
                message = messages.next()
            assert message["type"] == "error"
            assert message["payload"][0]["extensions"]["code"] == code
    unknown = f'subscription {{ taskRun(id: "{ObjectId()}") {{ status }} }}'
    with world.subscription("viewer", unknown) as messages:
        assert messages.next()["payload"][0]["message"].startswith("there is no run")
