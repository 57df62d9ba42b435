"""Whatever a client sends as filter, order, cursor or data: an answer or a named error, never another query."""

import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import LOCAL_OWNER
from core.actions import Data, Query, Sort
from core.actions.inputs import prepare
from core.errors import CoreError, Duplicate, InputError, LimitExceeded
from core.ordering import order_of
from core.queries import compile_filter
from core.specs import Catalog
from core.stored import compile_match
from tests.data.conftest import ANN

_NAMES = [
    "text", "nickName", "number", "address", "city", "tags", "data", "pet", "kind", "and", "or", "not", "eq", "in",
    "like", "some", "hasKey", "pathEquals", "path", "value", "is", "between", "lower", "upper", "id", "_id", "$where",
    "$gt", "$ne", "$expr", "a.b", "", "\0", "\ud800", "__proto__", "password",
]  # fmt: skip
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(_NAMES),
    st.sampled_from(["this.x == 1", "(a+)+$", "2024-01-01T00:00:00Z", "0" * 24, "sleep(1000)"]),
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3)),
    max_leaves=12,
)


def operators_of(query: Any) -> set[str]:
    if isinstance(query, dict):
        return {name for name in query if name.startswith("$")}.union(*map(operators_of, query.values()))
    return set().union(*map(operators_of, query)) if isinstance(query, list) else set()


_OFFERED = {
    "$and", "$or", "$nor", "$not", "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$regex", "$options",
    "$elemMatch", "$all", "$size", "$exists", "$type",
}  # fmt: skip


@given(filter=_JSON)
def test_any_filter_compiles_to_a_query_of_ours_or_is_refused(catalog: Catalog, filter: Any) -> None:
    try:
        query = compile_filter(catalog, catalog.models["Thing"], LOCAL_OWNER, filter).query
    except (InputError, LimitExceeded):
        return
    assert operators_of(query) <= _OFFERED
    assert "$where" not in repr(query)
    assert "password" not in query
    compile_match(query)


@given(data=_JSON)
def test_any_data_is_prepared_or_refused(catalog: Catalog, data: Any) -> None:
    model = catalog.models["Thing"]
    writable = [one.wire for one in model.object.fields if one.writable]
    try:
        values = prepare(catalog, model, data, writable).values
    except InputError:
        return
    assert not operators_of(values)
    assert "_id" not in values


@given(field=st.one_of(st.sampled_from(_NAMES), st.text(max_size=8)))
def test_any_order_is_ours_or_refused(catalog: Catalog, field: str) -> None:
    try:
        order = order_of(catalog, catalog.models["Thing"], LOCAL_OWNER, [Sort(field=field)])
    except InputError:
        return
    assert not any(path.startswith("$") or "\0" in path for path in order.paths)


def _random_json(chance: random.Random, depth: int = 0) -> Any:
    leaf = [
        None,
        True,
        -1,
        2**63,
        1e400,
        float("nan"),
        "x",
        "\0",
        "\ud800",
        "$where",
        "0" * 24,
        "2024-01-01",
        "é" * 2000,
    ]
    if depth > 3 or chance.random() < 0.4:
        return chance.choice(leaf)
    if chance.random() < 0.3:
        return [_random_json(chance, depth + 1) for _ in range(chance.randrange(3))]
    return {chance.choice(_NAMES): _random_json(chance, depth + 1) for _ in range(chance.randrange(4))}


async def test_random_requests_never_meet_an_unnamed_error(data: Data, catalog: Catalog) -> None:
    chance = random.Random(20261125)
    thing, player = catalog.models["Thing"], catalog.models["Player"]
    row = await data.create(thing, LOCAL_OWNER, {"text": "a"})
    fields = [one.wire for one in thing.object.fields]
    codes: set[str | None] = set()
    for _ in range(300):
        given = {chance.choice(fields): _random_json(chance) for _ in range(2)}
        calls: list[Any] = [
            lambda given=given: data.create(thing, LOCAL_OWNER, given),
            lambda given=given: data.update(thing, LOCAL_OWNER, row["_id"], given),
            lambda given=given: data.list(thing, LOCAL_OWNER, Query(filter=given)),
            lambda given=given: data.count(player, ANN, given),
            lambda given=given: data.get(thing, LOCAL_OWNER, given),
            lambda given=given: data.list(thing, LOCAL_OWNER, Query(after=str(given))),
        ]
        for call in calls:
            error = await _error_of(call)
            codes.add(error and error.code)
            json.dumps(error and error.extensions())
    assert {None, "BAD_USER_INPUT", "NOT_FOUND"} <= codes
    assert "INTERNAL" not in codes


async def _error_of(call: Callable[[], Awaitable[Any]]) -> CoreError | None:
    try:
        await call()
    except CoreError as error:
        return error
    return None


async def test_a_stored_operator_stays_a_value(data: Data, catalog: Catalog) -> None:
    """What stands in a document is compared, never run."""
    model = catalog.models["Player"]
    await data.create(model, LOCAL_OWNER, {"name": "$owner"})
    assert await data.count(model, LOCAL_OWNER, {"name": {"eq": "$owner"}}) == 1
    with pytest.raises(Duplicate):
        await data.create(model, LOCAL_OWNER, {"name": "$owner"})
    page = await data.list(model, LOCAL_OWNER, Query(sorting=[Sort(field="name", nulls="last")], limit=1))
    assert await data.list(
        model, LOCAL_OWNER, Query(sorting=[Sort(field="name", nulls="last")], after=page.cursors.end)
    )
