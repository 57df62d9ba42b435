"""Operators on arrays, objects, sets and strings: MongoDB's codes for what they refuse, and its rules at the edges."""

from datetime import UTC, datetime

import pytest
from bson import Code, Decimal128, Int64, Regex, Timestamp

from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.expressions import compile_expression
from core.database.embedded.semantics.values import identical

DOCUMENT = {"l": [3, 1, 2], "n": None, "word": "größe", "seven": 7, "pairs": [["x", 1]], "nested": [[1], [2, 3]]}

ARRAYS = [
    ({"$slice": ["$l", -9, 2]}, [3, 1]),
    ({"$slice": ["$l", Decimal128("1")]}, [3]),
    ({"$slice": ["$l", "$n"]}, None),
    ({"$concatArrays": ["$l", "$nothing", "$seven"]}, None),  # the first of the two decides
    ({"$arrayElemAt": ["$l", -3.0]}, 3),
    ({"$indexOfArray": ["$l", 2, 0, 2]}, -1),
    ({"$indexOfArray": ["$l", 2, Decimal128("2")]}, 2),
    ({"$zip": {"inputs": ["$l", "$nothing"]}}, None),
    ({"$zip": {"inputs": ["$nothing", "$seven"]}}, None),  # the first of the two decides
    ({"$zip": {"inputs": ["$l", ["a"]], "useLongestLength": True}}, [[3, "a"], [1, None], [2, None]]),
    (
        {"$zip": {"inputs": ["$l", ["a"]], "useLongestLength": True, "defaults": [0, "$nothing"]}},
        [[3, "a"], [1, None], [2, None]],
    ),
    ({"$zip": {"inputs": [["a"]], "defaults": []}}, [["a"]]),
]
OBJECTS = [
    ({"$arrayToObject": "$pairs"}, {"x": 1}),
    ({"$arrayToObject": [[]]}, {}),
    ({"$arrayToObject": {"$literal": [{"v": 1, "k": "a"}, {"k": "a", "v": 2}]}}, {"a": 2}),
    ({"$setField": {"field": {"$const": "$p"}, "input": {}, "value": 1}}, {"$p": 1}),
    ({"$setField": {"field": "a.b", "input": {"a": 1}, "value": "$l"}}, {"a": 1, "a.b": [3, 1, 2]}),
    ({"$unsetField": {"field": "a", "input": "$nothing"}}, None),
    ({"$getField": {"$concat": ["se", "ven"]}}, 7),
]
SETS = [
    ({"$setIntersection": [[1, 2], [1.0]]}, [1.0]),  # of equal elements that of the smaller set stays
    ({"$setIntersection": [["$seven"], "$nothing", "$seven"]}, None),
    ({"$setIntersection": []}, []),
    ({"$setUnion": [[7.0], ["$seven"]]}, [7]),  # constants come last
    ({"$setUnion": [{"$literal": "x"}, "$nothing"]}, None),
    ({"$setUnion": [["$seven"], "$n", "$seven"]}, None),
    ({"$setDifference": ["$seven", None]}, None),
    ({"$setEquals": ["$l", [], "$seven"]}, False),
]
STRINGS = [
    ({"$concat": ["a", "$n", "$seven"]}, None),  # null before the first wrong argument decides
    ({"$toUpper": 1e6}, "1E+06"),
    ({"$toLower": float("inf")}, "inf"),
    ({"$toLower": Decimal128("Infinity")}, "infinity"),
    ({"$toUpper": Timestamp(1_704_067_200, 3)}, "JAN  1 00:00:00:3"),
    ({"$toUpper": Code("f()")}, "F()"),
    ({"$strcasecmp": [1.23456789, "1.23457"]}, 0),
    ({"$substrCP": ["$word", 2, 9]}, "öße"),
    ({"$substrBytes": ["$word", 2, 2]}, "ö"),
    ({"$substrBytes": ["abcd", Decimal128("1.5"), Decimal128("NaN")]}, "cd"),  # rounded; no number is a negative length
    ({"$indexOfCP": ["abcd", "cd", 0, 3]}, 2),  # it begins before the end
    ({"$indexOfBytes": ["abcd", "cd", 0, 3]}, -1),  # it must end there
    ({"$indexOfCP": ["abcd", "", 2, 2]}, -1),
    ({"$indexOfBytes": ["abcd", "", 2, 2]}, 2),
    ({"$indexOfCP": ["", ""]}, 0),
    ({"$trim": {"input": " a ", "chars": "$nothing"}}, None),
    ({"$trim": {"input": "$n", "chars": 5}}, None),
    ({"$replaceAll": {"input": "ab", "find": "", "replacement": "-"}}, "-a-b-"),
]


def _match(text, index, *captures):
    return {"match": text, "idx": index, "captures": list(captures)}


