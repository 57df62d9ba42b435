"""Writes: what is validated, what is written and what is not, revisions, uniqueness, hooks, soft deletion."""

import json
from typing import Any

import pytest

from core.access import LOCAL_OWNER
from core.actions import Data, Query
from core.errors import Conflict, Duplicate, Forbidden, InputError, LimitExceeded, NotFound
from core.settings import Settings
from core.specs import Catalog
from tests.data.models import CALLS


def collection(catalog: Catalog, name: str) -> Any:
    return catalog.models[name].document.get_pymongo_collection()  # type: ignore[attr-defined]


async def test_every_finding_of_an_input_is_reported_with_its_path(data: Data, catalog: Catalog) -> None:
    with pytest.raises(InputError) as caught:
        await data.create(
            catalog.models["Thing"],
            LOCAL_OWNER,
            {
                "id": "0" * 24,
                "revision_id": "x",
                "txet": 1,
                "number": "many",
                "address": {"city": "Bonn", "street": {"name": "A", "numbr": 1}},
                "addresses": [{"city": "Ulm"}, {"city": 5}],
                "pet": {"kind": "cat", "tricks": []},
                "data": {"a": [{"$where": 1}]},
                "places": {"home": {"town": "x"}},
            },
        )
    assert {(error.path, error.code) for error in caught.value.field_errors} == {
        (("id",), "read_only"),
        (("revision_id",), "unknown_field"),
        (("txet",), "unknown_field"),
        (("number",), "invalid_value"),
        (("address", "street", "numbr"), "unknown_field"),
        (("addresses", 1, "city"), "string_type"),
        (("pet", "tricks"), "unknown_field"),
        (("data", "a", 0, "$where"), "invalid_key"),
        (("places", "home", "town"), "unknown_field"),
    }


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"address": {"street": {"name": "A"}}}, ("address", "city")),
        ({"addresses": [{"city": "Ulm"}, {"countryCode": "AT"}]}, ("addresses", 1, "city")),
        ({"pet": {"kind": "cat", "lives": "nine"}}, ("pet", "lives")),
        ({"pet": {"kind": "cow"}}, ("pet", "kind")),
        ({"places": {"home": {}}}, ("places", "home", "city")),
        ({"tags": 5}, ("tags",)),
        (
            {"tree": {"label": "a", "children": [{"label": "b", "children": [{}]}]}},
            ("tree", "children", 0, "children", 0, "label"),
        ),
        ({"big": -(2**63) - 1}, ("big",)),
    ],
    ids=str,
)
async def test_what_pydantic_finds_stands_at_the_wire_path(
    data: Data, catalog: Catalog, given: dict[str, Any], path: tuple[Any, ...]
) -> None:
    with pytest.raises(InputError) as caught:
        await data.create(catalog.models["Thing"], LOCAL_OWNER, given)
    assert path in [error.path for error in caught.value.field_errors]


