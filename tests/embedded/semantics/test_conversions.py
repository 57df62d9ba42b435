"""``$convert`` and its short forms: which type becomes which, and what is refused."""

import math
import uuid
from decimal import Decimal

import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression
from core.database.embedded.semantics.values import identical

UUID = uuid.UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
UUID_BINARY = Binary(UUID.bytes, 4)


def converted(source, to, **options):
    given = {"input": {"$literal": source}, "to": to, **options}
    return compile_expression({"$convert": given})({}, {})


def code_of(source, to, **options):
    with pytest.raises(CommandError) as refusal:
        converted(source, to, **options)
    return refusal.value.code


NUMBERS = [
    ("-00042", "int", -42),
    ("0" * 5000 + "7", "long", Int64(7)),
    (Decimal128("2147483647.9"), "int", 2147483647),
    (Decimal128("-9223372036854775808.9"), "long", Int64(-(2**63))),
    ("+0x1.8p1", "double", 3.0),
    ("-0X1p-1", "double", -0.5),
    (str(Decimal.from_float(5e-324)), "double", 5e-324),  # exact, though it is below the doubles of full precision
    ("-0x1p-1074", "double", -5e-324),
    ("2.225073858507201260E-308", "double", 2.0**-1022),
    (Decimal128("2.225073858507201260E-308"), "double", 2.0**-1022),
    ("-inf", "double", -math.inf),
    ("nan(8)", "double", math.nan),
    (Decimal128("1E-320"), "bool", True),
    (0.0, "decimal", Decimal128("0")),
    (-0.0, "decimal", Decimal128("-0")),
    ("98765432109876543210987654321098765", "decimal", Decimal128("9.876543210987654321098765432109876E+34")),
    ("1." + 33 * "0" + "9", "decimal", Decimal128("1." + 33 * "0")),  # what is beyond 34 digits is cut
    ("-9" + 34 * "9" + "E-6177", "decimal", Decimal128("-9.999999999999999999999999999999999E-6143")),
    ("9" + 34 * "9" + "E+6110", "decimal", Decimal128("9.999999999999999999999999999999999E+6144")),
    ("-0E+9999", "decimal", Decimal128("-0E+6111")),
    ("Infinity", "decimal", Decimal128("Infinity")),
    (MinKey(), "bool", True),
    (MaxKey(), "bool", True),
    (Code("x", {}), "bool", True),
    (Timestamp(0, 0), "bool", True),
]
TEXTS = [
    (Int64(-62_167_219_200_000), "0000-01-01T00:00:00.000Z"),
    (Int64(-62_135_596_800_001), "0000-12-31T23:59:59.999Z"),
    (Int64(-62_135_596_800_000), "0001-01-01T00:00:00.000Z"),
    (Int64(253_402_300_799_999), "9999-12-31T23:59:59.999Z"),
]
TARGETS = [16, Int64(16), 16.0, Decimal128("16"), "int", {"type": "int"}, {"type": 16, "subtype": "any", "other": 1}]


@pytest.mark.parametrize(("source", "to", "expected"), NUMBERS)
def test_a_value_becomes_a_number(source, to, expected):
    assert identical(converted(source, to), expected)


@pytest.mark.parametrize(("source", "expected"), TEXTS)
def test_a_date_of_the_years_0_to_9999_has_a_text(source, expected):
    assert compile_expression({"$toString": {"$toDate": "$t"}})({"t": source}, {}) == expected


@pytest.mark.parametrize("source", [Int64(-62_167_219_200_001), Int64(253_402_300_800_000)])
def test_a_date_beyond_has_none_whatever_on_error_says(source):
    spec = {"$convert": {"input": {"$toDate": "$t"}, "to": "string", "onError": "none"}}
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)({"t": source}, {})
    assert refusal.value.code == 18537


@pytest.mark.parametrize("to", TARGETS, ids=str)
def test_a_type_is_named_by_alias_number_or_object(to):
    assert identical(converted("5", to), 5)


BYTES = [
    (258, {}, b"\x02\x01\x00\x00"),
    (258, {"byteOrder": "big"}, b"\x00\x00\x01\x02"),
    (Int64(-1), {}, b"\xff" * 8),
    (1.0, {"byteOrder": "big"}, b"\x3f\xf0\x00\x00\x00\x00\x00\x00"),
    ("_-8=", {"format": "base64url"}, b"\xff\xef"),
    ("/+8=", {"format": "base64"}, b"\xff\xef"),
    ("0aFf", {"format": "hex"}, b"\x0a\xff"),
    ("ä", {"format": "utf8"}, b"\xc3\xa4"),
    (b"ab", {}, b"ab"),
]


@pytest.mark.parametrize(("source", "options", "expected"), BYTES)
def test_a_value_becomes_binary_data(source, options, expected):
    assert converted(source, "binData", **options) == expected
    subtype = {"type": "binData", "subtype": 128}
    if type(source) is not bytes:
        assert identical(converted(source, subtype, **options), Binary(expected, 128))


