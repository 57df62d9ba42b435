"""The Python client ``gql`` works over HTTP and WebSocket, schema and all."""

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

from tests.transport.conftest import Server


async def test_over_http(server: Server):
    transport = AIOHTTPTransport(server.url, headers={"authorization": "Bearer ann"})
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        assert await session.execute(gql("{ whoami }")) == {"whoami": "ann"}
        assert await session.execute(gql('mutation { write(name: "x") }')) == {"write": "x"}


async def test_over_websocket(server: Server):
    transport = WebsocketsTransport(server.websocket_url, init_payload={"authorization": "Bearer ann"})
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        assert await session.execute(gql("{ whoami }")) == {"whoami": "ann"}
        answers = [answer async for answer in session.subscribe(gql("subscription { ticks(count: 2) }"))]
        assert answers == [{"ticks": 0}, {"ticks": 1}]
