"""Paging and order: limits, offsets, cursors, null placement; a walk that meets every document once."""

import asyncio
import base64
import math
import random
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import LOCAL_OWNER
from core.actions import Data, Page, Query, Sort
from core.database.embedded.semantics.sorting import compile_sort
from core.errors import InputError
from core.ordering import order_of
from core.specs import Catalog, ModelSpec
from core.stored import matches, plain


async def test_a_page_has_the_default_length_and_at_most_the_largest(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    rows = await data.create_many(model, LOCAL_OWNER, [{"number": number} for number in range(130)])

    async def page(**query: Any) -> Page:
        return await data.list(model, LOCAL_OWNER, Query(**query), ["number"])

    def numbers(found: Page) -> list[int]:
        return [row["number"] for row in found.rows]

    assert numbers(await page()) == list(range(20))
    assert numbers(await page(limit=1000)) == list(range(100))
    assert numbers(await page(limit=3, offset=127)) == [127, 128, 129]
    none = await page(limit=0)
    assert (none.rows, none.has_next, none.cursors.end) == ([], True, None)
    first, last = await page(limit=130), await page(limit=30, offset=100)
    assert (first.has_previous, first.has_next) == (False, True)
    assert (last.has_previous, last.has_next) == (True, False)
    ids = [str(row["_id"]) for row in rows]
    assert len((await page(filter={"id": {"in": ids}})).rows) == 130
    assert len((await page(filter={"id": {"in": ids}}, limit=110)).rows) == 110
    assert len((await page(filter={"id": {"in": ids}, "number": {"gte": 10}})).rows) == 120
    assert len((await page(filter={"or": [{"id": {"in": ids}}]})).rows) == 20
    for wrong in (
        {"limit": -1},
        {"offset": -1},
        {"offset": 2**40},
        {"after": "x"},
        {"after": first.cursors.end, "offset": 1},
    ):
        with pytest.raises(InputError):
            await page(**wrong)


@pytest.mark.parametrize(
    "after",
    [
        "",
        "!!!",
        "\0",
        "ü",
        base64.urlsafe_b64encode(b"\0" * 40).decode(),
        base64.urlsafe_b64encode(bson.encode({"s": "x", "v": [1]})).decode(),
    ],
)
async def test_a_cursor_that_is_none_of_ours_is_refused(data: Data, catalog: Catalog, after: str) -> None:
    with pytest.raises(InputError) as caught:
        await data.list(catalog.models["Thing"], LOCAL_OWNER, Query(after=after))
    assert caught.value.field_errors[0].path == ("after",)


async def test_a_cursor_belongs_to_its_order(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    await data.create_many(model, LOCAL_OWNER, [{"number": 1}, {"number": 2}])
    by_number = [Sort(field="number")]
    cursor = (await data.list(model, LOCAL_OWNER, Query(sorting=by_number, limit=1))).cursors.end
    for sorting in (
        [],
        [Sort(field="text")],
        [Sort(field="number", descending=True)],
        [Sort(field="number", nulls="last")],
    ):
        with pytest.raises(InputError):
            await data.list(model, LOCAL_OWNER, Query(sorting=sorting, after=cursor))
    content = bson.decode(base64.urlsafe_b64decode(str(cursor) + "==="))
    forged = base64.urlsafe_b64encode(bson.encode({**content, "v": [{"$gt": 0}, {"$ne": None}]})).decode()
    with pytest.raises(InputError):
        await data.list(model, LOCAL_OWNER, Query(sorting=by_number, after=forged))


async def test_an_unsortable_or_unknown_field_cannot_order(data: Data, catalog: Catalog) -> None:
    for name in ("tags", "data", "address", "address.nowhere", "$where", "", "number.x", "blob", "password"):
        with pytest.raises(InputError):
            await data.list(catalog.models["Thing"], LOCAL_OWNER, Query(sorting=[Sort(field=name)]))


async def test_embedded_fields_order_too(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    for city in ("Ulm", "Bonn", None):
        await data.create(model, LOCAL_OWNER, {"address": city and {"city": city}})
    page = await data.list(
        model, LOCAL_OWNER, Query(sorting=[Sort(field="address.city", nulls="last")], limit=1), ["text"]
    )
    rest = await data.list(
        model,
        LOCAL_OWNER,
        Query(sorting=[Sort(field="address.city", nulls="last")], after=page.cursors.end),
        ["address"],
    )
    assert [row["address"] and row["address"]["city"] for row in rest.rows] == ["Ulm", None]


_ROWS = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 2)), st.one_of(st.none(), st.sampled_from("ab"))), max_size=12
)
_NULLS = st.sampled_from([None, "first", "last"])


