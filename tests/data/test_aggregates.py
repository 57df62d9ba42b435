"""Aggregates: groups, functions, date buckets."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.access import LOCAL_OWNER
from core.actions import Data, GroupBy
from core.errors import InputError, LimitExceeded
from core.specs import Catalog

ROWS: list[dict[str, Any]] = [
    {"text": "a", "number": 1, "price": "1.10", "span": "PT1H", "moment": "2024-01-01T10:30:00Z", "color": "red"},
    {"text": "a", "number": 2, "price": "2.20", "span": "PT2H", "moment": "2024-01-07T23:59:59Z", "color": "red"},
    {"text": "b", "number": None, "price": None, "moment": "2024-02-29T10:45:00Z", "color": "blue"},
    {"text": None, "number": 5, "day": "2024-02-29"},
]


async def test_functions_over_all_documents(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    functions = {
        "count": ["id", "number"],
        "sum": ["number", "price", "span"],
        "avg": ["number", "price"],
        "min": ["number", "text", "moment", "color", "day"],
        "max": ["number", "span", "price"],
    }
    [empty] = await data.aggregate(model, LOCAL_OWNER, None, [], functions)
    assert empty.values["count"] == {"id": 0, "number": 0}
    assert empty.values["sum"] == {"number": 0, "price": 0, "span": timedelta(0)}
    assert set(empty.values["min"].values()) == {None}
    await data.create_many(model, LOCAL_OWNER, ROWS)
    [found] = await data.aggregate(model, LOCAL_OWNER, None, [], functions)
    assert found.group == {}
    assert found.values == {
        "count": {"id": 4, "number": 3},
        "sum": {"number": 8, "price": Decimal("3.30"), "span": timedelta(hours=3)},
        "avg": {"number": pytest.approx(8 / 3), "price": Decimal("1.65")},
        "min": {
            "number": 1,
            "text": "a",
            "moment": datetime(2024, 1, 1, 10, 30, tzinfo=UTC),
            "color": "blue",
            "day": datetime(2024, 2, 29).date(),
        },
        "max": {"number": 5, "span": timedelta(hours=2), "price": Decimal("2.20")},
    }
    [some] = await data.aggregate(model, LOCAL_OWNER, {"text": {"eq": "a"}}, [], {"count": ["id"]})
    assert some.values["count"]["id"] == 2


async def test_groups_by_fields_with_null_and_absent_together(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    rows = await data.create_many(model, LOCAL_OWNER, [*ROWS, {}])
    things = model.document.get_pymongo_collection()  # type: ignore[attr-defined]
    await things.update_one({"_id": rows[4]["_id"]}, {"$unset": {"text": "", "color": ""}})
    keys = [GroupBy(field="text"), GroupBy(field="color")]
    groups = await data.aggregate(model, LOCAL_OWNER, None, keys, {"count": ["id"], "sum": ["number"]})
    assert [(dict(one.group), one.values["count"]["id"], one.values["sum"]["number"]) for one in groups] == [
        ({"text": None, "color": None}, 2, 5),
        ({"text": "a", "color": "red"}, 2, 3),
        ({"text": "b", "color": "blue"}, 1, 0),
    ]


@pytest.mark.parametrize(
    ("bucket", "starts"),
    [
        ("HOUR", ["2024-01-01T10", "2024-01-07T23", "2024-02-29T10"]),
        ("DAY", ["2024-01-01T00", "2024-01-07T00", "2024-02-29T00"]),
        ("WEEK", ["2024-01-01T00", "2024-02-26T00"]),
        ("MONTH", ["2024-01-01T00", "2024-02-01T00"]),
        ("YEAR", ["2024-01-01T00"]),
    ],
)
async def test_dates_are_grouped_by_periods(data: Data, catalog: Catalog, bucket: Any, starts: list[str]) -> None:
    model = catalog.models["Thing"]
    await data.create_many(model, LOCAL_OWNER, ROWS)
    groups = await data.aggregate(
        model, LOCAL_OWNER, {"moment": {"isNot": None}}, [GroupBy(field="moment", bucket=bucket)], {"count": ["id"]}
    )
    assert [one.group["moment"].strftime("%Y-%m-%dT%H") for one in groups] == starts
    assert sum(one.values["count"]["id"] for one in groups) == 3


async def test_what_cannot_be_aggregated_is_refused(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    wrong: list[tuple[list[GroupBy], dict[str, list[str]]]] = [
        ([], {"sum": ["text"]}),
        ([], {"avg": ["moment"]}),
        ([], {"median": ["number"]}),
        ([], {"max": ["tags"]}),
        ([GroupBy(field="text", bucket="DAY")], {}),
        ([GroupBy(field="data")], {}),
    ]
    for keys, functions in wrong:
        with pytest.raises(InputError):
            await data.aggregate(model, LOCAL_OWNER, None, keys, functions)


async def test_groups_have_a_largest_number(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    await data.create_many(model, LOCAL_OWNER, ROWS)
    small = Data(catalog, data.settings.model_copy(update={"max_groups": 2}))
    with pytest.raises(LimitExceeded):
        await small.aggregate(model, LOCAL_OWNER, None, [GroupBy(field="number")], {})
