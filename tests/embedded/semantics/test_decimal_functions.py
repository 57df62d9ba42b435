"""Logarithms and powers of decimals have the digits of MongoDB's library, which computes with 113 binary ones."""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

import pytest
from bson import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from core.database.embedded.semantics import decimal_functions
from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression

LARGEST = "9.999999999999999999999999999999999E+6144"

LN = [
    ("2", "0.6931471805599453094172321214581766"),
    ("2.718281828459045", "0.9999999999999999134157889710887611"),
    ("1.000000000000000000000000000915541", "9.155409999999999999999999995808921E-28"),
    ("1E-6176", "-14220.76553433122614449511522413063"),
    ("7.297805614726735882575924597E+5340", "12297.79197029044647979528738654284"),
    ("Infinity", "Infinity"),
]
LOG10 = [
    ("2", "0.3010299956639811952137388947244930"),
    ("0.8", "-0.09691001300805641435878331582652093"),
    ("1000", "3"),
    ("1E-6176", "-6176"),
    ("4.5546E+5657", "5657.658450241809396224489880206002"),
]
EXP = [
    ("1", "2.718281828459045235360287471352662"),
    ("-949.0517385", "6.793083121909808499876950382546594E-413"),
    ("475.7270792807199623157051201", "4.033159742450629858772970706866083E+206"),
    ("12000", "3.418084847210553614682469551547374E+5211"),
    ("-12000", "2.925614912152004050318842167924113E-5212"),
    ("1E-50", "1"),
    ("-15001", "0E-6176"),
    ("-Infinity", "0"),
]
POW = [
    ("3", "2", "9.000000000000000000000000000000001"),
    ("3", "20", "3486784401.000000000000000000000001"),
    ("9", "0.5", "3.000000000000000000000000000000000"),
    ("0.05", "-8.25", "54137408688.15688292019389440146461"),
    ("-3", "3", "-27.00000000000000000000000000000000"),
    ("2", "-11500", "1.429058028677450131419705049352298E-3462"),
    ("10", "-2.5", "0.003162277660168379331998893544432719"),
    ("1.0000000000000000000000001", "1E+25", "2.718281828459045235360287335438571"),
    (LARGEST, "1", "Infinity"),
    ("-" + LARGEST, "1", "-Infinity"),
    ("-1E+3000", "3", "Infinity"),  # the library forgets the sign where the exponential alone is infinite
    ("9.9E+6144", "1", "9.900000000000000000000000000000001E+6144"),
    ("Infinity", "-1", "0E-6176"),
    ("-Infinity", "3", "-Infinity"),
    ("-1", "Infinity", "1.000000000000000000000000000000000"),
    ("0.5", "-Infinity", "Infinity"),
    ("-2", "0.5", "NaN"),
    ("NaN", "0", "1.000000000000000000000000000000000"),
    ("1", "NaN", "1.000000000000000000000000000000000"),
]
LOG = [
    ("64", "2", "5.999999999999999999999999999999999"),  # the quotient of two logarithms
    ("1000", "10", "3.000000000000000000000000000000000"),
    ("100", "10", "2"),
    ("1E-6176", "10", "-6175.999999999999999999999999999999"),
    ("3", "10", "0.4771212547196624372950279032551155"),
]
ANGLES = [
    ("$degreesToRadians", "180", "3.141592653589793238462643383279503"),
    ("$radiansToDegrees", "1", "57.29577951308232087679815481410517"),
]
ROWS = [
    *(("$ln", *row) for row in LN), *(("$log10", *row) for row in LOG10), *(("$exp", *row) for row in EXP),
    *(("$pow", *row) for row in POW), *(("$log", *row) for row in LOG), *ANGLES,
]  # fmt: skip


@pytest.mark.parametrize(("operator", "arguments", "expected"), [(row[0], row[1:-1], row[-1]) for row in ROWS])
def test_the_digits_are_those_of_mongodbs_library(operator, arguments, expected):
    found = compile_expression({operator: [Decimal128(argument) for argument in arguments]})({}, {})
    assert str(found) == str(Decimal128(expected))


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"$pow": [Decimal128("0"), -1]}, 28764),
        ({"$pow": [Decimal128("0"), Decimal128("-0")]}, 28764),  # a decimal has its sign
        ({"$log": [Decimal128("0"), 10]}, 28758),
        ({"$log": [10, Decimal128("1.0")]}, 28759),
        ({"$ln": Decimal128("-Infinity")}, 28766),
        ({"$log10": Decimal128("0")}, 28761),
        ({"$sqrt": Decimal128("-1E-6176")}, 28714),
    ],
    ids=str,
)
def test_what_has_no_value_is_refused(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)({}, {})
    assert refusal.value.code == code


def test_a_base_that_is_one_as_a_decimal_leaves_the_logarithm_to_doubles():
    spec = {"$type": {"$log": [Decimal128("2"), 1.0000000000000002]}}
    assert compile_expression(spec)({}, {}) == "double"


EXACT = Context(prec=120, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
digits = st.integers(1, 10**34 - 1)
positive = st.builds(lambda whole, place: EXACT.scaleb(whole, place), digits, st.integers(-60, 20))
signed = st.builds(lambda number, negative: -number if negative else number, positive, st.booleans())
near_one = st.builds(lambda part: EXACT.add(1, EXACT.scaleb(part, -33)), st.integers(1 - 10**33, 10**33))
FUNCTIONS = [
    (decimal_functions.ln, EXACT.ln, (positive | near_one,)),
    (decimal_functions.log10, EXACT.log10, (positive | near_one,)),
    (decimal_functions.exp, EXACT.exp, (signed.filter(lambda number: abs(number) < 14_000),)),
    (decimal_functions.power, EXACT.power, (positive, signed.filter(lambda number: abs(number) < 70))),
]


@pytest.mark.parametrize(("compute", "exactly", "arguments"), FUNCTIONS, ids=["ln", "log10", "exp", "power"])
@given(data=st.data())
def test_a_result_is_within_three_units_of_the_34th_digit(compute, exactly, arguments, data):
    drawn = [data.draw(argument) for argument in arguments]
    value = exactly(*drawn)
    unit = EXACT.scaleb(1, value.adjusted() - 33) if value else Decimal(0)
    assert abs(EXACT.subtract(compute(*drawn), value)) <= EXACT.multiply(3, unit)