REGEXES = [
    ({"$regexMatch": {"input": "$n", "regex": "a"}}, False),
    ({"$regexFind": {"input": "a", "regex": "$n"}}, None),
    ({"$regexFind": {"input": "ÄB", "regex": Regex("b", "i"), "options": None}}, _match("B", 1)),
    ({"$regexFindAll": {"input": "aab", "regex": "a*"}}, [_match("aa", 0), _match("", 2)]),
    ({"$regexFindAll": {"input": "aa", "regex": "a*"}}, [_match("aa", 0)]),  # it ends with the text
    ({"$regexFindAll": {"input": "ab", "regex": "(|a)"}}, [_match("", 0, ""), _match("", 1, "")]),
    ({"$regexFindAll": {"input": "", "regex": "x?"}}, [_match("", 0)]),
]
TABLE = ARRAYS + OBJECTS + SETS + STRINGS + REGEXES


@pytest.mark.parametrize(("spec", "expected"), TABLE, ids=[str(row[0])[:60] for row in TABLE])
def test_an_expression_gives_mongodbs_value_and_type(spec, expected):
    found = compile_expression(spec)(DOCUMENT, {})
    assert identical(found, expected), found


REFUSED = [
    ({"$arrayElemAt": ["$l", "$word"]}, 28690),
    ({"$arrayElemAt": ["$l", 0.5]}, 28691),
    ({"$slice": ["$l", "1"]}, 28725),
    ({"$slice": ["$l", 2**31]}, 28726),
    ({"$slice": ["$l", 0, "1"]}, 28727),
    ({"$slice": ["$l", 0, 1.5]}, 28728),
    ({"$slice": ["$l", 0, 0]}, 28729),
    ({"$slice": ["$seven", 0, "$n"]}, 28724),
    ({"$concatArrays": ["$seven", "$n"]}, 28664),
    ({"$indexOfArray": ["$l", 1, None]}, 9711600),
    ({"$indexOfArray": ["$l", 1, 0, -1]}, 9711601),
    ({"$zip": [1]}, 34460),
    ({"$zip": {"inputs": "$l"}}, 34461),
    ({"$zip": {"inputs": [[1]], "useLongestLength": True, "defaults": 1}}, 34462),
    ({"$zip": {"inputs": [[1]], "useLongestLength": 1}}, 34463),
    ({"$zip": {"inputs": [[1]], "more": 1}}, 34464),
    ({"$zip": {"inputs": []}}, 34465),
    ({"$zip": {"inputs": [[1]], "defaults": [0]}}, 34466),
    ({"$zip": {"inputs": [[1]], "useLongestLength": True, "defaults": [0, 0]}}, 34467),
    ({"$zip": {"inputs": ["$seven", "$nothing"]}}, 34468),
    ({"$firstN": {"input": "$l"}}, 5787906),
    ({"$lastN": {"input": "$l", "n": 0}}, 5787908),
    ({"$arrayToObject": "$seven"}, 40386),
    ({"$arrayToObject": "$l"}, 40398),
    ({"$arrayToObject": [[{"k": "a", "v": 1}, ["b", 2]]]}, 40391),
    ({"$arrayToObject": [[{"k": "a"}]]}, 40392),
    ({"$arrayToObject": [[{"k": "a", "V": 1}]]}, 40393),
    ({"$arrayToObject": [[{"k": 1, "v": 1}]]}, 40394),
    ({"$arrayToObject": [[[1, 1]]]}, 40395),
    ({"$arrayToObject": [[["a", 1], {"k": "b", "v": 2}]]}, 40396),
    ({"$arrayToObject": "$nested"}, 40397),
    ({"$arrayToObject": [[["a\0", 1]]]}, 4940400),
    ({"$arrayToObject": [[{"k": "a\0", "v": 1}]]}, 4940401),
    ({"$setField": "a"}, 4161100),
    ({"$unsetField": {"field": "a", "input": {}, "value": 1}}, 4161101),
    ({"$setField": {"input": {}}}, 4161102),
    ({"$setField": {"field": "a"}}, 4161103),
    ({"$setField": {"field": "a", "input": 1, "value": 1}}, 4161105),
    ({"$setField": {"field": ["a"], "input": {}, "value": 1}}, 4161106),
    ({"$setField": {"field": 1, "input": {}, "value": 1}}, 4161107),
    ({"$setField": {"field": "$a", "input": {}, "value": 1}}, 4161108),
    ({"$unsetField": {"field": "a"}}, 4161109),
    ({"$unsetField": {"field": "a\0b", "input": {}}}, 9534700),
    ({"$getField": {"field": "a", "input": {}, "more": 1}}, 3041701),
    ({"$getField": {}}, 3041702),
    ({"$getField": {"field": "a"}}, 3041703),
    ({"$getField": "$seven"}, 3041704),
    ({"$setUnion": ["$seven", "$n"]}, 17043),
    ({"$setIntersection": ["$l", "$seven"]}, 17047),
    ({"$setDifference": ["$seven", "$l"]}, 17048),
    ({"$setDifference": ["$l", "$seven"]}, 17049),
    ({"$setIsSubset": ["$n", "$n"]}, 17046),
    ({"$setIsSubset": ["$l", "$n"]}, 17042),
    ({"$setEquals": ["$l", "$n"]}, 17044),
    ({"$setEquals": ["$l"]}, 17045),
    ({"$setEquals": ["$n", 1]}, 5887502),
    ({"$concat": ["a", 1, None]}, 16702),
    ({"$toUpper": ["$l"]}, 16007),
    ({"$substrCP": ["a", "0", 1]}, 34450),
    ({"$substrCP": ["a", 0.5, 1]}, 34451),
    ({"$substrCP": ["a", 0, "1"]}, 34452),
    ({"$substrCP": ["a", 0, 0.5]}, 34453),
    ({"$substrCP": ["a", -1, -1]}, 34454),
    ({"$substrCP": ["a", -1, 1]}, 34455),
    ({"$substrBytes": ["a", None, 1]}, 16034),
    ({"$substrBytes": ["a", 0, None]}, 16035),
    ({"$substrBytes": ["a", float("nan"), 1]}, 31109),
    ({"$substrBytes": ["a", Decimal128("NaN"), 1]}, 50752),
    ({"$substrBytes": ["$word", 3, 1]}, 28656),
    ({"$substrBytes": ["$word", 0, 3]}, 28657),
    ({"$indexOfCP": ["a", "a", None]}, 40096),
    ({"$indexOfBytes": ["a", "a", -1, 0.5]}, 40097),
    ({"$split": ["a", 1]}, 10503900),
    ({"$trim": "a"}, 50696),
    ({"$trim": {}}, 50695),
    ({"$trim": {"input": "a", "char": "a"}}, 50694),
    ({"$trim": {"input": 1, "chars": None}}, 50699),
    ({"$ltrim": {"input": "a", "chars": 1}}, 50700),
    ({"$replaceOne": 1}, 51751),
    ({"$replaceOne": {"from": "a"}}, 51750),
    ({"$replaceOne": {}}, 51749),
    ({"$replaceOne": {"input": "a"}}, 51748),
    ({"$replaceOne": {"input": "a", "find": "b"}}, 51747),
    ({"$replaceAll": {"input": 1, "find": 1, "replacement": 1}}, 10503904),
    ({"$replaceAll": {"input": None, "find": Regex("a"), "replacement": "b"}}, 10503901),
    ({"$replaceAll": {"input": "a", "find": None, "replacement": 1}}, 10503902),
    ({"$replaceAll": {"input": "é", "find": "", "replacement": "-"}}, 168),  # MongoDB makes what is no text
    ({"$regexMatch": "a"}, 51103),
    ({"$regexMatch": {"regex": "a"}}, 31022),
    ({"$regexMatch": {"input": "a"}}, 31023),
    ({"$regexMatch": {"input": "a", "regex": "a", "flags": "i"}}, 31024),
    ({"$regexFind": {"input": 1, "regex": "a"}}, 51104),
    ({"$regexFind": {"input": 1, "regex": 1}}, 51105),
    ({"$regexFind": {"input": None, "regex": None, "options": 1}}, 51106),
    ({"$regexFind": {"input": None, "regex": Regex("a", "i"), "options": "m"}}, 51107),
    ({"$regexFind": {"input": None, "regex": "a", "options": "q"}}, 51108),
    ({"$regexFindAll": {"input": "a", "regex": "a\0"}}, 51109),
    ({"$regexFindAll": {"input": "a", "regex": "a", "options": "\0"}}, 51110),
    ({"$regexFindAll": {"input": None, "regex": "(a"}}, 51111),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "code"), REFUSED, ids=[str(row[0])[:60] for row in REFUSED])