async def test_data_has_a_deepest_level_and_errors_a_longest_path(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    tree: dict[str, Any] = {"label": "leaf"}
    for _ in range(5_000):
        tree = {"label": "x", "children": [tree]}
    nested: list[Any] = []
    for _ in range(5_000):
        nested = [nested]
    for given in ({"tree": tree}, {"anything": nested}, {"data": {"x": nested}}, {"y" * 100_000 + "\ud800": 1}):
        with pytest.raises(InputError) as caught:
            await data.create(model, LOCAL_OWNER, given)
        assert len(caught.value.message) < 1_000
        assert all(len(json.dumps(error.path)) < 1_000 for error in caught.value.field_errors)
        assert "\ud800" not in caught.value.message


async def test_everything_that_is_written_comes_back(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    given = {
        "nickName": "x",
        "password": "secret",
        "address": {"city": "Bonn", "countryCode": "AT", "street": {"name": "A", "number": 3}},
        "addresses": [{"city": "Ulm", "countryCode": "DE", "street": None}],
        "tree": {"label": "a", "children": [{"label": "b", "children": []}]},
        "numbers": [3, 3, 1],
        "colors": ["red", "blue"],
        "data": {"a": [1, {"b": None}], "ä.b": 2.5},
        "anything": {"x": [True, "y"]},
        "places": {"home": {"city": "Bonn", "countryCode": "DE", "street": None}},
        "pet": {"kind": "dog", "tricks": ["roll"]},
    }
    row = await data.create(model, LOCAL_OWNER, given)
    shown = data.reader.shape(model.object, row)
    assert "password" not in shown
    assert sorted(shown.pop("numbers")) == [1, 3]
    assert {name: shown[name] for name in given if name in shown} == {
        name: value for name, value in given.items() if name not in ("password", "numbers")
    }
    assert data.reader.shape(model.object, await data.get(model, LOCAL_OWNER, row["_id"])) | {"numbers": 0} == shown | {
        "numbers": 0
    }
    stored = await collection(catalog, "Thing").find_one({"_id": row["_id"]})
    assert stored["password"] == "secret"


async def test_an_update_writes_only_what_changed(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    things = collection(catalog, "Thing")
    row = await data.create(model, LOCAL_OWNER, {"text": "a", "number": 1, "ratio": 1.5, "tags": ["x"]})
    # Another writer, beside us, between two reads; and an old document without a field that has a default.
    await things.update_one({"_id": row["_id"]}, {"$set": {"extra": 1}, "$unset": {"tags": ""}})
    updated = await data.update(model, LOCAL_OWNER, row["_id"], {"number": 2, "ratio": 1.5})
    assert updated["number"] == 2
    stored = await things.find_one({"_id": row["_id"]})
    assert stored["extra"] == 1
    assert "tags" not in stored
    assert stored["revision_id"] != row["revision_id"]
    unchanged = await data.update(model, LOCAL_OWNER, row["_id"], {"number": 2})
    assert unchanged["revision_id"] == updated["revision_id"]
    cleared = await data.update(model, LOCAL_OWNER, row["_id"], {"number": None, "text": None})
    assert (cleared["number"], cleared["text"]) == (None, None)


async def test_two_writers_of_different_fields_lose_nothing(data: Data, catalog: Catalog) -> None:
    import asyncio

    model = catalog.models["Thing"]
    row = await data.create(model, LOCAL_OWNER, {})
    changes: list[dict[str, Any]] = [{"text": "a"}, {"number": 1}, {"ratio": 2.5}, {"flag": True}, {"nickName": "n"}]
    await asyncio.gather(*(data.update(model, LOCAL_OWNER, row["_id"], change) for change in changes))
    stored = data.reader.shape(model.object, await data.get(model, LOCAL_OWNER, row["_id"]))
    assert {name: stored[name] for change in changes for name in change} == {
        name: value for change in changes for name, value in change.items()
    }


async def test_a_stale_revision_is_a_conflict(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    row = await data.create(model, LOCAL_OWNER, {"text": "a"})
    first = str(row["revision_id"])
    await data.update(model, LOCAL_OWNER, row["_id"], {"text": "b"}, if_revision=first)
    for write in (
        lambda: data.update(model, LOCAL_OWNER, row["_id"], {"text": "c"}, if_revision=first),
        lambda: data.update(model, LOCAL_OWNER, row["_id"], {"text": "b"}, if_revision=first),
        lambda: data.delete(model, LOCAL_OWNER, row["_id"], if_revision=first),
    ):
        with pytest.raises(Conflict):
            await write()
    now = await data.get(model, LOCAL_OWNER, row["_id"])
    assert now["text"] == "b"
    await data.delete(model, LOCAL_OWNER, row["_id"], if_revision=str(now["revision_id"]))
    with pytest.raises(NotFound):
        await data.get(model, LOCAL_OWNER, row["_id"])


async def test_a_revision_that_cannot_be_one_is_refused(data: Data, catalog: Catalog) -> None:
    thing, vehicle = catalog.models["Thing"], catalog.models["Vehicle"]
    row, car = await data.create(thing, LOCAL_OWNER, {}), await data.create(vehicle, LOCAL_OWNER, {})
    with pytest.raises(InputError):
        await data.update(thing, LOCAL_OWNER, row["_id"], {"text": "x"}, if_revision="one")
    with pytest.raises(InputError, match="no revision"):
        await data.update(vehicle, LOCAL_OWNER, car["_id"], {"wheels": 3}, if_revision="one")


async def test_a_unique_violation_names_its_fields(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Player"]
    await data.create(model, LOCAL_OWNER, {"name": "ann"})
    other = await data.create(model, LOCAL_OWNER, {"name": "bob"})
    for write in (
        lambda: data.create(model, LOCAL_OWNER, {"name": "ann"}),
        lambda: data.update(model, LOCAL_OWNER, other["_id"], {"name": "ann"}),
    ):
        with pytest.raises(Duplicate) as caught:
            await write()
        assert [(error.path, error.code) for error in caught.value.field_errors] == [
            (("name",), "not_unique"),
            (("owner",), "not_unique"),
        ]


async def test_creating_many_is_all_or_nothing(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Player"]
    await data.create(model, LOCAL_OWNER, {"name": "ann"})
    with pytest.raises(InputError) as invalid:
        await data.create_many(model, LOCAL_OWNER, [{"name": "x"}, {"name": 5}, {}])
    assert {error.path for error in invalid.value.field_errors} == {(1, "name"), (2, "name")}
    with pytest.raises(Duplicate) as caught:
        await data.create_many(model, LOCAL_OWNER, [{"name": "x"}, {"name": "ann"}, {"name": "y"}])
    assert (1, "name") in [error.path for error in caught.value.field_errors]
    assert await data.count(model, LOCAL_OWNER) == 1
    rows = await data.create_many(model, LOCAL_OWNER, [{"name": "x"}, {"name": "y"}])
    assert [row["name"] for row in rows] == ["x", "y"]
    assert await data.create_many(model, LOCAL_OWNER, []) == []


async def test_updating_many_validates_and_bumps_revisions(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Hooked"]
    rows = await data.create_many(model, LOCAL_OWNER, [{"name": "a", "low": 3}, {"name": "b", "low": 8}])
    with pytest.raises(InputError, match="low must not be above high"):
        await data.update_many(model, LOCAL_OWNER, {}, {"high": 5})
    assert await data.update_many(model, LOCAL_OWNER, {"name": {"eq": "a"}}, {"high": 5}) == 1
    assert await data.update_many(model, LOCAL_OWNER, {"name": {"eq": "z"}}, {"high": 5}) == 0
    after = await data.get_many(model, LOCAL_OWNER, [row["_id"] for row in rows])
    assert [after[row["_id"]]["high"] for row in rows] == [5, 10]
    assert after[rows[0]["_id"]]["revision_id"] != rows[0]["revision_id"]
    assert after[rows[1]["_id"]]["revision_id"] == rows[1]["revision_id"]


async def test_updating_many_is_all_or_nothing(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Player"]
    await data.create_many(model, LOCAL_OWNER, [{"name": "a"}, {"name": "b"}, {"name": "c"}])
    with pytest.raises(Duplicate):
        await data.update_many(model, LOCAL_OWNER, {}, {"name": "same"})
    rows = (await data.list(model, LOCAL_OWNER, Query())).rows
    assert [row["name"] for row in rows] == ["a", "b", "c"]


async def test_many_forms_have_a_largest_size(data: Data, catalog: Catalog, settings: Settings) -> None:
    model = catalog.models["Thing"]
    small = Data(catalog, data.settings.model_copy(update={"max_many": 2}))
    await data.create_many(model, LOCAL_OWNER, [{}, {}, {}])
    for write in (
        lambda: small.create_many(model, LOCAL_OWNER, [{}, {}, {}]),
        lambda: small.update_many(model, LOCAL_OWNER, {}, {"text": "x"}),
        lambda: small.delete_many(model, LOCAL_OWNER, None),
    ):
        with pytest.raises(LimitExceeded):
            await write()
    assert await data.count(model, LOCAL_OWNER, {"text": {"is": None}}) == 3
    assert await data.delete_many(model, LOCAL_OWNER, None) == 3


async def test_hooks_validators_and_computed_fields_take_part(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Hooked"]
    CALLS.clear()
    row = await data.create(model, LOCAL_OWNER, {"name": "  Ann "})
    assert (row["name"], row["slug"], row["stamp"]) == ("Ann", "ann", 1)
    assert CALLS == ["before", "after"]
    row = await data.update(model, LOCAL_OWNER, row["_id"], {"name": " Bob"})
    assert (row["name"], row["slug"], row["stamp"]) == ("Bob", "bob", 2)
    assert CALLS == ["before", "after"] * 2
    stored = await collection(catalog, "Hooked").find_one({"_id": row["_id"]})
    assert (stored["name"], stored["slug"], stored["stamp"]) == ("Bob", "bob", 2)
    assert "title" not in stored
    shown = data.reader.shape(model.object, await data.get(model, LOCAL_OWNER, row["_id"], ["title"]), ["title"])
    assert shown == {"title": "Bob (2)"}
    await data.delete(model, LOCAL_OWNER, row["_id"])
    assert CALLS[-1] == "deleted"


async def test_a_hook_may_refuse_a_write_and_say_why(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Hooked"]
    with pytest.raises(InputError, match="nobody is no name"):
        await data.create(model, LOCAL_OWNER, {"name": "nobody"})
    row = await data.create(model, LOCAL_OWNER, {"name": "a"})
    with pytest.raises(InputError, match="nobody is no name"):
        await data.update(model, LOCAL_OWNER, row["_id"], {"name": "nobody"})
    assert [row["name"] for row in (await data.list(model, LOCAL_OWNER, Query())).rows] == ["a"]


async def test_a_soft_deletion_marks_and_hides(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Note"]
    first, second, third = await data.create_many(model, LOCAL_OWNER, [{"title": "a"}, {"title": "b"}, {"title": "c"}])
    await data.delete(model, LOCAL_OWNER, first["_id"])
    with pytest.raises(NotFound):
        await data.get(model, LOCAL_OWNER, first["_id"])
    with pytest.raises(NotFound):
        await data.delete(model, LOCAL_OWNER, first["_id"])
    assert await data.delete_many(model, LOCAL_OWNER, {"title": {"eq": "b"}}) == 1
    assert [row["_id"] for row in (await data.list(model, LOCAL_OWNER, Query())).rows] == [third["_id"]]
    stored = await collection(catalog, "Note").find_one({"_id": second["_id"]})
    assert stored["deleted_at"] is not None
    assert stored["changes"] == 1
    with pytest.raises(InputError):
        await data.update(model, LOCAL_OWNER, third["_id"], {"deleted_at": None})


async def test_a_document_that_breaks_its_model_can_be_repaired_and_deleted(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    _, bad, worse = await data.create_many(model, LOCAL_OWNER, [{"text": "a"}] * 3)
    things = collection(catalog, "Thing")
    await things.update_many({"_id": {"$in": [bad["_id"], worse["_id"]]}}, {"$set": {"number": "many"}})
    assert (await data.update(model, LOCAL_OWNER, bad["_id"], {"number": 3}))["number"] == 3
    with pytest.raises(InputError) as caught:
        await data.update(model, LOCAL_OWNER, worse["_id"], {"text": "b"})
    assert caught.value.field_errors[0].path == ("number",)
    await data.delete(model, LOCAL_OWNER, worse["_id"])
    assert await data.count(model, LOCAL_OWNER) == 2


async def test_a_read_only_model_is_not_written(data: Data, catalog: Catalog) -> None:
    with pytest.raises(Forbidden, match="read-only"):
        await data.create(catalog.models["Ledger"], LOCAL_OWNER, {"amount": 1})


async def test_a_class_and_its_children_share_a_collection(data: Data, catalog: Catalog) -> None:
    vehicle, car, bicycle = (catalog.models[name] for name in ("Vehicle", "Car", "Bicycle"))
    await data.create(vehicle, LOCAL_OWNER, {"wheels": 3})
    one = await data.create(car, LOCAL_OWNER, {"doors": 3})
    await data.create(bicycle, LOCAL_OWNER, {"wheels": 2})
    counts = [await data.count(model, LOCAL_OWNER) for model in (vehicle, car, bicycle)]
    assert counts == [3, 1, 1]
    with pytest.raises(NotFound):
        await data.get(bicycle, LOCAL_OWNER, one["_id"])
    row = await data.update(vehicle, LOCAL_OWNER, one["_id"], {"wheels": 6})
    assert (row["wheels"], (await data.get(car, LOCAL_OWNER, one["_id"]))["doors"]) == (6, 3)
    with pytest.raises(NotFound):
        await data.delete(bicycle, LOCAL_OWNER, one["_id"])


async def test_an_id_of_nothing_is_not_found(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    for id in ("nonsense", "", "0" * 24, None, 5, {"$gt": ""}, "\0", "é" * 12):
        for call in (
            lambda id=id: data.get(model, LOCAL_OWNER, id),
            lambda id=id: data.update(model, LOCAL_OWNER, id, {"text": "x"}),
            lambda id=id: data.delete(model, LOCAL_OWNER, id),
        ):
            with pytest.raises(NotFound):
                await call()


@pytest.mark.parametrize("given", [None, 5, [], "x"])
async def test_data_that_is_no_object_is_refused(data: Data, catalog: Catalog, given: Any) -> None:
    model = catalog.models["Thing"]
    row = await data.create(model, LOCAL_OWNER, {})
    for call in (
        lambda: data.create(model, LOCAL_OWNER, given),
        lambda: data.create_many(model, LOCAL_OWNER, [given]),
        lambda: data.update(model, LOCAL_OWNER, row["_id"], given),
        lambda: data.update_many(model, LOCAL_OWNER, {}, given),
    ):
        with pytest.raises(InputError):
            await call()
