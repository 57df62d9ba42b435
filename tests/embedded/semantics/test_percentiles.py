"""Percentiles of arrays are exact; those of groups are a t-digest's, which is exact for fewer than 2,000 numbers."""

import math

import pytest
from bson import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression
from tests.embedded.semantics.sales import aggregate

SHARES = [0, 0.001, 0.1, 0.5, 0.95, 0.9995, 1]
LARGE = [
    # Two buffers and a part of a third; one buffer; many equal numbers.
    (
        [float(i * i % 10007) for i in range(25_000)],
        [0.0, 6.0, 950.16, 4923.005928853756, 9474.183673469388, 9997.0, 10002.0],
    ),
    (
        [i / 3 for i in range(9000, 0, -1)],
        [1 / 3, 3.0, 300.1666666666667, 1500.166666666667, 2850.166666666667, 2998.6666666666665, 3000.0],
    ),
    ([float(i % 7) for i in range(12_345)], [0.0, 0.0, 0.0, 3.0, 6.0, 6.0, 6.0]),
]


def of_group(numbers, shares):
    percentile = {"$percentile": {"input": "$v", "p": shares, "method": "approximate"}}
    return aggregate([{"$group": {"_id": None, "x": percentile}}], [{"v": number} for number in numbers])[0]["x"]


def of_array(numbers, shares):
    percentile = {"$percentile": {"input": "$v", "p": shares, "method": "approximate"}}
    return compile_expression(percentile)({"v": numbers}, {})


@pytest.mark.parametrize(("numbers", "expected"), LARGE, ids=["squares", "thirds", "few"])
def test_a_large_group_has_the_percentiles_of_its_digest(numbers, expected):
    assert of_group(numbers, SHARES) == expected


@given(
    st.lists(st.integers(0, 99) | st.floats(0, allow_infinity=False) | st.none(), max_size=60),
    st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_a_small_group_has_the_percentiles_of_the_array_of_its_numbers(numbers, shares):
    assert of_group([*numbers, 1], shares) == of_array([*numbers, 1], shares)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (Decimal128("2.5"), 2.5),
        ("text", None),
        ([math.nan, "text", None], None),
        ([math.inf, 1, -math.inf, math.nan], 1.0),
    ],
)
def test_a_median_of_an_array_or_a_number(value, expected):
    assert compile_expression({"$median": {"input": "$v", "method": "approximate"}})({"v": value}, {}) == expected


def test_a_number_that_is_none_is_its_own_median():
    assert math.isnan(compile_expression({"$median": {"input": "$v", "method": "approximate"}})({"v": math.nan}, {}))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([-math.inf, 1, 2, math.inf], [-math.inf, -math.inf, 1.0, math.inf, math.inf]),
        ([math.nan, None], [None] * 5),
        ([], [None] * 5),
    ],
)
def test_infinities_lie_at_the_ends_of_a_group(numbers, expected):
    assert of_group([*numbers, "text"], [0, 0.1, 0.5, 0.9, 1]) == expected


@pytest.mark.parametrize(("numbers", "share"), [([-2, -1], 1), ([math.inf], 0), ([-math.inf], 1)])
def test_an_extreme_that_mongodb_takes_for_a_limit_of_doubles_is_refused(numbers, share):
    with pytest.raises(CommandError, match="MONGODB_URI"):
        of_group(numbers, [share])
