"""Expression operators answer as the manual says."""

from datetime import datetime

import pytest
from bson import Decimal128, Int64, ObjectId, Regex

from core.database.embedded.semantics.collation import Collation
from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression, truthy
from core.database.embedded.semantics.values import MISSING, identical

DOCUMENT = {
    "a": 5, "b": 2, "long": Int64(2**40), "x": 2.5, "n": None, "s": "Hello", "e": "", "t": True,
    "l": [3, 1, 2], "o": {"p": 1, "q": {"r": "deep"}}, "docs": [{"k": 1, "v": "one"}, {"k": 2}, 7],
    "d": datetime(2024, 2, 29, 13, 14, 15, 678000), "id": ObjectId("65f000000000000000000001"),
    "dec": Decimal128("1.10"),
}  # fmt: skip

PATHS = [
    ("$a", 5),
    ("$o.q.r", "deep"),
    ("$docs.k", [1, 2]),
    ("$docs.v", ["one"]),
    ("$l.0", []),  # expressions do not enter arrays by position
    ("$nothing", MISSING),
    ("$a.b", MISSING),
    ("$$ROOT.a", 5),
    ("$$CURRENT.b", 2),
    ("$$REMOVE", MISSING),
    ("plain", "plain"),
    ({"$literal": "$a"}, "$a"),
    ({"x": "$a", "y": "$nothing"}, {"x": 5}),
    (["$a", "$nothing"], [5, None]),
    ({}, {}),
]
ARITHMETIC = [
    ({"$add": ["$a", 1]}, 6),
    ({"$add": ["$a", "$x"]}, 7.5),
    ({"$add": ["$a", None]}, None),
    ({"$add": [2**31 - 1, 1]}, Int64(2**31)),
    ({"$add": [Int64(2**63 - 1), 1]}, float(2**63)),
    ({"$add": ["$dec", 1]}, Decimal128("2.10")),
    ({"$add": ["$d", 1000]}, datetime(2024, 2, 29, 13, 14, 16, 678000)),
    ({"$subtract": ["$d", datetime(2024, 2, 29)]}, Int64(47655678)),
    ({"$subtract": ["$d", 15678]}, datetime(2024, 2, 29, 13, 14)),
    ({"$subtract": [1, "$nothing"]}, None),
    ({"$multiply": [3, Int64(2)]}, Int64(6)),
    ({"$multiply": []}, 1),
    ({"$divide": [6, 3]}, 2.0),
    ({"$divide": ["$dec", 2]}, Decimal128("0.55")),
    ({"$mod": [-7, 4]}, -3),
    ({"$mod": [7.5, 2]}, 1.5),
    ({"$mod": [8, 3.0]}, 2.0),  # since MongoDB 7.2 of the wider type
    ({"$mod": [Int64(8), 3]}, Int64(2)),
    ({"$abs": -5}, 5),
    ({"$abs": [Int64(-5)]}, Int64(5)),
    ({"$ceil": 2.1}, 3.0),
    ({"$floor": -2.1}, -3.0),
    ({"$round": [2.5]}, 2.0),
    ({"$round": [3.5]}, 4.0),
    ({"$round": [1234.5678, 2]}, 1234.57),
    ({"$round": [1234, -2]}, 1200),
    ({"$trunc": [-2.7]}, -2.0),
    ({"$trunc": [1299, -2]}, 1200),
    ({"$sqrt": 9}, 3.0),
    ({"$pow": [2, 10]}, 1024),
    ({"$pow": [2, -1]}, 0.5),
    ({"$pow": [2, 31]}, Int64(2**31)),
    ({"$exp": 0}, 1.0),
    ({"$ln": 1}, 0.0),
    ({"$log10": 100}, 2.0),
    ({"$log": [8, 2]}, 3.0),
    ({"$sin": 0}, 0.0),
    ({"$cos": 0}, 1.0),
    ({"$tan": 0}, 0.0),
    ({"$degreesToRadians": 180}, 3.141592653589793),
    ({"$radiansToDegrees": 0}, 0.0),
    ({"$range": [0, 5, 2]}, [0, 2, 4]),
    ({"$abs": None}, None),
]
COMPARISON = [
    ({"$eq": [1, 1.0]}, True),
    ({"$eq": [1, True]}, False),
    ({"$eq": ["$nothing", None]}, False),
    ({"$lt": ["$nothing", None]}, True),
    ({"$gt": ["a", 5]}, True),  # types have one order
    ({"$gt": [True, "z"]}, True),
    ({"$cmp": [1, 2]}, -1),
    ({"$cmp": [[1, 2], [1]]}, 1),
    ({"$ne": [{"a": 1}, {"a": 1.0}]}, False),
    ({"$lte": [2, 2]}, True),
    ({"$gte": [Int64(2), Decimal128("2")]}, True),
    ({"$in": [2, "$l"]}, True),
    ({"$in": ["$nothing", "$l"]}, False),
    ({"$not": ["$n"]}, True),
    ({"$not": "$a"}, False),
    ({"$and": []}, True),
    ({"$and": ["$a", "$e"]}, True),  # the empty string is true
    ({"$or": [0, "$n"]}, False),
    ({"$isNumber": "$x"}, True),
    ({"$isArray": "$l"}, True),
    ({"$isArray": ["$a"]}, False),
]
CHOICE = [
    ({"$cond": [{"$gt": ["$a", 3]}, "big", "small"]}, "big"),
    ({"$cond": {"if": 0, "then": 1, "else": "$nothing"}}, MISSING),
    ({"$ifNull": ["$n", "$nothing", 7]}, 7),
    ({"$ifNull": ["$a", 7]}, 5),
    ({"$switch": {"branches": [{"case": {"$lt": ["$a", 3]}, "then": 1}], "default": 2}}, 2),
    ({"$let": {"vars": {"z": {"$add": ["$a", 1]}}, "in": {"$multiply": ["$$z", 2]}}}, 12),
    ({"$let": {"vars": {"z": "$o"}, "in": "$$z.q.r"}}, "deep"),
]
ARRAYS = [
    ({"$arrayElemAt": ["$l", 0]}, 3),
    ({"$arrayElemAt": ["$l", -1]}, 2),
    ({"$arrayElemAt": ["$l", 9]}, MISSING),
    ({"$arrayElemAt": ["$n", 9]}, None),
    ({"$first": "$l"}, 3),
    ({"$last": "$l"}, 2),
    ({"$first": [[]]}, MISSING),
    ({"$size": "$l"}, 3),
    ({"$size": [[1, 2]]}, 2),
    ({"$concatArrays": ["$l", [9]]}, [3, 1, 2, 9]),
    ({"$concatArrays": ["$l", "$n"]}, None),
    ({"$slice": ["$l", 2]}, [3, 1]),
    ({"$slice": ["$l", -2]}, [1, 2]),
    ({"$slice": ["$l", 1, 1]}, [1]),
    ({"$slice": ["$l", -5, 2]}, [3, 1]),
    ({"$reverseArray": "$l"}, [2, 1, 3]),
    ({"$indexOfArray": ["$l", 2]}, 2),
    ({"$indexOfArray": ["$l", 3, 1]}, -1),
    ({"$indexOfArray": ["$n", 3]}, None),
    ({"$map": {"input": "$l", "as": "i", "in": {"$add": ["$$i", "$a"]}}}, [8, 6, 7]),
    ({"$map": {"input": "$l", "in": "$$this"}}, [3, 1, 2]),
    ({"$map": {"input": "$n", "in": 1}}, None),
    ({"$filter": {"input": "$l", "cond": {"$gt": ["$$this", 1]}}}, [3, 2]),
    ({"$filter": {"input": "$l", "as": "i", "cond": {"$gt": ["$$i", 0]}, "limit": 1}}, [3]),
    ({"$reduce": {"input": "$l", "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}}, 6),
    ({"$reduce": {"input": [], "initialValue": "x", "in": "$$this"}}, "x"),
    ({"$reduce": {"input": "$nothing", "initialValue": 0, "in": 1}}, None),
    ({"$sortArray": {"input": "$l", "sortBy": 1}}, [1, 2, 3]),
    ({"$sortArray": {"input": [{"a": 1}, {"a": 3}], "sortBy": {"a": -1}}}, [{"a": 3}, {"a": 1}]),
    ({"$zip": {"inputs": [[1, 2], ["a"]]}}, [[1, "a"]]),
    ({"$zip": {"inputs": [[1, 2], ["a"]], "useLongestLength": True, "defaults": [0, "z"]}}, [[1, "a"], [2, "z"]]),
    ({"$allElementsTrue": [[1, True]]}, True),
    ({"$anyElementTrue": [[0, None]]}, False),
    ({"$firstN": {"input": "$l", "n": 2}}, [3, 1]),
    ({"$filter": {"input": [1, "a"], "cond": {"$divide": [1, "$$this"]}, "limit": 1}}, [1]),  # no more is evaluated
    ({"$maxN": {"input": [1, Int64(1), 5], "n": 2}}, [5, Int64(1)]),  # the first of the lowest makes room
    ({"$minN": {"input": [5, Int64(1), 1], "n": 1}}, [Int64(1)]),
    ({"$lastN": {"input": "$l", "n": 2}}, [1, 2]),
    ({"$maxN": {"input": "$l", "n": 2}}, [3, 2]),
    ({"$minN": {"input": ["$l", "$n", 5], "n": 9}}, [5, [3, 1, 2]]),
    ({"$sum": "$l"}, 6),
    ({"$sum": ["$a", "$b", "x"]}, 7),
    ({"$sum": [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]}, 1.0),  # the rounding error is carried along
    ({"$avg": "$l"}, 2.0),
    ({"$avg": "$s"}, None),
    ({"$max": ["$l", "$a"]}, [3, 1, 2]),
    ({"$min": "$l"}, 1),
    ({"$stdDevPop": [[1, 3]]}, 1.0),
    ({"$stdDevSamp": [[1, 3]]}, 1.4142135623730951),
    ({"$median": {"input": [1, 2, 3, 4], "method": "approximate"}}, 2.0),
    ({"$percentile": {"input": [1, 2, 3, 4], "p": [0.5, 0.95], "method": "approximate"}}, [2.0, 4.0]),
    ({"$setUnion": [[2, 1], [2, 3]]}, [1, 2, 3]),
    ({"$setIntersection": [[1, 2], [2.0, 3]]}, [2]),
    ({"$setDifference": [[1, 2, 2, 4], [4]]}, [1, 2]),
    ({"$setEquals": [[1, 2], [2, 1, 1]]}, True),
    ({"$setIsSubset": [[1], "$l"]}, True),
]
OBJECTS = [
    ({"$mergeObjects": ["$o", {"p": 2}, None]}, {"p": 2, "q": {"r": "deep"}}),
    ({"$mergeObjects": [[{"a": 1}, {"b": 2}]]}, {"a": 1, "b": 2}),
    ({"$mergeObjects": []}, {}),
    ({"$objectToArray": {"a": 1}}, [{"k": "a", "v": 1}]),
    ({"$arrayToObject": [[["a", 1], ["b", 2]]]}, {"a": 1, "b": 2}),
    ({"$arrayToObject": [[{"k": "a", "v": 1}]]}, {"a": 1}),
    ({"$getField": "a"}, 5),
    ({"$getField": {"field": "p", "input": "$o"}}, 1),
    ({"$getField": {"field": {"$literal": "$x"}, "input": {"$literal": {"$x": 3}}}}, 3),
    ({"$setField": {"field": "z.z", "input": "$o", "value": 1}}, {"p": 1, "q": {"r": "deep"}, "z.z": 1}),
    ({"$setField": {"field": {"$literal": "$a"}, "input": {}, "value": 1}}, {"$a": 1}),
    ({"$unsetField": {"field": "q", "input": "$o"}}, {"p": 1}),
]
STRINGS = [
    ({"$concat": ["$s", "!", ""]}, "Hello!"),
    ({"$concat": ["$s", "$n"]}, None),
    ({"$toUpper": "$s"}, "HELLO"),
    ({"$toUpper": "é"}, "é"),  # ASCII only
    ({"$toLower": "$n"}, ""),
    ({"$strLenCP": "é"}, 1),
    ({"$strLenBytes": "é"}, 2),
    ({"$substr": ["$s", 1, 3]}, "ell"),
    ({"$substrBytes": ["$s", 1, -1]}, "ello"),
    ({"$substrCP": ["häuser", 1, 2]}, "äu"),
    ({"$substr": [12.5, 0, 3]}, "12."),
    ({"$split": ["a-b-c", "-"]}, ["a", "b", "c"]),
    ({"$split": ["$n", "-"]}, None),
    ({"$indexOfCP": ["$s", "l"]}, 2),
    ({"$indexOfCP": ["$s", "l", 3]}, 3),
    ({"$indexOfCP": ["$s", "z"]}, -1),
    ({"$indexOfBytes": ["éa", "a"]}, 2),
    ({"$trim": {"input": "  x \n"}}, "x"),
    ({"$ltrim": {"input": "aab", "chars": "a"}}, "b"),
    ({"$rtrim": {"input": "baa", "chars": "a"}}, "b"),
    ({"$strcasecmp": ["a", "B"]}, -1),
    ({"$replaceOne": {"input": "aXaX", "find": "X", "replacement": "-"}}, "a-aX"),
    ({"$replaceAll": {"input": "aXaX", "find": "X", "replacement": "-"}}, "a-a-"),
    ({"$regexMatch": {"input": "$s", "regex": "^h", "options": "i"}}, True),
    ({"$regexMatch": {"input": "$n", "regex": "x"}}, False),
    ({"$regexFind": {"input": "ab12", "regex": Regex("([a-z])(\\d)")}},
     {"match": "b1", "idx": 1, "captures": ["b", "1"]}),
    ({"$regexFind": {"input": "ab", "regex": "z"}}, None),
    ({"$regexFindAll": {"input": "aXbX", "regex": "X"}},
     [{"match": "X", "idx": 1, "captures": []}, {"match": "X", "idx": 3, "captures": []}]),
]  # fmt: skip
CONVERSIONS = [
    ({"$toString": 1}, "1"),
    ({"$toString": 1.0}, "1"),
    ({"$toString": 2.5}, "2.5"),
    ({"$toString": -0.0}, "-0"),
    ({"$toString": 1234567.891}, "1234567.891"),
    ({"$toString": 1e20}, "1e+20"),
    ({"$toString": float("-inf")}, "-Infinity"),
    ({"$toString": True}, "true"),
    ({"$toString": "$d"}, "2024-02-29T13:14:15.678Z"),
    ({"$toString": "$id"}, "65f000000000000000000001"),
    ({"$toString": "$dec"}, "1.10"),
    ({"$toString": "$n"}, None),
    ({"$toInt": "42"}, 42),
    ({"$toInt": 2.9}, 2),
    ({"$toLong": "42"}, Int64(42)),
    ({"$toLong": "$d"}, Int64(1709212455678)),
    ({"$toDouble": "2.5"}, 2.5),
    ({"$toDouble": True}, 1.0),
    ({"$toDecimal": "1.10"}, Decimal128("1.10")),
    ({"$toBool": 0}, False),
    ({"$toBool": ""}, True),
    ({"$toDate": Int64(0)}, datetime(1970, 1, 1)),
    ({"$toDate": "2024-02-29"}, datetime(2024, 2, 29)),
    ({"$toDate": "2024-02-29T12:00:00+02:00"}, datetime(2024, 2, 29, 10)),
    ({"$toDate": "$id"}, datetime(2024, 3, 12, 7, 10, 56)),
    ({"$toObjectId": "65f000000000000000000001"}, ObjectId("65f000000000000000000001")),
    ({"$convert": {"input": "x", "to": "int", "onError": "bad"}}, "bad"),
    ({"$convert": {"input": "$n", "to": "int", "onNull": 0}}, 0),
    ({"$convert": {"input": "7", "to": 16}}, 7),
    ({"$type": "$nothing"}, "missing"),
    ({"$type": "$long"}, "long"),
    ({"$type": "$a"}, "int"),
]
TABLE = PATHS + ARITHMETIC + COMPARISON + CHOICE + ARRAYS + OBJECTS + STRINGS + CONVERSIONS


@pytest.mark.parametrize(("spec", "expected"), TABLE, ids=[str(row[0])[:60] for row in TABLE])
def test_an_expression_gives_the_manuals_value_and_type(spec, expected):
    found = compile_expression(spec)(DOCUMENT, {})
    assert (found is expected) if expected is MISSING else identical(found, expected), found


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"$function": {}}, 168),
        ({"$accumulator": {}}, 168),
        ({"$foo": 1}, 168),
        ({"$add": ["$s", 1]}, 14),
        ({"$add": ["$d", "$d"]}, 16612),
        ({"$divide": [1, 0]}, 2),
        ({"$mod": [1, 0]}, 16610),
        ({"$abs": "x"}, 28765),
        ({"$abs": [1, 2]}, 16020),
        ({"$eq": [1]}, 16020),
        ({"$cond": [1, 2]}, 16020),
        ({"$ifNull": [1]}, 1257300),
        ({"$slice": ["$l"]}, 28667),
        ({"$size": "$a"}, 17124),
        ({"$in": [1, "$a"]}, 40081),
        ({"$arrayElemAt": ["$a", 0]}, 28689),
        ({"$map": {"input": "$a", "in": 1}}, 16883),
        ({"$map": {"input": "$l", "as": "Big", "in": 1}}, 9),
        ({"$filter": {"input": "$a", "cond": 1}}, 28651),
        ({"$reduce": {"input": "$a", "initialValue": 0, "in": 1}}, 40080),
        ({"$switch": {"branches": [{"case": "$nothing", "then": 1}]}}, 40066),
        ({"$switch": {"branches": [{"case": False, "then": 1}]}}, 40069),
        ({"$mergeObjects": ["$a"]}, 40400),
        ({"$objectToArray": "$a"}, 40390),
        ({"$concat": ["$a"]}, 16702),
        ({"$strLenCP": "$nothing"}, 34471),
        ({"$split": ["$s", ""]}, 40087),
        ({"$toInt": "x"}, 241),
        ({"$toInt": 2**40}, 241),
        ({"$toObjectId": "x"}, 241),
        ({"$convert": {"input": [1], "to": "int"}}, 241),
        ({"$sqrt": -1}, 28714),
        ({"$sin": "$dec"}, 168),
        ({"a": 1, "$add": [1]}, 16410),
        ({"$add": [1], "$abs": 1}, 15983),
        ({"a.b": 1}, 16412),
        ("$$nobody", 17276),
        ("$", 16872),
        ({"$meta": "textScore"}, 40218),
    ],
)
def test_a_wrong_expression_is_refused_with_mongodbs_code(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)(DOCUMENT, {})
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "spec",
    [
        {"$range": [0, 2**31 - 1]},
        {"$reduce": {"input": {"$range": [0, 99]}, "initialValue": "ab", "in": {"$concat": ["$$value", "$$value"]}}},
        {"$reduce": {"input": {"$range": [0, 99]}, "initialValue": [1],
                     "in": {"$concatArrays": ["$$value", "$$value"]}}},
        {"$reduce": {"input": {"$range": [0, 9]}, "initialValue": "a" * 999,
                     "in": {"$replaceAll": {"input": "$$value", "find": "a", "replacement": "a" * 999}}}},
    ],
)  # fmt: skip
def test_no_value_takes_all_memory(spec):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)(DOCUMENT, {})
    assert refusal.value.code in (146, 16493)


def test_strings_compare_by_the_collation():
    collation = Collation.from_spec({"locale": "en", "strength": 2})
    for spec in ({"$eq": ["$s", "HELLO"]}, {"$in": ["HELLO", ["$s"]]}, {"$setIsSubset": [["HELLO"], ["$s"]]}):
        assert compile_expression(spec, collation=collation)(DOCUMENT, {}) is True


@pytest.mark.parametrize("value", [False, None, 0, 0.0, Int64(0), Decimal128("0"), MISSING])
def test_what_counts_as_false(value):
    assert not truthy(value)


@pytest.mark.parametrize(
    "value", [True, "", [], {}, "0", float("nan"), -1, b"", Decimal128("NaN"), datetime(1970, 1, 1)]
)
def test_what_counts_as_true(value):
    assert truthy(value)


def test_a_random_number_is_below_one():
    draw = compile_expression({"$rand": {}})
    assert all(0 <= draw({}, {}) < 1 for _ in range(100))
