"""Numbers keep MongoDB's types and digits, at the limits of each type too."""

import math
from datetime import datetime

import pytest
from bson import Decimal128, Int64
from bson.datetime_ms import DatetimeMS

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression
from core.database.embedded.semantics.values import identical

INT, LONG = 2**31 - 1, Int64(2**63 - 1)
NOON = datetime(2024, 2, 29, 12)
INFINITY, NAN = Decimal128("Infinity"), Decimal128("NaN")

DATES = [
    ({"$add": [NOON, 0.5, 0.5]}, datetime(2024, 2, 29, 12, 0, 0, 2000)),  # each is rounded, away from zero
    ({"$add": [0.5, 0.5, NOON]}, datetime(2024, 2, 29, 12, 0, 0, 1000)),
    ({"$add": [NOON, -0.5]}, datetime(2024, 2, 29, 11, 59, 59, 999000)),
    ({"$add": [NOON, Decimal128("2.5")]}, datetime(2024, 2, 29, 12, 0, 0, 2000)),  # a decimal to even
    ({"$subtract": [NOON, 1.5]}, datetime(2024, 2, 29, 11, 59, 59, 998000)),
    ({"$subtract": [datetime(1970, 1, 1), Decimal128("-9223372036854775807.4")]}, DatetimeMS(2**63 - 1)),
]
INTEGERS = [
    ({"$add": [INT, 1, -1]}, INT),  # the sum is an int again
    ({"$add": [INT, Int64(1), -1]}, Int64(INT)),
    ({"$add": [LONG, LONG]}, float(2**64)),
    ({"$add": [LONG, 1, Int64(-1)]}, float(2**63)),
    ({"$subtract": [Int64(-(2**63)), 1]}, -float(2**63)),
    ({"$multiply": [2**20, 2**20, 0]}, 0),
    ({"$multiply": [Int64(2**40), 2**30]}, 2.0**70),
    ({"$multiply": [Int64(3), 0.5, Decimal128("2")]}, Decimal128("3.00000000000000")),
    ({"$round": [2**31 - 1, -1]}, Int64(2147483650)),
    ({"$pow": [3, 39]}, Int64(3**39)),
    ({"$pow": [3, 40]}, math.pow(3, 40)),
    ({"$pow": [-1, LONG]}, Int64(-1)),
    ({"$pow": [-1, Int64(1 - 2**63)]}, Int64(-1)),
    ({"$pow": [-1, -2]}, 1),
    ({"$pow": [0, 0]}, 1),
    ({"$pow": [0, 65]}, 0),
    ({"$pow": [-2, 63]}, Int64(-(2**63))),
    ({"$pow": [-2, -1]}, -0.5),
]
DECIMALS = [
    ({"$add": [0.0, Decimal128("1")]}, Decimal128("1")),
    ({"$mod": [Decimal128("1E+6144"), 7]}, Decimal128("1")),
    ({"$mod": [Decimal128("-7.5"), 2]}, Decimal128("-1.5")),
    ({"$ceil": Decimal128("-0.4")}, Decimal128("-0")),
    ({"$ceil": INFINITY}, NAN),
    ({"$add": [Decimal128("sNaN"), 1]}, NAN),
    ({"$cond": [Decimal128("sNaN"), "true", "false"]}, "true"),
    ({"$floor": Decimal128("1E+40")}, NAN),  # more than 34 digits
    ({"$floor": Decimal128("-0")}, Decimal128("-0")),
    ({"$round": Decimal128("-0.3")}, Decimal128("-0")),
    ({"$round": [Decimal128("1.25"), 1]}, Decimal128("1.2")),
    ({"$round": [Decimal128("1E+40"), 0]}, Decimal128("1.000000000000000000000000000000000E+40")),
    ({"$trunc": [Decimal128("1.5"), 40]}, Decimal128("1.500000000000000000000000000000000")),
    ({"$trunc": [INFINITY, 2]}, INFINITY),
    ({"$degreesToRadians": Decimal128("180")}, Decimal128("3.141592653589793238462643383279503")),
    ({"$radiansToDegrees": Decimal128("1")}, Decimal128("57.29577951308232087679815481410517")),
]
DOUBLES = [
    ({"$ceil": -0.5}, -0.0),
    ({"$floor": 1e300}, 1e300),
    ({"$round": [1e300, -20]}, 1e300),
    ({"$round": [2.675, 2]}, 2.67),
    ({"$trunc": [-0.5]}, -0.0),
    ({"$multiply": [1e308, 10]}, math.inf),
    ({"$stdDevPop": [-1e308, 1e308]}, math.nan),
    ({"$sum": 10 * [0.1]}, 1.0),
    ({"$sum": [1e16, 1.0, -1e16]}, 0.0),  # the 1 is kept apart, and not looked at in the end
    ({"$sum": [1e16, 1.0, 1.0, -1e16]}, 2.0),
    ({"$sum": [1.7e308, 1.7e308, -1.7e308]}, math.inf),
    ({"$sum": [LONG, Int64(-(2**63))]}, Int64(-1)),
    ({"$avg": [LONG, Int64(-(2**63))]}, 0.0),
    ({"$avg": [LONG, Int64(-(2**63)), 0]}, -1 / 3),
    ({"$sum": [0.1, Decimal128("0.1"), 1]}, Decimal128("1.200000000000000005551115123125782")),
]