@given(rows=_ROWS, down=st.tuples(st.booleans(), st.booleans(), st.booleans()), nulls=st.tuples(_NULLS, _NULLS))
def test_what_comes_after_a_cursor_is_what_stands_after_it(
    catalog: Catalog, rows: list[Any], down: tuple[bool, bool, bool], nulls: tuple[Any, Any]
) -> None:
    sorting = [
        Sort(field="number", descending=down[0], nulls=nulls[0]),
        Sort(field="text", descending=down[1], nulls=nulls[1]),
        Sort(field="id", descending=down[2]),
    ]
    order = order_of(catalog, catalog.models["Thing"], LOCAL_OWNER, sorting)
    documents = [{"_id": bson.ObjectId(f"{place:024x}"), "number": n, "text": t} for place, (n, t) in enumerate(rows)]
    flagged = [
        row | {f"_null{place}": row[key.path] is None for place, key in enumerate(order.keys) if not key.natural}
        for row in documents
    ]
    ordered = sorted(flagged, key=lambda row: compile_sort(order.sort)(plain(row)))
    for place, row in enumerate(ordered):
        after = order.after(order.cursor(row))
        assert [one for one in ordered if matches(after, one)] == ordered[place + 1 :]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("nulls", [None, "first", "last"])
@pytest.mark.parametrize("name", ["ratio", "price"])
async def test_a_walk_meets_every_document_once_though_some_keys_are_not_a_number(
    data: Data, catalog: Catalog, name: str, nulls: Any, descending: bool
) -> None:
    model = catalog.models["Thing"]
    things = model.document.get_pymongo_collection()  # type: ignore[attr-defined]
    values = [math.nan, 1.5, None, math.nan, -math.inf, 1.5, math.inf, None, math.nan, -2.5]
    if name == "price":
        values = [value if value is None else bson.Decimal128(str(value)) for value in values]
    result = await things.insert_many([{name: value} for value in values])
    sorting = [Sort(field=name, descending=descending, nulls=nulls)]
    for limit in (1, 2, 3):
        assert sorted(await walk(data, model, sorting, limit)) == sorted(result.inserted_ids)


async def walk(data: Data, model: ModelSpec, sorting: list[Sort], limit: int) -> list[Any]:
    seen: list[Any] = []
    after = None
    while True:
        page = await data.list(model, LOCAL_OWNER, Query(sorting=sorting, limit=limit, after=after), ["number"])
        seen += [row["_id"] for row in page.rows]
        if not page.has_next:
            return seen
        after = page.cursors.end


async def _walk_while_others_write(data: Data, catalog: Catalog, count: int, sorting: list[Sort], limit: int) -> None:
    model = catalog.models["Thing"]
    things = model.document.get_pymongo_collection()  # type: ignore[attr-defined]
    chance = random.Random(7)
    documents = [
        {"_id": bson.ObjectId(), "number": chance.choice([None, *range(50)]), "text": str(chance.random())}
        for _ in range(count)
    ]
    for start in range(0, count, 1000):
        await things.insert_many(documents[start : start + 1000])
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            row = {"_id": bson.ObjectId(), "number": chance.randrange(50), "text": "new"}
            await things.insert_one(row)
            await things.update_one({"_id": chance.choice(documents)["_id"]}, {"$set": {"ratio": chance.random()}})
            await things.delete_one({"_id": row["_id"]})

    writer = asyncio.create_task(write())
    try:
        seen = await walk(data, model, sorting, limit)
    finally:
        stop.set()
        await writer
    assert len(seen) == len(set(seen))
    assert {row["_id"] for row in documents} <= set(seen)


@pytest.mark.parametrize(
    "sorting", [[], [Sort(field="number")], [Sort(field="number", descending=True, nulls="first")]]
)
async def test_a_walk_meets_every_document_once_while_others_write(
    data: Data, catalog: Catalog, sorting: list[Sort]
) -> None:
    await _walk_while_others_write(data, catalog, 500, sorting, 50)


@pytest.mark.slow
async def test_a_walk_through_100_000_documents_meets_each_once_while_others_write(
    data: Data, catalog: Catalog
) -> None:
    large = Data(catalog, data.settings.model_copy(update={"max_page_size": 1000}))
    await _walk_while_others_write(large, catalog, 100_000, [], 1000)
