"""What the JavaScript side says: the audits of GraphQL over HTTP, and the protocols' own clients."""

import json

import pytest

from tests.transport.conftest import Server
from tests.transport.nodes import check_audits, run_node

pytestmark = pytest.mark.node


def test_all_61_audits_of_graphql_over_http_pass(server: Server):
    check_audits(server.url)


def test_the_protocols_own_clients_query_mutate_and_subscribe(server: Server):
    found = json.loads(run_node("clients.mjs", server.url, server.websocket_url))
    expected = {
        "query": [{"hello": "hello world"}],
        "mutation": [{"write": "x"}],
        "subscription": [{"ticks": 0}, {"ticks": 1}, {"ticks": 2}],
    }
    assert found == {"websocket": expected, "sse": expected}