@pytest.mark.parametrize(
    ("source", "to", "options", "expected"),
    [
        (b"\xfe", "int", {}, -2),
        (b"\x01\x02", "long", {"byteOrder": "big"}, Int64(258)),
        (b"\x00\x00\x80\x3f", "double", {}, 1.0),
        (b"\x00" * 8, "long", {}, Int64(0)),
        (Binary(b"", 2), "int", {}, 0),  # the old subtype stores its length
        (b"\xff\xef", "string", {"format": "base64"}, "/+8="),
        (b"\xff\xef", "string", {"format": "base64url"}, "_-8"),
        (b"\xff\xef", "string", {"format": "hex"}, "FFEF"),
        (b"\xc3\xa4", "string", {"format": "utf8"}, "ä"),
        (b"\xff", "string", {"format": "auto"}, "/w=="),
        (UUID_BINARY, "string", {"format": "auto"}, str(UUID)),
        (UUID_BINARY, "string", {"format": "uuid"}, str(UUID)),
    ],
)
def test_binary_data_becomes_a_number_or_a_text(source, to, options, expected):
    assert identical(converted(source, to, **options), expected)


def test_a_uuid_is_read_from_its_text_and_the_short_form_writes_it():
    assert identical(converted(str(UUID), {"type": "binData", "subtype": 4}, format="uuid"), UUID_BINARY)
    assert compile_expression({"$toString": "$id"})({"id": UUID_BINARY}, {}) == str(UUID)


FAILURES = [
    (2147483647.5, "int", {}),
    (math.inf, "long", {}),
    (Decimal128("NaN"), "int", {}),
    ("-9223372036854775809", "long", {}),
    ("0x10", "double", {}),
    ("1e400", "double", {}),
    ("1e-400", "double", {}),
    ("1e-320", "double", {}),
    ("-0x1.8p-1074", "double", {}),
    ("-0x1p-9999", "double", {}),
    ("1e7000", "decimal", {}),
    ("1e-7000", "decimal", {}),
    ("9" * 35 + "E-6180", "decimal", {}),
    ("1" + 6111 * "0" + "E+34", "decimal", {}),
    ("٣", "int", {}),
    (Decimal128("1E-400"), "double", {}),
    (Decimal128("2.225073858507201259E-308"), "double", {}),  # rounds to full precision, but only because it is short
    ("2.225073858507201259E-308", "double", {}),
    (1, "date", {}),
    (ObjectId(), "binData", {}),
    ([1], "binData", {}),
    (1, "array", {}),
    (1, 0, {}),
    (1, -1, {}),
    (b"123", "int", {}),
    (b"\x00" * 8, "int", {}),
    (b"1", "double", {}),
    (Binary(b"1", 2), "int", {}),
    (b"1", {"type": "binData", "subtype": 5}, {}),
    (b"\xff", "string", {"format": "utf8"}),
    (b"1" * 16, "string", {"format": "uuid"}),
    ("a", "binData", {"format": "auto"}),
    ("a b=", "binData", {"format": "base64"}),
    ("YQ", "binData", {"format": "base64"}),
    ("/+8=", "binData", {"format": "base64url"}),
    ("0 ", "binData", {"format": "hex"}),
    (str(UUID), "binData", {"format": "uuid"}),
    (UUID.hex, {"type": "binData", "subtype": 4}, {"format": "uuid"}),
    ("YQ==", {"type": "binData", "subtype": 4}, {"format": "base64"}),
]


@pytest.mark.parametrize(("source", "to", "options"), FAILURES)
def test_what_cannot_be_converted_is_a_failure_that_on_error_answers(source, to, options):
    assert code_of(source, to, **options) == 241
    assert converted(source, to, onError="other", **options) == "other"


@pytest.mark.parametrize(
    ("source", "to", "options", "code"),
    [
        (1, "integer", {}, 2),
        (1, 99, {}, 9),
        (1, 1.5, {}, 9),
        (1, True, {}, 9),
        (1, {"subtype": 0}, {}, 9),
        (1, {"type": None}, {}, 9),
        (None, "integer", {}, 2),  # also where there is nothing to convert
        (1, {"type": "binData", "subtype": "0"}, {}, 4341108),
        (1, {"type": "binData", "subtype": 0.5}, {}, 4341106),
        (1, {"type": "binData", "subtype": 10}, {}, 4341107),
        ("a", "binData", {}, 4341115),
        (b"a", "string", {}, 4341115),
        ("1", "int", {"format": 1}, 4341114),
        ("1", "int", {"format": "HEX"}, 4341125),
        ("1", "int", {"byteOrder": 1}, 9130001),
        ("1", "int", {"byteOrder": "middle"}, 9130002),
        ("1", "int", {"other": 1}, 9),
    ],
)
def test_a_wrong_target_is_refused_whatever_on_error_says(source, to, options, code):
    assert code_of(source, to, onError="other", **options) == code


@pytest.mark.parametrize("options", [{"format": 1}, {"byteOrder": "middle"}])
def test_null_is_null_before_the_options_are_read(options):
    assert converted(None, "int", onNull="none", **options) == "none"
    assert converted(1, None, **options) is None


@pytest.mark.parametrize("name", ["$toInt", "$toString", "$toDate", "$toBool"])
def test_a_short_form_takes_one_value(name):
    for argument in ([], [1, 2]):
        with pytest.raises(CommandError) as refusal:
            compile_expression({name: argument})
        assert refusal.value.code == 50723
    assert compile_expression({name: ["$nothing"]})({}, {}) is None
