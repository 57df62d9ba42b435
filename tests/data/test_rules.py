"""The rules of access on every path of ``Data``: verbs, rows, fields."""

from dataclasses import replace
from typing import Any

import pytest

from core.access import LOCAL_OWNER, Access, FieldRule, Principal
from core.actions import Data, GroupBy, Query, Sort
from core.errors import CoreError, Forbidden, InputError, NotFound, Unavailable
from core.specs import Catalog
from tests.data.conftest import ANN, BOB, CARL


async def test_roles_decide_by_verb(data: Data, catalog: Catalog) -> None:
    team = catalog.models["Team"]
    row = await data.create(team, ANN, {"name": "red"})
    assert (await data.get(team, CARL, row["_id"]))["name"] == "red"
    for call in (
        lambda: data.create(team, CARL, {"name": "x"}),
        lambda: data.create_many(team, CARL, []),
        lambda: data.update(team, CARL, row["_id"], {"name": "x"}),
        lambda: data.update_many(team, CARL, {}, {"name": "x"}),
        lambda: data.delete(team, CARL, row["_id"]),
        lambda: data.delete_many(team, CARL, {}),
    ):
        with pytest.raises(Forbidden):
            await call()


async def test_who_may_not_read_learns_nothing_by_counting_what_it_changes(data: Data, catalog: Catalog) -> None:
    blind = Principal(id="x", roles=frozenset({"member"}), scopes=frozenset({"write"}))
    team = catalog.models["Team"]
    await data.create(team, blind, {"name": "red"})
    for call in (
        lambda: data.update_many(team, blind, {"name": {"eq": "red"}}, {"name": "x"}),
        lambda: data.delete_many(team, blind, {"name": {"eq": "red"}}),
        lambda: data.list(team, blind, Query()),
    ):
        with pytest.raises(Forbidden):
            await call()
    assert (await data.create(team, blind, {"name": "blue"})).keys() == {"_id"}
    assert await data.delete_many(team, blind, None) == 2


async def test_rows_of_others_are_not_there(data: Data, catalog: Catalog) -> None:
    player = catalog.models["Player"]
    mine = await data.create(player, ANN, {"name": "mine"})
    theirs = await data.create(player, BOB, {"name": "theirs", "owner": "bob"})
    assert [row["name"] for row in (await data.list(player, ANN, Query())).rows] == ["mine"]
    assert await data.count(player, ANN, {"not": {"name": {"eq": "mine"}}}) == 0
    groups = await data.aggregate(player, ANN, {"or": [{}, {"name": {"eq": "theirs"}}]}, [GroupBy(field="name")], {})
    assert [found.group["name"] for found in groups] == ["mine"]
    for call in (
        lambda: data.get(player, ANN, theirs["_id"]),
        lambda: data.update(player, ANN, theirs["_id"], {"name": "x"}),
        lambda: data.delete(player, ANN, theirs["_id"]),
    ):
        with pytest.raises(NotFound):
            await call()
    assert await data.update_many(player, ANN, {}, {"name": "changed"}) == 1
    assert await data.delete_many(player, ANN, None) == 1
    assert (await data.get(player, LOCAL_OWNER, theirs["_id"]))["name"] == "theirs"
    assert mine["_id"] not in await data.get_many(player, LOCAL_OWNER, [mine["_id"]])


async def test_a_write_that_leaves_ones_rows_is_refused(data: Data, catalog: Catalog) -> None:
    player = catalog.models["Player"]
    row = await data.create(player, ANN, {"name": "a"})
    for call in (
        lambda: data.create(player, ANN, {"name": "b", "owner": "bob"}),
        lambda: data.create_many(player, ANN, [{"name": "b"}, {"name": "c", "owner": "bob"}]),
        lambda: data.update(player, ANN, row["_id"], {"owner": "bob"}),
        lambda: data.update_many(player, ANN, {}, {"owner": "bob"}),
    ):
        with pytest.raises(Forbidden):
            await call()
    assert await data.count(player, LOCAL_OWNER) == 1


async def test_a_hidden_field_is_as_good_as_unknown(data: Data, catalog: Catalog) -> None:
    player = catalog.models["Player"]
    await data.create(player, BOB, {"name": "b", "owner": "bob", "salary": 100, "code": "secret"})
    await data.create(player, ANN, {"name": "a", "code": "secret"})

    async def attempts(name: str) -> list[CoreError]:
        errors: list[CoreError] = []
        calls: list[Any] = [
            lambda: data.list(player, ANN, Query(), [name]),
            lambda: data.list(player, ANN, Query(filter={name: {"gt": 1}})),
            lambda: data.list(player, ANN, Query(filter={"not": {"or": [{name: {"is": None}}]}})),
            lambda: data.list(player, ANN, Query(sorting=[Sort(field=name)])),
            lambda: data.count(player, ANN, {name: {"eq": 1}}),
            lambda: data.aggregate(player, ANN, None, [GroupBy(field=name)], {}),
            lambda: data.aggregate(player, ANN, None, [], {"sum": [name]}),
            lambda: data.aggregate(player, ANN, None, [], {"count": [name]}),
        ]
        for call in calls:
            with pytest.raises(InputError) as caught:
                await call()
            errors.append(caught.value)
        return errors

    said = [
        [(error.code, error.message.replace(name, "…"), error.field_errors[0].code) for error in await attempts(name)]
        for name in ("salary", "wages")
    ]
    assert said[0] == said[1]
    row = (await data.list(player, ANN, Query())).rows[0]
    assert "salary" not in row
    assert "code" not in row
    assert (await data.list(player, BOB, Query(), ["salary"])).rows[0]["salary"] == 100


async def test_a_field_one_may_not_write_is_refused_and_one_may_not_read_is_not_given_back(
    data: Data, catalog: Catalog
) -> None:
    player = catalog.models["Player"]
    with pytest.raises(InputError) as caught:
        await data.create(player, ANN, {"name": "a", "salary": 1})
    assert [(error.path, error.code) for error in caught.value.field_errors] == [(("salary",), "read_only")]
    row = await data.create(player, ANN, {"name": "a", "code": "x"})
    assert "code" not in row
    assert "salary" not in row
    changed = await data.update(player, ANN, row["_id"], {"code": "y"})
    assert "code" not in changed
    deleted = await data.delete(player, ANN, row["_id"])
    assert "code" not in deleted


async def test_the_owner_passes_every_rule(data: Data, catalog: Catalog) -> None:
    player = catalog.models["Player"]
    row = await data.create(player, LOCAL_OWNER, {"name": "a", "owner": "x", "salary": 5, "code": "c"})
    assert (row["salary"], row["code"]) == (5, "c")


async def test_a_text_index_over_a_hidden_field_is_not_searched(data: Data, catalog: Catalog) -> None:
    hidden = Access(fields={"body": FieldRule(read=())})
    article = replace(catalog.models["Article"], access=hidden)
    await data.create(article, LOCAL_OWNER, {"title": "Python", "body": "secret"})
    assert await data.count(article, LOCAL_OWNER, search="secret") == 1
    assert await data.count(article, ANN, search="secret") == 0
    assert await data.count(article, ANN, search="pyth") == 1


async def test_a_row_filter_only_a_server_could_evaluate_lets_nothing_be_written(data: Data, catalog: Catalog) -> None:
    model = replace(catalog.models["Thing"], access=Access(row_filter=lambda principal: {"$where": "true"}))
    with pytest.raises(Unavailable, match="row filter"):
        await data.create(model, ANN, {"text": "a"})
    assert await data.count(model, LOCAL_OWNER) == 0
