"""Links and back links: by id in inputs, filtered by what they lead to, read a level at a time, under the rules."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo.monitoring import CommandListener

from core.access import LOCAL_OWNER
from core.actions import Data, Query
from core.actions.reads import MAX_LINKS
from core.errors import Forbidden, InputError, LimitExceeded
from core.specs import Catalog, ModelSpec
from tests.data.conftest import ANN, BOB, CARL


class World:
    """Two teams; ann and bob own players in them; ann's players have friends."""

    def __init__(self, data: Data, catalog: Catalog) -> None:
        self.data, self.catalog = data, catalog
        self.team, self.player = catalog.models["Team"], catalog.models["Player"]
        self.ids: dict[str, Any] = {}

    async def fill(self) -> None:
        for name in ("red", "blue"):
            self.ids[name] = (await self.data.create(self.team, LOCAL_OWNER, {"name": name}))["_id"]
        for name, owner, team in (
            ("a1", "ann", "red"),
            ("a2", "ann", "blue"),
            ("b1", "bob", "red"),
            ("a3", "ann", None),
        ):
            link = None if team is None else str(self.ids[team])
            row = await self.data.create(self.player, LOCAL_OWNER, {"name": name, "owner": owner, "team": link})
            self.ids[name] = row["_id"]
        await self.befriend("a1", "a2", "b1")
        await self.befriend("a2", "b1")

    async def befriend(self, name: str, *friends: str) -> None:
        links = [str(self.ids[friend]) for friend in friends]
        await self.data.update(self.player, LOCAL_OWNER, self.ids[name], {"friends": links})

    async def names(self, model: ModelSpec, principal: Any, filter: Any) -> list[str]:
        return sorted(row["name"] for row in (await self.data.list(model, principal, Query(filter=filter))).rows)


@pytest.fixture
async def world(data: Data, catalog: Catalog) -> World:
    made = World(data, catalog)
    await made.fill()
    return made


async def test_a_link_is_given_as_an_id_and_read_as_one(world: World) -> None:
    row = await world.data.get(world.player, ANN, world.ids["a1"])
    shown = world.data.reader.shape(world.player.object, row, ["team", "friends"])
    assert shown == {"team": str(world.ids["red"]), "friends": [str(world.ids["a2"]), str(world.ids["b1"])]}
    assert world.data.reader.value(world.player.object, world.player.object.by_name["team"], row) == world.ids["red"]


async def test_a_link_must_lead_to_a_document_the_writer_may_see(world: World) -> None:
    for given, path in (
        ({"team": "0" * 24}, ("team",)),
        ({"friends": [str(world.ids["a2"]), str(world.ids["b1"])]}, ("friends", 1)),
    ):
        with pytest.raises(InputError) as caught:
            await world.data.update(world.player, ANN, world.ids["a1"], given)
        assert [(error.path, error.code) for error in caught.value.field_errors] == [(path, "not_found")]
    with pytest.raises(InputError) as malformed:
        await world.data.create(world.player, ANN, {"name": "x", "team": "red"})
    assert malformed.value.field_errors[0].path == ("team",)
    row = await world.data.update(world.player, ANN, world.ids["a1"], {"team": None, "friends": []})
    assert (row["team"], row["friends"]) == (None, [])


async def test_links_are_filtered_by_what_they_lead_to_and_the_reader_may_see(world: World) -> None:
    owner_sees: list[tuple[dict[str, Any], list[str]]] = [
        ({"team": {"name": {"eq": "red"}}}, ["a1", "b1"]),
        ({"team": {"id": {"eq": str(world.ids["blue"])}}}, ["a2"]),
        ({"team": {"is": None}}, ["a3"]),
        ({"team": {"isNot": None, "name": {"neq": "red"}}}, ["a2"]),
        ({"not": {"team": {"name": {"eq": "red"}}}}, ["a2", "a3"]),
        ({"friends": {"some": {"owner": {"eq": "bob"}}}}, ["a1", "a2"]),
        ({"friends": {"every": {"owner": {"eq": "bob"}}}}, ["a2", "a3", "b1"]),
        ({"friends": {"none": {"owner": {"eq": "ann"}}}}, ["a2", "a3", "b1"]),
        ({"friends": {"size": 2}}, ["a1"]),
        ({"friends": {"some": {"friends": {"some": {"name": {"eq": "b1"}}}}}}, ["a1"]),
    ]
    for filter, expected in owner_sees:
        assert await world.names(world.player, LOCAL_OWNER, filter) == expected, filter
    # Ann may not see bob's player, so no filter of hers tells anything of it.
    for filter in ({"friends": {"some": {"name": {"eq": "b1"}}}}, {"friends": {"some": {"owner": {"eq": "bob"}}}}):
        assert await world.names(world.player, ANN, filter) == []
    with pytest.raises(InputError):
        await world.names(world.player, ANN, {"friends": {"some": {"salary": {"gt": 0}}}})


