"""Answers as server-sent events: graphql-sse's distinct connections mode."""

import asyncio
import json

import httpx

from graphql_surface import sse
from tests.transport.conftest import Server, serving, wait_until
from tests.transport.schema import SECRET, probe

STREAM = {"accept": "text/event-stream"}


def events(text: str) -> list[tuple[str, object]]:
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    pairs = [dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in block.splitlines())
             for block in blocks]  # fmt: skip
    return [(pair["event"], json.loads(pair["data"]) if pair["data"] else None) for pair in pairs]


async def test_a_subscription_streams_its_answers_and_completes_by_post_and_get(
    client: httpx.AsyncClient, server: Server
):
    query = {"query": "subscription { ticks(count: 2) }"}
    for answer in (
        await client.post(server.url, json=query, headers=STREAM),
        await client.get(server.url, params=query, headers=STREAM),
    ):
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert events(answer.text) == [
            ("next", {"data": {"ticks": 0}}), ("next", {"data": {"ticks": 1}}), ("complete", None),
        ]  # fmt: skip


async def test_queries_and_mutations_are_one_answer(client: httpx.AsyncClient, server: Server):
    for query, data in ("{ hello }", {"hello": "hello world"}), ('mutation { write(name: "x") }', {"write": "x"}):
        answer = await client.post(server.url, json={"query": query}, headers=STREAM)
        assert events(answer.text) == [("next", {"data": data}), ("complete", None)]


async def test_a_request_that_is_not_accepted_is_400_in_json(client: httpx.AsyncClient, server: Server):
    answer = await client.post(server.url, json={"query": "subscription { nothing }"}, headers=STREAM)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json; charset=utf-8")


async def test_a_source_that_fails_ends_its_stream_masked(client: httpx.AsyncClient, server: Server):
    answer = await client.post(server.url, json={"query": "subscription { breaks }"}, headers=STREAM)
    first, second, last = events(answer.text)
    assert first == ("next", {"data": {"breaks": 0}})
    assert second[1]["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert SECRET not in answer.text
    assert last == ("complete", None)
    refused = await client.post(server.url, json={"query": "subscription { refuses }"}, headers=STREAM)
    assert events(refused.text)[0][1]["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_silence_is_filled_with_comments(monkeypatch):
    monkeypatch.setattr(sse, "_KEEP_ALIVE", 0.05)
    with serving() as other:
        query = {"query": "subscription { ticks(count: 2, seconds: 0.3) }"}
        async with httpx.AsyncClient() as client:
            answer = await client.post(other.url, json=query, headers=STREAM)
    assert "\n\n:\n\n" in answer.text
    assert [kind for kind, _ in events(answer.text)] == ["next", "next", "complete"]


async def test_nothing_is_left_two_seconds_after_the_client_went(server: Server):
    before = server.tasks()
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", server.url, json={"query": "subscription { broadcast }"}, headers=STREAM) as answer,
    ):
        await anext(answer.aiter_lines())
        assert probe.open_streams == 1
    await asyncio.to_thread(wait_until, lambda: probe.open_streams == 0 and server.tasks() <= before, 2.0)


async def test_a_stream_ends_with_the_credentials_it_began_with(client: httpx.AsyncClient, server: Server):
    answer = await client.post(
        server.url, json={"query": "subscription { forever }"}, headers={**STREAM, "authorization": "Bearer ann 0.3"}
    )
    *_, last, end = events(answer.text)
    assert last[1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert end == ("complete", None)


async def test_a_client_that_does_not_read_is_dropped(server: Server):
    body = b'{"query": "subscription { torrent }"}'
    url = httpx.URL(server.url)
    reader, writer = await asyncio.open_connection(url.host, url.port, limit=1)
    head = (
        f"POST {url.path} HTTP/1.1\r\nhost: {url.host}\r\naccept: text/event-stream\r\ncontent-type: application/json"
    )
    writer.write(f"{head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
    await asyncio.to_thread(wait_until, lambda: probe.open_streams == 1)
    await asyncio.to_thread(wait_until, lambda: probe.open_streams == 0)
    writer.transport.abort()
    assert not reader.at_eof()
