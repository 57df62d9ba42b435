"""GraphQL over WebSocket: every fault is answered as the graphql-transport-ws protocol says."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.transport.conftest import Server, serving, wait_until
from tests.transport.schema import SECRET, Probe, probe

INIT = {"type": "connection_init"}
PROTOCOL = Subprotocol("graphql-transport-ws")


def subscribe(query: str, id: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": id, "type": "subscribe", "payload": {"query": query, **more}}


@asynccontextmanager
async def opened(server: Server, **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(
        server.websocket_url, subprotocols=[PROTOCOL], max_size=None, close_timeout=1, compression=None, **options
    ) as socket:
        yield socket


@asynccontextmanager
async def acknowledged(server: Server, payload: Any = None, **options: Any) -> AsyncIterator[ClientConnection]:
    async with opened(server, **options) as socket:
        await send(socket, {**INIT, "payload": payload})
        assert await receive(socket) == {"type": "connection_ack"}
        yield socket


async def send(socket: ClientConnection, *messages: Any) -> None:
    for message in messages:
        await socket.send(message if isinstance(message, str | bytes) else json.dumps(message))


async def receive(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), 5))


async def closed(socket: ClientConnection, seconds: float = 5) -> tuple[int, str]:
    """Code and reason, whatever comes before."""
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(seconds):
            while True:
                await socket.recv()
    return socket.close_code or 0, socket.close_reason or ""


DEEP = (
    '{"id":"1","type":"subscribe","payload":{"query":"{hello}","variables":' + '{"a":' * 100_000 + "1" + "}" * 100_002
)

BEFORE_ACKNOWLEDGEMENT: dict[str, tuple[Any, int]] = {
    "a list": ("[1]", 4400),
    "null": ("null", 4400),
    "a string": ('"x"', 4400),
    "a number": ("5", 4400),
    "no JSON": ("{", 4400),
    "nothing": ("", 4400),
    "binary": (b"{}", 4400),
    "no type": ({"id": "1"}, 4400),
    "a type that is no string": ({"type": 5}, 4400),
    "a type that is a list": ({"type": ["connection_init"]}, 4400),
    "an unknown type": ({"type": "start"}, 4400),
    "a server's type": ({"type": "next", "id": "1", "payload": {}}, 4400),
    "init with a payload that is no object": ({**INIT, "payload": "x"}, 4400),
    "ping with a payload that is no object": ({"type": "ping", "payload": [1]}, 4400),
    "pong with a payload that is no object": ({"type": "pong", "payload": 1}, 4400),
    "an operation before init": (subscribe("{ hello }"), 4401),
    "credentials that are refused": ({**INIT, "payload": {"Authorization": "Bearer intruder"}}, 4403),
    "a database that is down": ({**INIT, "payload": {"Authorization": "Bearer unlucky"}}, 1013),
    "100,000 levels": (DEEP, 4400),
    "1 MB and more": ({**INIT, "payload": {"x": "x" * 1_000_000}}, 1009),
}

AFTER_ACKNOWLEDGEMENT: dict[str, tuple[Any, int]] = {
    "a second init": (INIT, 4429),
    "no id": ({"type": "subscribe", "payload": {"query": "{ hello }"}}, 4400),
    "an empty id": (subscribe("{ hello }", id=""), 4400),
    "an id that is no string": ({**subscribe("{ hello }"), "id": 1}, 4400),
    "no payload": ({"id": "1", "type": "subscribe"}, 4400),
    "a payload that is no object": ({"id": "1", "type": "subscribe", "payload": "{ hello }"}, 4400),
    "no query": ({"id": "1", "type": "subscribe", "payload": {}}, 4400),
    "a query that is no string": ({"id": "1", "type": "subscribe", "payload": {"query": 5}}, 4400),
    "variables that are no object": (subscribe("{ hello }", variables=[1]), 4400),
    "variables that are a string": (subscribe("{ hello }", variables="{}"), 4400),
    "an operation name that is no string": (subscribe("{ hello }", operationName=5), 4400),
    "extensions that are no object": (subscribe("{ hello }", extensions="x"), 4400),
    "complete without an id": ({"type": "complete"}, 4400),
    "complete with an id that is no string": ({"type": "complete", "id": 7}, 4400),
    "100,000 levels": (DEEP, 4400),
    "too many values": (subscribe("{ hello }", variables={"a": [0] * 60_000}), 4400),
}


@pytest.mark.parametrize(("message", "code"), BEFORE_ACKNOWLEDGEMENT.values(), ids=BEFORE_ACKNOWLEDGEMENT)
async def test_a_fault_before_the_acknowledgement_closes_with_its_code(server: Server, message: Any, code: int):
    async with opened(server) as socket:
        await send(socket, message)
        found, reason = await closed(socket)
        assert found == code
        assert reason


@pytest.mark.parametrize(("message", "code"), AFTER_ACKNOWLEDGEMENT.values(), ids=AFTER_ACKNOWLEDGEMENT)
async def test_a_fault_after_the_acknowledgement_closes_with_its_code(server: Server, message: Any, code: int):
    async with acknowledged(server) as socket:
        await send(socket, message)
        found, reason = await closed(socket)
        assert found == code
        assert reason


async def test_a_client_that_does_not_initialise_is_closed_with_4408(server: Server):
    async with opened(server) as socket:
        assert await closed(socket) == (4408, "Connection initialisation timeout")


async def test_an_id_in_use_closes_with_4409_and_one_that_ended_may_be_used_again(server: Server):
    async with acknowledged(server) as socket:
        for _ in range(2):
            await send(socket, subscribe("{ hello }"))
            assert (await receive(socket))["type"] == "next"
            assert await receive(socket) == {"id": "1", "type": "complete"}
        await send(socket, subscribe("subscription { forever }"), {"id": "1", "type": "complete"})
        await send(socket, subscribe("subscription { forever }"), subscribe("{ hello }"))
        assert await closed(socket) == (4409, "Subscriber for 1 already exists")


async def test_only_the_current_protocol_is_spoken(server: Server):
    for protocols in (["graphql-ws"], None):
        async with connect(server.websocket_url, subprotocols=protocols) as socket:
            assert (await closed(socket))[0] == 4406


async def test_a_page_of_another_site_cannot_connect(server: Server):
    for origin in ("https://evil.example", "null", "http://[broken"):
        with pytest.raises(InvalidStatus) as refused:
            async with opened(server, origin=origin):
                pass
        assert refused.value.response.status_code == 403
    async with acknowledged(server, origin="http://127.0.0.1:5173"):
        pass
    with serving(cors_origins=["https://app.example"]) as other:
        async with acknowledged(other, origin="https://app.example"):
            pass


async def test_ping_is_answered_at_any_time_with_its_payload(server: Server):
    async with opened(server) as socket:
        await send(socket, {"type": "ping"}, {"type": "pong", "payload": None}, {"type": "ping", "payload": {"n": 1}})
        assert await receive(socket) == {"type": "pong"}
        assert await receive(socket) == {"type": "pong", "payload": {"n": 1}}


async def test_an_invalid_operation_is_an_error_of_its_own_and_the_connection_lives(server: Server):
    bad = {"{": "BAD_USER_INPUT", "": "BAD_USER_INPUT", "{ nothing }": "BAD_USER_INPUT",
           "query($n: Int!) { hello }": "BAD_USER_INPUT", "{" + "a " * 2_000 + "}": "LIMIT_EXCEEDED"}  # fmt: skip
    async with acknowledged(server) as socket:
        await send(socket, subscribe("subscription { forever }", id="alive"))
        for query, code in bad.items():
            await send(socket, subscribe(query, id="bad"))
            answer = await receive(socket)
            while answer["id"] == "alive":
                answer = await receive(socket)
            assert (answer["type"], answer["id"]) == ("error", "bad")
            assert answer["payload"][0]["extensions"]["code"] == code
        assert (await receive(socket))["id"] == "alive"


async def test_queries_mutations_and_subscriptions_are_answered(server: Server):
    async with acknowledged(server, {}) as socket:
        await send(socket, subscribe('mutation { write(name: "w") }', id="m"))
        assert await receive(socket) == {"id": "m", "type": "next", "payload": {"data": {"write": "w"}}}
        assert await receive(socket) == {"id": "m", "type": "complete"}
        await send(socket, subscribe("subscription($n: Int!) { ticks(count: $n) }", id="s", variables={"n": 2}))
        assert [await receive(socket) for _ in range(3)] == [
            {"id": "s", "type": "next", "payload": {"data": {"ticks": 0}}},
            {"id": "s", "type": "next", "payload": {"data": {"ticks": 1}}},
            {"id": "s", "type": "complete"},
        ]


async def test_errors_of_a_subscription_are_masked_like_everywhere(server: Server):
    async with acknowledged(server) as socket:
        await send(socket, subscribe("subscription { breaks }"))
        assert (await receive(socket))["type"] == "next"
        answer = await receive(socket)
        assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL")
        assert SECRET not in json.dumps(answer)
        await send(socket, subscribe("subscription { refuses }"))
        answer = await receive(socket)
        assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")


async def test_credentials_come_in_a_header_or_in_the_init_payload(server: Server):
    for options, payload in (
        ({"additional_headers": {"authorization": "Bearer ann"}}, None),
        ({}, {"authorization": "Bearer ann"}),
        ({}, {"headers": {"Authorization": "Bearer ann"}}),
    ):
        async with acknowledged(server, payload, **options) as socket:
            await send(socket, subscribe("{ whoami }"))
            assert (await receive(socket))["payload"] == {"data": {"whoami": "ann"}}


async def test_a_connection_ends_with_the_credentials_it_began_with(server: Server):
    async with acknowledged(server, {"authorization": "Bearer ann 0.3"}) as socket:
        await send(socket, subscribe("subscription { forever }"))
        code, reason = await closed(socket)
        assert code == 4403
        assert "expired" in reason
    await asyncio.to_thread(wait_until, lambda: probe.open_streams == 0, 2.0)


async def test_operations_on_one_connection_are_bounded():
    with serving(graphql_max_subscriptions=3) as other:
        async with acknowledged(other) as socket:
            await send(socket, *(subscribe("subscription { broadcast }", id=str(n)) for n in range(4)))
            answers = [await receive(socket) for _ in range(4)]
            [refused] = [answer for answer in answers if answer["type"] == "error"]
            assert refused["id"] == "3"
            assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_complete_ends_a_subscription_on_the_server(server: Server):
    async with acknowledged(server) as socket:
        await send(socket, subscribe("subscription { broadcast }"))
        assert (await receive(socket))["type"] == "next"
        await send(socket, {"id": "1", "type": "complete"}, {"id": "unknown", "type": "complete"})
        await asyncio.to_thread(wait_until, lambda: probe.open_streams == 0, 2.0)
        await send(socket, {"type": "ping"})
        assert await receive(socket) == {"type": "pong"}


@pytest.mark.parametrize("way", ["closed", "aborted"])
async def test_nothing_is_left_two_seconds_after_the_connection_went(server: Server, way: str, fresh_probe: Probe):
    before = server.tasks()
    async with acknowledged(server) as socket:
        await send(socket, *(subscribe("subscription { forever }", id=str(n)) for n in range(20)))
        await send(
            socket, subscribe("{ slow }", id="q"), subscribe('mutation { write(name: "kept", seconds: 0.3) }', "m")
        )
        await asyncio.to_thread(wait_until, lambda: probe.open_streams == 20)
        if way == "aborted":
            socket.transport.abort()
    await asyncio.to_thread(wait_until, lambda: probe.open_streams == 0 and server.tasks() <= before, 2.0)
    assert (fresh_probe.cancelled, fresh_probe.executed) == (["slow"], ["kept"])


async def test_a_client_that_does_not_read_is_closed_and_costs_others_nothing(server: Server):
    async with acknowledged(server, max_queue=1) as slow, acknowledged(server) as quick:
        await send(slow, subscribe("subscription { torrent }"))
        begun = time.monotonic()
        await send(quick, subscribe("{ hello }"))
        assert (await receive(quick))["type"] == "next"
        assert time.monotonic() - begun < 2.0
        await asyncio.to_thread(wait_until, lambda: probe.open_streams == 1)
        await asyncio.to_thread(wait_until, lambda: probe.open_streams == 0)
        assert (await closed(slow))[0] == 1013


@pytest.mark.slow
async def test_a_thousand_subscribers_each_get_every_event_within_bounded_memory():
    resource = pytest.importorskip("resource")
    with serving() as other:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sockets = [await connect(other.websocket_url, subprotocols=[PROTOCOL]) for _ in range(1_000)]
        for socket in sockets:
            await send(socket, INIT, subscribe("subscription { broadcast }"))
        for socket in sockets:
            assert [(await receive(socket))["type"] for _ in range(2)] == ["connection_ack", "next"]
        assert probe.open_streams == 1_000
        other.loop.call_soon_threadsafe(probe.release)
        answers = await asyncio.gather(*map(receive, sockets))
        assert all(answer["payload"] == {"data": {"broadcast": 1}} for answer in answers)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        assert grown < 300, f"{grown:.0f} MB for client and server together"
        await asyncio.gather(*(socket.close() for socket in sockets))
        await asyncio.to_thread(wait_until, lambda: probe.open_streams == 0, 2.0)
