"""Every scalar type through ``Data``: created, read back, filtered with every operator it has, sorted, updated."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from bson import ObjectId

from core.access import LOCAL_OWNER
from core.actions import Data, Query, Sort
from core.actions.inputs import prepare
from core.errors import InputError
from core.filters import OPERATORS
from core.queries import compile_filter
from core.specs import Catalog
from core.stored import matches

# field → (low, middle, high) as they are sent, and the Python value of each
CASES: dict[str, tuple[list[Any], list[Any]]] = {
    "text": (["Anna%", "bert_", "Zoë\nX"], ["Anna%", "bert_", "Zoë\nX"]),
    "nickName": (["a.b", "a\\b", "axb"], ["a.b", "a\\b", "axb"]),
    "number": ([-5, 0, 2_147_483_647], [-5, 0, 2_147_483_647]),
    "big": ([-(2**63), "9007199254740993", 2**63 - 1], [-(2**63), 9007199254740993, 2**63 - 1]),
    "ratio": ([-0.5, 2, 1e300], [-0.5, 2.0, 1e300]),
    "flag": ([False, True, True], [False, True, True]),
    "moment": (
        ["1969-12-31T23:59:59Z", "2024-02-29T12:00:00.123+02:00", "9999-12-31T23:59:59.999Z"],
        [
            datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
            datetime(2024, 2, 29, 10, 0, 0, 123000, tzinfo=UTC),
            datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        ],
    ),
    "day": (["1583-01-01", "2024-02-29", "9999-12-31"], [date(1583, 1, 1), date(2024, 2, 29), date(9999, 12, 31)]),
    "clock": (["00:00:00", "09:30:00.5", "23:59:59.999999"], [time(0), time(9, 30, 0, 500000), time.max]),
    "span": (
        ["-PT1S", "PT1H30M", 100_000.5],
        [timedelta(seconds=-1), timedelta(hours=1.5), timedelta(seconds=100_000.5)],
    ),
    "price": (["-1.10", "0.1", "12345678901234567890.123456789"],) * 2,
    "plain_price": (["-1.10", "0.1", "99.99"],) * 2,
    "token": ([f"{n}0000000-0000-4000-8000-000000000000" for n in (1, 2, 3)],) * 2,
    "blob": (["AAEC", "AP8=", "/w=="], [b"\0\1\2", b"\0\xff", b"\xff"]),
    "ref": ([f"{n}" * 24 for n in (1, 2, 3)],) * 2,
    "color": (["blue", "green", "red"],) * 2,
    "size": (["large", "small", "small"],) * 2,
}
_CASTS: dict[str, Callable[[Any], Any]] = {"price": Decimal, "plain_price": Decimal, "token": UUID, "ref": ObjectId}


def values_of(name: str) -> tuple[list[Any], list[Any]]:
    sent, python = CASES[name]
    cast = _CASTS.get(name, lambda value: value)
    return sent, [cast(value) for value in python]


def like(pattern: str, text: str, flags: int = 0) -> bool:
    """LIKE, read the slow and plain way."""
    out, escaped = "", False
    for character in pattern:
        if escaped or character not in "%_\\":
            out, escaped = out + re.escape(character), False
        elif character == "\\":
            escaped = True
        else:
            out += ".*" if character == "%" else "."
    return re.fullmatch(out + (r"\\" if escaped else ""), text, re.DOTALL | flags) is not None


def known(value: Any, test: Callable[[Any], bool]) -> bool:
    return value is not None and test(value)


# operator → (operand as sent, from the three values sent), and the meaning over Python values
Meaning = Callable[[Any, Any], bool]
MEANINGS: dict[str, tuple[Callable[[list[Any]], Any], Meaning]] = {
    "eq": (lambda v: v[1], lambda x, v: x == v[1]),
    "neq": (lambda v: v[1], lambda x, v: x != v[1]),
    "gt": (lambda v: v[0], lambda x, v: known(x, lambda x: x > v[0])),
    "gte": (lambda v: v[1], lambda x, v: known(x, lambda x: x >= v[1])),
    "lt": (lambda v: v[1], lambda x, v: known(x, lambda x: x < v[1])),
    "lte": (lambda v: v[1], lambda x, v: known(x, lambda x: x <= v[1])),
    "in": (lambda v: [v[0], v[2]], lambda x, v: x in (v[0], v[2])),
    "notIn": (lambda v: [v[0], v[2]], lambda x, v: x not in (v[0], v[2])),
    "between": (lambda v: {"lower": v[0], "upper": v[1]}, lambda x, v: known(x, lambda x: v[0] <= x <= v[1])),
    "notBetween": (lambda v: {"lower": v[0], "upper": v[1]}, lambda x, v: not known(x, lambda x: v[0] <= x <= v[1])),
    "is": (lambda v: None, lambda x, v: x is None),
    "isNot": (lambda v: None, lambda x, v: x is not None),
    "like": (lambda v: v[0][0] + "%", lambda x, v: known(x, lambda x: like(v[0][0] + "%", x))),
    "notLike": (lambda v: "%" + v[1][1:], lambda x, v: not known(x, lambda x: like("%" + v[1][1:], x))),
    "iLike": (lambda v: v[2].upper(), lambda x, v: known(x, lambda x: like(v[2].upper(), x, re.IGNORECASE))),
    "notILike": (lambda v: "_" + v[2][1:], lambda x, v: not known(x, lambda x: like("_" + v[2][1:], x, re.IGNORECASE))),
    "contains": (lambda v: v[1][1:3], lambda x, v: known(x, lambda x: v[1][1:3] in x)),
    "startsWith": (lambda v: v[2][:2], lambda x, v: known(x, lambda x: x.startswith(v[2][:2]))),
    "endsWith": (lambda v: v[0][-1:], lambda x, v: known(x, lambda x: x.endswith(v[0][-1:]))),
    "iContains": (lambda v: v[1][1:3].upper(), lambda x, v: known(x, lambda x: v[1][1:3].lower() in x.lower())),
    "iStartsWith": (
        lambda v: v[2][:2].upper(),
        lambda x, v: known(x, lambda x: x.lower().startswith(v[2][:2].lower())),
    ),
    "iEndsWith": (lambda v: v[0][-2:].upper(), lambda x, v: known(x, lambda x: x.lower().endswith(v[0][-2:].lower()))),
}


def test_every_scalar_field_and_operator_has_a_case(catalog: Catalog) -> None:
    fields = [one for one in catalog.models["Thing"].object.fields if "eq" in one.operators and one.wire != "id"]
    assert {one.wire for one in fields} == set(CASES)
    assert {operator for one in fields for operator in one.operators} == set(MEANINGS)
    assert set(MEANINGS) < set(OPERATORS)


@pytest.mark.parametrize("name", CASES)
async def test_a_scalar_is_stored_read_filtered_sorted_and_updated(data: Data, catalog: Catalog, name: str) -> None:
    model = catalog.models["Thing"]
    field = model.object.by_wire[name]
    sent, python = values_of(name)
    rows = await data.create_many(
        model, LOCAL_OWNER, [*({name: value} for value in sent), {name: None}, {"tags": ["x"]}]
    )
    collection = model.document.get_pymongo_collection()
    await collection.update_one({"_id": rows[4]["_id"]}, {"$unset": {field.storage: 1}})  # an old document without it
    value_of = {row["_id"]: value for row, value in zip(rows, [*python, None, None], strict=True)}

    page = await data.list(model, LOCAL_OWNER, Query(), [name])
    assert {row["_id"]: data.reader.value(model.object, field, row) for row in page.rows} == value_of

    for operator in field.operators:
        operand, meaning = MEANINGS[operator]
        query = Query(filter={name: {operator: operand(sent)}})
        found = {row["_id"] for row in (await data.list(model, LOCAL_OWNER, query, [name])).rows}
        assert found == {id for id, value in value_of.items() if meaning(value, python)}, operator
        compiled = compile_filter(catalog, model, LOCAL_OWNER, query.filter).query
        assert found == {row["_id"] for row in page.rows if matches(compiled, row)}, f"{operator}, live"

    if field.sortable:
        for descending in (False, True):
            for nulls in (None, "first", "last"):
                query = Query(sorting=[Sort(field=name, descending=descending, nulls=nulls)])
                page = await data.list(model, LOCAL_OWNER, query, [name])
                values = [data.reader.value(model.object, field, row) for row in page.rows]
                nulls_first = nulls == "first" or (nulls is None and not descending)
                present = sorted(python, reverse=descending)
                assert values == ([None, None, *present] if nulls_first else [*present, None, None])

    updated = await data.update(model, LOCAL_OWNER, rows[0]["_id"], {name: sent[2]})
    assert data.reader.value(model.object, field, updated) == python[2]
    again = await data.get(model, LOCAL_OWNER, str(rows[0]["_id"]), [name])
    assert data.reader.value(model.object, field, again) == python[2]


WRONG: dict[str, list[Any]] = {
    "text": [5, True, ["a"], {"$gt": ""}, "\0", "\ud800"],
    "number": ["x", 1.5, True, 2**63, {"$gt": 0}, [1]],
    "big": [2**63, "1e3", -(2**63) - 1],
    "ratio": ["x", float("nan"), float("inf"), True, {}],
    "flag": ["perhaps", 2, {}],
    "moment": ["yesterday", 5, "2024-13-01", {}, "0001-01-01T00:00:00+14:00"],
    "day": ["2024-02-30", 5, {}],
    "clock": ["25:00", 5],
    "span": ["long", {}],
    "price": ["x", "NaN", "Infinity", "1" * 35, "1e7000", True],
    "token": ["x", 5],
    "blob": ["a", "%", 5],
    "ref": ["x", {}],
    "color": ["pink", 1, {}],
    "size": ["RED"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_refused_at_its_place(catalog: Catalog, name: str, value: Any) -> None:
    model = catalog.models["Thing"]
    with pytest.raises(InputError) as filtered:
        compile_filter(catalog, model, LOCAL_OWNER, {name: {"eq": value}})
    assert filtered.value.field_errors[0].path[:2] == (name, "eq")
    with pytest.raises(InputError) as created:
        prepare(catalog, model, {name: value}, [name])
    assert created.value.field_errors[0].path[0] == name
