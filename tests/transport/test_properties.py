"""Whatever a client sends: requests are understood or refused, and limits count what an expansion would hold."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from graphql import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from core.errors import InputError, LimitExceeded
from core.settings import Settings
from graphql_surface.execution import Request
from graphql_surface.limits import check_limits
from graphql_surface.payloads import decode, to_request
from tests.transport.conftest import Server
from tests.transport.schema import schema

KEYS = st.text() | st.sampled_from(["query", "variables", "operationName"])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@given(st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_request_or_a_clear_refusal(raw: bytes):
    with suppress(InputError, LimitExceeded):
        assert isinstance(to_request(decode(raw, 1_000)), Request)


MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["connection_init", "ping", "pong", "subscribe", "complete", "next", 5, None]),
        "id": st.sampled_from(["1", "", 1, None]),
        "payload": JSON_VALUES | st.fixed_dictionaries({"query": st.sampled_from(["{ hello }", "{", 5])}),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(MESSAGES | JSON_VALUES, max_size=4), initialised=st.booleans())
def test_any_messages_are_answered_or_close_the_connection_with_a_code_of_the_protocol(
    server: Server, messages: list[Any], initialised: bool
):
    with connect(server.websocket_url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        try:
            for message in [{"type": "connection_init"}] * initialised + messages + [5]:
                socket.send(json.dumps(message))
            while True:
                assert json.loads(socket.recv(5))["type"] in {"connection_ack", "pong", "next", "error", "complete"}
        except ConnectionClosed:
            assert socket.protocol.close_code in {4400, 4401, 4409, 4429}


def _selections(fragments: range) -> st.SearchStrategy[Sequence[Any]]:
    """Leaves, spreads of fragments by number, and an alias or None with a selection of its own."""
    leaf = st.sampled_from(["name", *(f"...F{number}" for number in fragments)])
    alias = st.none() | st.sampled_from(["a", "b", "c"])
    deeper = st.recursive(leaf, lambda inner: st.tuples(alias, st.lists(inner, min_size=1, max_size=3)), max_leaves=6)
    return st.lists(deeper, min_size=1, max_size=3)


DOCUMENTS = st.tuples(*(_selections(range(number + 1, 5)) for number in range(5)))
"""Five fragments, each of which may spread the later ones."""


def _text(selections: Sequence[Any]) -> str:
    return " ".join(
        one if isinstance(one, str) else f"{f'{one[0]}: ' if one[0] else ''}parent {{ {_text(one[1])} }}"
        for one in selections
    )


def _measure(selections: Sequence[Any], fragments: Sequence[Any]) -> tuple[int, int]:
    """Depth and aliases, every spread followed every time."""
    depth = aliases = 0
    for one in selections:
        if isinstance(one, str) and one.startswith("..."):
            inner = _measure(fragments[int(one[4:])], fragments)
        elif isinstance(one, str):
            inner = (1, 0)
        else:
            below = _measure(one[1], fragments)
            inner = (below[0] + 1, below[1] + (one[0] is not None))
        depth, aliases = max(depth, inner[0]), aliases + inner[1]
    return depth, aliases


@given(DOCUMENTS)
def test_limits_count_exactly_what_a_full_expansion_holds(fragments: Sequence[Any]):
    text = "{ thing { ...F0 } }" + "".join(
        f" fragment F{number} on Thing {{ {_text(one)} }}" for number, one in enumerate(fragments)
    )
    depth, aliases = _measure(fragments[0], fragments)
    for setting, found in (("graphql_max_depth", depth + 1), ("graphql_max_aliases", aliases)):
        lenient: dict[str, Any] = {
            name: 10**9 for name in Settings.model_fields if name.startswith("graphql_max_") and name != setting
        }
        check_limits(schema._schema, parse(text), None, {}, Settings(**lenient, **{setting: found}))
        if found > (setting == "graphql_max_depth"):
            with pytest.raises(LimitExceeded, match=setting):
                check_limits(schema._schema, parse(text), None, {}, Settings(**lenient, **{setting: found - 1}))
