"""The transport with the schema generated for the example: introspection fits the limits, nothing is INTERNAL."""

import asyncio
import base64
import json
import math
import resource
import socket as network
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as sync_connect
from websockets.typing import Subprotocol

from tests.server import Server, running_server
from tests.transport.nodes import check_audits

CASES = 500
CHANGES = 12
"""Of almost a megabyte each."""
PROTOCOL = Subprotocol("graphql-transport-ws")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), "--no-sample") as found:
        yield found


def test_introspection_and_the_playground_are_served(server: Server):
    answer = server.graphql(get_introspection_query(input_value_deprecation=True, specified_by_url=True))
    assert "errors" not in answer
    page = httpx.get(f"{server.url}/graphql", headers={"accept": "text/html"})
    assert "playground-" in page.text


def test_relations_of_relations_of_full_pages_are_too_much(server: Server):
    page = "paging: {limit: 100}"
    query = f"{{ jobs({page}) {{ nodes {{ " + " ".join(f"a{n}: title" for n in range(29)) + " } } }"
    assert "errors" not in server.graphql(query)
    many = " ".join(
        f"j{n}: jobs({page}) {{ nodes {{ {'id title company location source ' * 6} }} }}" for n in range(20)
    )
    [error] = server.graphql(f"{{ {many} }}")["errors"]  # type: ignore[misc]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "graphql_max_cost" in error["message"]


@pytest.mark.node
def test_all_61_audits_of_graphql_over_http_pass(server: Server):
    check_audits(f"{server.url}/graphql")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read the server's memory from")
async def test_a_thousand_subscribers_each_get_every_event_within_300_mb(server: Server):
    """Through the change feed, in a server process whose memory is read from /proc."""
    subscription = {"query": "subscription { createdJob { id title } }"}
    before = _megabytes(server)
    async with AsyncExitStack() as stack:
        sockets: list[ClientConnection] = []
        for _ in range(1_000):
            socket = await stack.enter_async_context(connect(server.websocket_url, subprotocols=[PROTOCOL]))
            await socket.send(json.dumps({"type": "connection_init"}))
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": subscription}))
            assert json.loads(await socket.recv()) == {"type": "connection_ack"}
            sockets.append(socket)
        await asyncio.sleep(2)  # a subscription is not acknowledged; it hears of what comes after it began
        titles = [f"Job {number}" for number in range(3)]
        for title in titles:
            job = {"job": {"title": title, "company": "Acme"}}
            query = "mutation ($input: CreateOneJobInput!) { createOneJob(input: $input) { id } }"
            created = await asyncio.to_thread(server.graphql, query, {"input": job})
            assert "errors" not in created
        for socket in sockets:
            answers = [json.loads(await asyncio.wait_for(socket.recv(), 60)) for _ in titles]
            assert [answer["payload"]["data"]["createdJob"]["title"] for answer in answers] == titles
        grown = _megabytes(server) - before
        assert grown < 300, f"{grown:.0f} MB"


def _megabytes(server: Server) -> float:
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


async def test_a_subscriber_of_a_model_that_does_not_read_is_closed_and_others_get_every_change(tmp_path: Path):
    """Fed by the change feed, past what the sockets' buffers hold. 1013 is what docs/transport.md says."""
    create = "mutation ($input: CreateOneJobInput!) { createOneJob(input: $input) { id } }"
    subscription = {"query": "subscription { createdJob { title description } }"}
    with running_server(tmp_path, "--no-sample", environment={"CORE_SEND_TIMEOUT": "4"}) as server:
        async with AsyncExitStack() as stack:
            narrow = network.socket()
            narrow.setsockopt(network.SOL_SOCKET, network.SO_RCVBUF, 65_536)
            narrow.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
            slow, quick = [
                await stack.enter_async_context(
                    connect(server.websocket_url, subprotocols=[PROTOCOL], compression=None, max_queue=1, sock=sock)
                )
                for sock in (narrow, None)
            ]
            for one in (slow, quick):
                await one.send(json.dumps({"type": "connection_init"}))
                await one.send(json.dumps({"id": "1", "type": "subscribe", "payload": subscription}))
                assert json.loads(await one.recv()) == {"type": "connection_ack"}
            await asyncio.sleep(1)  # a subscription is not acknowledged; it hears of what comes after it began
            for number in range(CHANGES):
                job = {"job": {"title": str(number), "company": "Acme", "description": "x" * 900_000}}
                created = await asyncio.to_thread(server.graphql, create, {"input": job})
                assert "errors" not in created
                answer = json.loads(await asyncio.wait_for(quick.recv(), 10))
                assert answer["payload"]["data"]["createdJob"]["title"] == str(number)
            await asyncio.sleep(5)  # longer than it may take, and before the connection is cut off
            read = 0
            with pytest.raises(ConnectionClosed):
                async with asyncio.timeout(10):
                    while True:
                        await slow.recv()
                        read += 1
            assert (slow.close_code, read < CHANGES) == (1013, True)


@pytest.mark.slow
def test_open_streams_do_not_keep_a_server_from_stopping(tmp_path: Path):
    with running_server(tmp_path, "--no-sample") as server, ExitStack() as stack:
        body = {"query": "subscription { createdJob { id } }"}
        stream = httpx.stream("POST", f"{server.url}/graphql", json=body, headers={"accept": "text/event-stream"})
        assert stack.enter_context(stream).status_code == 200
        socket = stack.enter_context(sync_connect(server.websocket_url, subprotocols=[PROTOCOL]))
        socket.send(json.dumps({"type": "connection_init"}))
        socket.recv()
        server.process.terminate()
        server.process.wait(10)


@pytest.mark.slow
def test_five_hundred_generated_requests_meet_no_internal_error(server: Server):
    schemathesis = pytest.importorskip("schemathesis")
    _register_scalars(schemathesis)
    found = schemathesis.graphql.from_url(f"{server.url}/graphql")
    operations = [one.ok() for one in found.get_all_operations()]
    codes: Counter[str] = Counter()
    internal: list[Any] = []

    for operation in operations:

        @settings(
            max_examples=math.ceil(CASES / len(operations)) + 1, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            answer = httpx.post(f"{server.url}/graphql", json={"query": case.body}, timeout=60)
            codes[str(answer.status_code)] += 1
            for error in answer.json().get("errors", ()):
                codes[error["extensions"]["code"]] += 1
                if error["extensions"]["code"] == "INTERNAL":
                    internal.append({"query": case.body, "error": error})

        check()

    assert internal == []
    assert codes["200"] >= CASES


def _register_scalars(schemathesis: Any) -> None:
    nodes = schemathesis.graphql.nodes
    text = st.text(max_size=10).map(nodes.String)
    leaf = st.one_of(text, st.integers(-(2**70), 2**70).map(nodes.Int), st.booleans().map(nodes.Boolean))
    for name, strategy in {
        "Bytes": st.binary(max_size=20).map(lambda value: nodes.String(base64.b64encode(value).decode())),
        "Decimal": st.decimals().map(lambda value: nodes.String(str(value))),
        "Duration": st.integers(0, 10**6).map(lambda value: nodes.String(f"PT{value}S")),
        "JSON": st.one_of(leaf, st.lists(leaf, max_size=3).map(nodes.List)),
    }.items():
        schemathesis.graphql.scalar(name, st.one_of(strategy, leaf))