def test_a_wrong_argument_is_refused_with_mongodbs_code(spec, code):
    with pytest.raises(CommandError) as refusal:
        compile_expression(spec)(DOCUMENT, {})
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "spec",
    [
        {"$setEquals": ["$l", None]},
        {"$regexFind": {"input": "$word", "regex": "["}},
        {"$substrCP": ["a", 0, None]},
        {"$concat": ["a" * 2**23, "ä" * 2**22]},
    ],
)
def test_what_is_wrong_with_constants_is_said_without_a_document(spec):
    with pytest.raises(CommandError):
        compile_expression(spec)


def test_no_text_of_16_megabytes_is_made():
    long = {"text": "a" * 2**23}
    assert len(compile_expression({"$concat": ["$text", "a" * (2**23 - 1)]})(long, {})) == 2**24 - 1
    for spec in (
        {"$concat": ["$text", "$text"]},
        {"$replaceAll": {"input": "$text", "find": "a", "replacement": "ä"}},
    ):
        with pytest.raises(CommandError) as refusal:
            compile_expression(spec)(long, {})
        assert refusal.value.code == 16493


def test_a_date_is_a_text_of_its_own_form():
    assert compile_expression({"$toLower": datetime(2024, 2, 29, tzinfo=UTC)})({}, {}) == "2024-02-29t00:00:00.000z"


def test_the_matches_of_one_text_take_at_most_64_megabytes():
    with pytest.raises(CommandError) as refusal:
        compile_expression({"$regexFindAll": {"input": "$text", "regex": ""}})({"text": "a" * 600_000}, {})
    assert refusal.value.code == 51151


def test_a_position_may_be_a_long():
    assert compile_expression({"$arrayElemAt": ["$l", Int64(1)]})(DOCUMENT, {}) == 1