async def test_a_filter_on_links_has_a_largest_reach(world: World) -> None:
    small = Data(world.catalog, world.data.settings.model_copy(update={"max_related": 1}))
    with pytest.raises(LimitExceeded, match="narrow the filter"):
        await small.list(world.player, LOCAL_OWNER, Query(filter={"team": {"name": {"in": ["red", "blue"]}}}))


async def test_a_filter_follows_only_so_many_links(world: World) -> None:
    chain: dict[str, Any] = {"name": {"eq": "b1"}}
    for _ in range(MAX_LINKS + 1):
        chain = {"friends": {"some": chain}}
    broad = {"or": [{"team": {"name": {"eq": "red"}}}] * (MAX_LINKS + 1)}
    for filter in (chain, broad):
        with pytest.raises(LimitExceeded, match="links"):
            await world.data.list(world.player, LOCAL_OWNER, Query(filter=filter))


class Counter(CommandListener):
    def __init__(self) -> None:
        self.commands: list[str] = []

    def started(self, event: Any) -> None:
        if event.command_name in ("find", "aggregate", "getMore"):
            self.commands.append(event.command_name)

    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: Any) -> None: ...


@contextmanager
def counted(model: ModelSpec) -> Iterator[list[str]]:
    client = model.document.get_pymongo_collection().database.client  # type: ignore[attr-defined]
    listeners = client._event_listeners
    counter = Counter()
    listeners._EventListeners__command_listeners.append(counter)
    try:
        yield counter.commands
    finally:
        listeners._EventListeners__command_listeners.remove(counter)


async def test_a_level_of_links_is_one_query(world: World) -> None:
    field = world.team.object.by_name["players"]
    with counted(world.player) as commands:
        found = await world.data.linked(
            world.team, LOCAL_OWNER, field, [world.ids["red"], str(world.ids["blue"])], ["name"]
        )
    assert commands == ["find"]
    assert {owner: [row["name"] for row in rows] for owner, rows in found.items()} == {
        world.ids["red"]: ["a1", "b1"],
        str(world.ids["blue"]): ["a2"],
    }
    with counted(world.player) as commands:
        many = await world.data.get_many(
            world.player, LOCAL_OWNER, [world.ids["a1"], str(world.ids["b1"]), "x", "0" * 24]
        )
    assert commands == ["find"]
    assert {id: row["name"] for id, row in many.items()} == {world.ids["a1"]: "a1", str(world.ids["b1"]): "b1"}


async def test_a_link_is_compared_with_an_id_without_asking_for_its_target(world: World) -> None:
    query = Query(filter={"team": {"id": {"eq": str(world.ids["red"])}}})
    with counted(world.player) as commands:
        assert len((await world.data.list(world.player, LOCAL_OWNER, query)).rows) == 2
    assert commands == ["find"]


async def test_hidden_rows_are_missing_at_the_other_end(world: World) -> None:
    field = world.team.object.by_name["players"]
    found = await world.data.linked(world.team, ANN, field, [world.ids["red"]])
    assert [row["name"] for row in found[world.ids["red"]]] == ["a1"]
    assert await world.data.get_many(world.player, ANN, [world.ids["b1"]]) == {}
    assert list(await world.data.get_many(world.player, BOB, [world.ids["b1"]])) == [world.ids["b1"]]


async def test_who_may_not_read_the_linked_model_learns_nothing_of_it(world: World) -> None:
    nobody = type(CARL)(id="ann", roles=frozenset({"stranger"}))
    with pytest.raises(Forbidden):
        await world.data.list(world.player, nobody, Query(filter={"team": {"name": {"eq": "red"}}}))
    with pytest.raises(InputError):
        await world.data.create(world.player, nobody, {"name": "x", "team": str(world.ids["red"])})
