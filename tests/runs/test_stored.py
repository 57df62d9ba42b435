"""Whatever pydantic lets into an input can be stored, read as JSON, and replayed."""

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import bson
import pytest
from beanie import PydanticObjectId
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from core.runs.stored import loadable, storable_text, stored


class Colour(Enum):
    RED = "red"


class Everything(BaseModel):
    text: str = ""
    whole: int = 0
    number: float = 0
    flag: bool = False
    data: bytes = b""
    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    day: date = date(2026, 1, 1)
    clock: time = time(1, 2, 3)
    length: timedelta = timedelta(seconds=90)
    money: Decimal = Decimal("1.10")
    uuid: UUID = UUID(int=1)
    key: PydanticObjectId = PydanticObjectId("0" * 24)
    colour: Colour = Colour.RED
    items: list[bytes] = []
    unique: set[int] = set()
    more: dict[str, Any] = {}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)
everything = st.builds(
    Everything,
    text=st.text(st.characters()),
    whole=st.integers(),
    number=st.floats(),
    data=st.binary(),
    money=st.decimals(allow_nan=False, allow_infinity=False),
    length=st.timedeltas(),
    items=st.lists(st.binary(), max_size=3),
    unique=st.sets(st.integers(), max_size=3),
    more=st.dictionaries(st.text(st.characters(), max_size=5), anything, max_size=3),
)


@given(everything)
def test_an_input_survives_bson_and_json_and_validates_again(given_input: Everything) -> None:
    found = stored(given_input)
    kept = bson.decode(bson.encode({"input": found.value}))["input"]
    json.dumps(kept, allow_nan=False).encode()
    again = Everything.model_validate(loadable(kept))
    for name in Everything.model_fields.keys() - {"text", "number", "more"}:
        assert getattr(again, name) == getattr(given_input, name)
    assert again.text == storable_text(given_input.text)
    assert again.number == given_input.number or (math.isnan(again.number) and math.isnan(given_input.number))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (2**63, str(2**63)),
        (-(2**63), -(2**63)),
        ("a\0b", "a\0b"),
        ("\ud800", "?"),
        ({"a\0b": 1}, {"a\ufffdb": 1}),
        ({"$where": {"a.b": 1}}, {"$where": {"a.b": 1}}),
        (b"\xff", {"@base64": "/w=="}),
    ],
)
def test_what_json_or_bson_cannot_hold_has_a_form_of_its_own(value: Any, kept: Any) -> None:
    assert stored(Everything(more={"value": value})).value["more"]["value"] == kept
