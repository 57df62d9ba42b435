"""The application of these tests on a real server, people with keys, and what stands in its database."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from bson import DBRef, ObjectId
from pymongo import MongoClient
from websockets.sync.client import connect

from core.authentication.keys import ApiKeys
from core.database.connection import close_database, init_database
from core.database.embedded.process import ensure_server
from core.settings import Settings
from tests.server import Server

CANARY = "c4n4ry"
"""Stands in every stored value that somebody must not see."""

ROLES: Mapping[str, Mapping[str, tuple[str, ...]] | None] = {
    "owner": {"roles": ("owner",)},
    "hr": {"roles": ("hr", "north")},
    "editor": {"roles": ("editor", "north")},
    "viewer": {"roles": ("viewer", "north")},
    "intake": {"roles": ("intake", "north")},
    "stranger": {},
    "anonymous": None,
    "owner may read": {"roles": ("owner",), "scopes": ("read",)},
    "owner may run greet": {"roles": ("owner",), "scopes": ("run:greet",)},
    "hr may write Employee": {"roles": ("hr",), "scopes": ("write:Employee",)},
}
"""Who asks: what their key carries; None is nobody."""

VAULT, TEAM = ObjectId("a" * 24), ObjectId("b" * 24)
NORTH, SOUTH = ObjectId("c" * 24), ObjectId("d" * 24)


@dataclass
class World:
    """``ask`` is GraphQL over HTTP as somebody; ``plant`` resets the database behind the server's back."""

    server: Server
    database: Any
    keys: dict[str, str | None]
    client: httpx.Client
    settings: Settings
    runs: dict[str, str] = field(default_factory=dict[str, str])

    def ask(self, role: str, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        body = json.dumps({"query": query, "variables": dict(variables or {})})
        headers = {"Content-Type": "application/json", **self.headers(role)}
        answer = self.client.post("/graphql", content=body, headers=headers)
        assert answer.status_code < 500, answer.text
        return answer.json()

    def close(self) -> None:
        self.client.close()
        self.database.client.close()

    def run(self, role: str, operation: str, name: str = "Nora") -> str:
        """The id of a run that somebody starts."""
        answer = self.ask(role, f'mutation {{ run: {operation}(input: {{name: "{name}"}}) {{ taskRun {{ id }} }} }}')
        assert "errors" not in answer, answer
        return answer["data"]["run"]["taskRun"]["id"]

    def headers(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}"} if self.keys[role] else {}

    def plant(self, *, secret: str = CANARY, hidden_rows: bool = True) -> None:
        """One visible and one hidden employee, a team, a vault. What is hidden from a viewer says ``secret``."""
        for name in ("employees", "teams", "vaults"):
            self.database[name].delete_many({})
        number = len(secret) * 1_000
        self.database["teams"].insert_one({"_id": TEAM, "name": "blue", "budget": number})
        if hidden_rows:
            self.database["vaults"].insert_one({"_id": VAULT, "code": secret})
        visible = {"_id": NORTH, "name": "Nora", "region": "north", "badge": "seen"}
        kept = {
            "salary": number, "home": {"street": secret, "city": secret}, "note": secret, "hidden": secret,
            "password": secret, "team": DBRef("teams", TEAM), "vault": DBRef("vaults", VAULT),
        }  # fmt: skip
        self.database["employees"].insert_one({**visible, **kept})
        if hidden_rows:
            hidden = {"_id": SOUTH, "name": f"Sam {secret}", "region": "south", "badge": secret}
            self.database["employees"].insert_one({**hidden, **kept})

    @contextmanager
    def subscription(self, role: str, query: str) -> Iterator[Any]:
        """A WebSocket on which ``query`` runs; ``recv`` gives its messages."""
        with connect(self.server.websocket_url, subprotocols=["graphql-transport-ws"], open_timeout=30) as socket:  # type: ignore[list-item]
            payload = self.headers(role)
            socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(socket.recv(30))["type"] == "connection_ack"
            socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
            yield Messages(socket)


@dataclass
class Messages:
    socket: Any

    def next(self, timeout: float = 20) -> Any:
        """The next message of the subscription."""
        while (message := json.loads(self.socket.recv(timeout)))["type"] in ("ping", "pong"):
            pass
        return message


def make_keys(settings: Settings) -> dict[str, str | None]:
    async def make() -> dict[str, str | None]:
        await init_database(settings, documents=[])
        try:
            keys = ApiKeys(settings)
            return {
                who: None if carries is None else (await keys.create(who, **carries))[1]
                for who, carries in ROLES.items()
            }
        finally:
            await close_database()

    return asyncio.run(make())


def open_world(server: Server, data_dir: Path) -> World:
    settings = Settings(data_dir=data_dir, mongodb_database="jobhunter")
    client: Any = MongoClient(ensure_server(data_dir), tz_aware=True)
    world = World(
        server=server,
        database=client[settings.mongodb_database],
        keys=make_keys(settings),
        client=httpx.Client(base_url=server.url, timeout=60),
        settings=settings,
    )
    world.plant()
    for operation in ("findEmployee", "promote", "whisper", "greet", "knock", "shutDown"):
        world.runs[operation] = world.run("owner", operation)
    return world