@pytest.mark.parametrize(("spec", "expected"), [*DATES, *INTEGERS, *DECIMALS, *DOUBLES], ids=str)
def test_the_type_and_the_digits_are_mongodbs(spec, expected):
    assert identical(compile_expression(spec)({}, {}), expected)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"$add": [None, "text"]}, None),
        ({"$multiply": ["$nothing", "text"]}, None),
        ({"$round": [None, "text"]}, None),
        ({"$round": [1.5, None]}, None),
    ],
)
def test_null_ends_the_reading_of_arguments(spec, expected):
    assert compile_expression(spec)({}, {}) is expected


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"$add": ["text", None]}, 14),
        ({"$multiply": ["text", None]}, 14),
        ({"$round": ["text", None]}, 51081),
        ({"$add": [NOON, 1e30]}, 15),
        ({"$add": [NOON, LONG]}, 15),
        ({"$add": [datetime(1969, 1, 1), Decimal128("9223372036854775807.5")]}, 15),
        ({"$subtract": [NOON, math.nan]}, 15),
        ({"$subtract": [DatetimeMS(2**63 - 1), DatetimeMS(-1)]}, 159),
        ({"$mod": [1, Decimal128("0")]}, 5733415),
        ({"$mod": [1, 0.0]}, 16610),
        ({"$round": [1, "2"]}, 16004),
        ({"$round": [1, True]}, 16004),
        ({"$trunc": [1, math.inf]}, 31109),
        ({"$trunc": [1, math.nan]}, 31109),
        ({"$trunc": [1, NAN]}, 51082),
        ({"$round": [1, 0.5]}, 51082),
        ({"$round": [1, 101]}, 51083),
        ({"$round": [LONG, -1]}, 51080),
        ({"$round": [-(2**31), -1]}, 168),  # MongoDB answers 2147483646
        ({"$range": [0, 6553598]}, 146),
        ({"$range": ["a", 1]}, 34443),
        ({"$range": [0.5, 1]}, 34444),
        ({"$range": [0, None]}, 34445),
        ({"$range": [0, 2**40]}, 34446),
        ({"$range": [0, 1, "a"]}, 34447),
        ({"$range": [0, 1, 0.5]}, 34448),
        ({"$range": [0, 1, 0]}, 34449),
        ({"$log": [0, 10]}, 28758),
        ({"$log": [10, 0]}, 28759),
        ({"$log": [10, 1]}, 28759),
        ({"$log": ["a", 10]}, 28756),
        ({"$log": [10, "a"]}, 28757),
        ({"$ln": 0}, 28766),
        ({"$log10": -1.5}, 28761),
        ({"$pow": [0, -1]}, 28764),
        ({"$sqrt": Decimal128("-1E-6176")}, 28714),
    ],
    ids=str,
)
def test_what_cannot_be_computed_has_its_own_code(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)({}, {})
    assert refusal.value.code == code


@pytest.mark.parametrize("name", ["$exp", "$ln", "$log", "$log10", "$pow", "$sin", "$atan2"])
def test_functions_of_decimals_whose_last_digit_hangs_on_a_library_are_refused(name):
    arguments = [Decimal128("2"), 3] if name in ("$log", "$pow", "$atan2") else [Decimal128("2")]
    with pytest.raises(CommandError, match="set MONGODB_URI"):
        compile_expression({name: arguments})({}, {})
