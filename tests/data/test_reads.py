"""Reading raw rows: defaults of old documents, errors of broken ones, unions, what is fetched at all."""

from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, ObjectId

from core.access import LOCAL_OWNER
from core.actions import Data, Query
from core.errors import InvalidDocument
from core.reads import RowReader, dump_json
from core.specs import Catalog


async def test_only_what_is_asked_for_is_fetched(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    await data.create(model, LOCAL_OWNER, {"text": "a", "number": 1, "password": "x"})
    [row] = (await data.list(model, LOCAL_OWNER, Query(), ["text"])).rows
    assert row.keys() == {"_id", "revision_id", "text"}
    [whole] = (await data.list(model, LOCAL_OWNER, Query())).rows
    assert "password" not in whole


async def test_an_old_document_has_the_declared_defaults(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Player"]
    players = model.document.get_pymongo_collection()  # type: ignore[attr-defined]
    await players.insert_one({"name": "old"})
    [row] = (await data.list(model, LOCAL_OWNER, Query())).rows
    shown = data.reader.shape(model.object, row)
    assert shown == {
        "id": str(row["_id"]), "name": "old", "owner": "ann", "salary": 0, "code": "", "team": None, "friends": [],
    }  # fmt: skip


async def test_a_broken_document_is_an_error_of_its_own_field(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Player"]
    players = model.document.get_pymongo_collection()  # type: ignore[attr-defined]
    await players.insert_many([{"name": "good"}, {"name": 5}, {"salary": "x"}])
    rows = (await data.list(model, LOCAL_OWNER, Query())).rows
    name, salary = model.object.by_name["name"], model.object.by_name["salary"]
    assert data.reader.value(model.object, name, rows[0]) == "good"
    for row, field in ((rows[1], name), (rows[2], name), (rows[2], salary)):
        with pytest.raises(InvalidDocument, match=f"Player {row['_id']}: the stored field '{field.wire}'"):
            data.reader.value(model.object, field, row)
    assert data.reader.value(model.object, salary, rows[1]) == 0


async def test_a_broken_document_with_computed_fields_spoils_only_itself(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Hooked"]
    await data.create(model, LOCAL_OWNER, {"name": "good"})
    await model.document.get_pymongo_collection().insert_one({"name": 5})  # type: ignore[attr-defined]
    good, bad = (await data.list(model, LOCAL_OWNER, Query(), ["title", "stamp"])).rows
    assert data.reader.shape(model.object, good, ["title", "stamp"]) == {"title": "good (1)", "stamp": 1}
    with pytest.raises(InvalidDocument):
        data.reader.shape(model.object, bad, ["title"])
    assert data.reader.shape(model.object, bad, ["stamp"]) == {"stamp": 0}


async def test_validators_that_change_values_do_so_on_read(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Hooked"]
    await model.document.get_pymongo_collection().insert_one({"name": " Ann ", "slug": "old"})  # type: ignore[attr-defined]
    [row] = (await data.list(model, LOCAL_OWNER, Query(), ["name", "slug"])).rows
    assert data.reader.shape(model.object, row, ["name", "slug"]) == {"name": "Ann", "slug": "ann"}


BROKEN: dict[str, list[Any]] = {
    "number": ["x", True, 1.5, [], {}],
    "ratio": ["x", float("nan"), True],
    "flag": ["x", 2],
    "moment": ["x", 5],
    "price": ["x", {}],
    "token": [b"short", "x"],
    "color": ["pink", 5, []],
    "size": ["medium"],
    "address": ["x", []],
    "tags": ["x", {}, [None], [5]],
    "colors": [["pink"]],
    "addresses": [["x"]],
    "data": ["x", []],
    "pet": [{"kind": "cow"}, "x"],
}


@pytest.mark.parametrize(("name", "stored"), [(name, value) for name, values in BROKEN.items() for value in values])
def test_a_stored_value_that_does_not_fit_is_reported(catalog: Catalog, name: str, stored: Any) -> None:
    spec = catalog.models["Thing"].object
    with pytest.raises(InvalidDocument):
        RowReader(catalog).json(spec, spec.by_wire[name], {"_id": ObjectId(), spec.by_wire[name].storage: stored})


def test_what_pydantic_would_read_as_well_is_read(catalog: Catalog) -> None:
    spec = catalog.models["Thing"].object
    reader = RowReader(catalog)
    lenient = {"number": (3.0, 3), "ratio": (3, 3.0), "price": ("1.5", "1.5"), "moment": ("2024-01-01T00:00:00Z",) * 2}
    for name, (stored, expected) in lenient.items():
        value = reader.json(spec, spec.by_wire[name], {name: stored})
        assert value == expected or value == "2024-01-01T00:00:00+00:00"


def test_a_union_without_discriminator_is_told_apart_by_what_validates(catalog: Catalog) -> None:
    spec = catalog.models["Thing"].object
    reader = RowReader(catalog)
    shown = reader.json(spec, spec.by_wire["pet"], {"pet": {"kind": "dog", "tricks": ["roll"]}})
    assert shown == {"kind": "dog", "tricks": ["roll"]}


def test_any_stored_value_has_a_json_form() -> None:
    stored = {"a": [ObjectId("1" * 24), Decimal128("1.10"), Decimal("2.20"), b"\0", float("inf"), None, True]}
    assert dump_json(stored) == {"a": ["1" * 24, "1.10", "2.20", "AA==", None, None, True]}
