"""Query operators answer as the manual says: one table a family, a document that must match or must not."""

import re
from datetime import UTC, datetime

import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from core.database.embedded.semantics.collation import Collation
from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.matching import compile_filter

ID = ObjectId("65f000000000000000000001")
EQUALITY = [
    ({"a": 1}, {"a": 1}, True),
    ({"a": 1}, {"a": 1.0}, True),
    ({"a": 1}, {"a": Int64(1)}, True),
    ({"a": 1}, {"a": Decimal128("1.0")}, True),
    ({"a": 1}, {"a": True}, False),
    ({"a": True}, {"a": 1}, False),
    ({"a": "1"}, {"a": 1}, False),
    ({"a": None}, {"a": None}, True),
    ({"a": None}, {}, True),
    ({"a": None}, {"a": 0}, False),
    ({"a.b": None}, {}, True),
    ({"a.b": None}, {"a": 5}, True),
    ({"a.b": None}, {"a": {"b": 1}}, False),
    ({"a.b": None}, {"a": []}, False),
    ({"a.b": None}, {"a": [{"b": 1}, {}]}, True),
    ({"a.b": None}, {"a": [5]}, False),
    ({"a": float("nan")}, {"a": float("nan")}, True),
    ({"a": [1, 2]}, {"a": [1, 2]}, True),
    ({"a": [1, 2]}, {"a": [[1, 2], 3]}, True),
    ({"a": [1, 2]}, {"a": [2, 1]}, False),
    ({"a": 1}, {"a": [3, 1]}, True),
    ({"a": 1}, {"a": [[1]]}, False),
    ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 2}}, True),
    ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, False),
    ({"a": {"x": 1}}, {"a": {"x": 1, "y": 2}}, False),
    ({"a.0": 5}, {"a": [5, 6]}, True),
    ({"a.1": 5}, {"a": [5, 6]}, False),
    ({"a.0": 5}, {"a": {"0": 5}}, True),
    ({"a.0.b": 5}, {"a": [{"b": 5}]}, True),
    ({"a.b": 5}, {"a": [{"b": [4, 5]}]}, True),
    ({"a": {"$ne": 1}}, {"a": [1, 2]}, False),
    ({"a": {"$ne": 1}}, {}, True),
    ({"a": {"$in": [1, None]}}, {}, True),
    ({"a": {"$in": ["x", 2]}}, {"a": [2.0]}, True),
    ({"a": {"$in": []}}, {"a": 1}, False),
    ({"a": {"$in": [Regex("^x")]}}, {"a": "xy"}, True),
    ({"a": {"$in": [[1]]}}, {"a": [1]}, True),
    ({"a": {"$nin": [1]}}, {"a": [1]}, False),
    ({"a": {"$nin": [None]}}, {}, False),
    ({"a": ID}, {"a": ID}, True),
    ({"a": ID}, {"a": str(ID)}, False),
    ({"a": b"x"}, {"a": Binary(b"x", 5)}, False),
    ({"a": {"$eq": datetime(2024, 1, 1, tzinfo=UTC)}}, {"a": datetime(2024, 1, 1)}, True),
    ({"a": {"$ref": "c", "$id": 1}}, {"a": {"$ref": "c", "$id": 1}}, True),
    ({"a.$id": 1}, {"a": {"$ref": "c", "$id": 1}}, True),
]
RANGES = [
    ({"a": {"$gt": 1}}, {"a": 2}, True),
    ({"a": {"$gt": 1}}, {"a": "2"}, False),
    ({"a": {"$gt": 1}}, {"a": True}, False),
    ({"a": {"$gt": 1, "$lt": 3}}, {"a": [0, 5]}, True),
    ({"a": {"$gte": None}}, {}, True),
    ({"a": {"$gte": None}}, {"a": 5}, False),
    ({"a": {"$gt": None}}, {"a": None}, False),
    ({"a": {"$lt": "b"}}, {"a": "B"}, True),
    ({"a": {"$lte": 2}}, {"a": Int64(2)}, True),
    ({"a": {"$gt": datetime(2024, 1, 1)}}, {"a": datetime(2024, 1, 2)}, True),
    ({"a": {"$gt": datetime(2024, 1, 1)}}, {"a": Timestamp(2**31, 1)}, False),
    ({"a": {"$lt": Int64(2**60 + 1)}}, {"a": Int64(2**60)}, True),
    ({"a": {"$lt": Decimal128("0.1")}}, {"a": 0.1}, False),
    ({"a": {"$gt": Decimal128("0.1")}}, {"a": 0.1}, True),
    ({"a": {"$gte": float("nan")}}, {"a": float("nan")}, True),
    ({"a": {"$lt": 5}}, {"a": float("nan")}, False),
    ({"a": {"$gt": MinKey()}}, {"a": None}, True),
    ({"a": {"$lt": MaxKey()}}, {"a": "x"}, True),
    ({"a": {"$gt": [1, 2]}}, {"a": [1, 3]}, True),
    ({"a": {"$lt": {"x": 2}}}, {"a": {"x": 1}}, True),
    ({"a": {"$gt": False}}, {"a": True}, True),
    ({"a": {"$gte": b"b"}}, {"a": b"aa"}, True),  # binaries compare by length first
]
OPERATORS = [
    ({"a": {"$exists": True}}, {"a": None}, True),
    ({"a": {"$exists": False}}, {"a": None}, False),
    ({"a": {"$exists": 0}}, {}, True),
    ({"a.b": {"$exists": True}}, {"a": [{"c": 1}, {"b": None}]}, True),
    ({"a": {"$type": "null"}}, {}, False),
    ({"a": {"$type": "null"}}, {"a": None}, True),
    ({"a": {"$type": 10}}, {"a": None}, True),
    ({"a": {"$type": "number"}}, {"a": Decimal128("1")}, True),
    ({"a": {"$type": "number"}}, {"a": True}, False),
    ({"a": {"$type": "int"}}, {"a": Int64(1)}, False),
    ({"a": {"$type": "long"}}, {"a": Int64(1)}, True),
    ({"a": {"$type": "array"}}, {"a": [1]}, True),
    ({"a": {"$type": "string"}}, {"a": [1, "x"]}, True),
    ({"a": {"$type": ["string", "bool"]}}, {"a": False}, True),
    ({"a": {"$type": "javascript"}}, {"a": Code("x")}, True),
    ({"a": {"$type": -1}}, {"a": MinKey()}, True),
    ({"a": {"$type": [6, 12, "symbol"]}}, {"a": None}, False),
    ({"a": {"$mod": [4, 0]}}, {"a": 8}, True),
    ({"a": {"$mod": [4, -3]}}, {"a": -7}, True),
    ({"a": {"$mod": [4, 1]}}, {"a": 5.9}, True),
    ({"a": {"$mod": [4, 0]}}, {"a": "8"}, False),
    ({"a": {"$size": 2}}, {"a": [1, 2]}, True),
    ({"a": {"$size": 2}}, {"a": [[1, 2]]}, False),
    ({"a": {"$size": 0}}, {}, False),
    ({"a": {"$all": [1, 2]}}, {"a": [2, 1, 3]}, True),
    ({"a": {"$all": [1]}}, {"a": 1}, True),
    ({"a": {"$all": []}}, {"a": []}, False),
    ({"a": {"$all": [[1, 2]]}}, {"a": [1, 2]}, True),
    ({"a": {"$all": [{"$elemMatch": {"x": 1}}, {"$elemMatch": {"x": 2}}]}}, {"a": [{"x": 1}, {"x": 2}]}, True),
    ({"a": {"$elemMatch": {"$gt": 1, "$lt": 3}}}, {"a": [0, 5]}, False),
    ({"a": {"$elemMatch": {"$gt": 1, "$lt": 3}}}, {"a": [2]}, True),
    ({"a": {"$elemMatch": {"x": 1, "y": 2}}}, {"a": [{"x": 1}, {"y": 2}]}, False),
    ({"a": {"$elemMatch": {"$ne": 1}}}, {"a": [1]}, False),
    ({"a": {"$elemMatch": {"x": 1}}}, {"a": {"x": 1}}, False),
    ({"a": {"$elemMatch": {"$or": [{"x": 1}, {"y": 1}]}}}, {"a": [{"y": 1}]}, True),
    ({"a": {"$elemMatch": {"$in": [None]}}}, {"a": [None]}, True),
    ({"a": {"$elemMatch": {"$comment": "", "x": 1}}}, {"a": [{"x": 1}]}, True),
    ({"a": {"$elemMatch": {"$ref": "b", "$id": 1}}}, {"a": [{"$ref": "b", "$id": 1, "$db": "c"}]}, True),
    ({"a": {"$elemMatch": {"$id": 1}}}, {"a": [{"$ref": "b", "$id": 2}]}, False),
    ({"a": {"$elemMatch": {"$id": {"$gt": 0}}}}, {"a": [{"$ref": "b", "$id": 2}]}, False),
    ({"a": {"$not": {"$gt": 5}}}, {}, True),
    ({"a": {"$not": {"$gt": 5}}}, {"a": [1, 6]}, False),
    ({"a": {"$not": re.compile("^x")}}, {"a": "y"}, True),
    ({"a": {"$regex": "^b", "$options": "i"}}, {"a": "Bonn"}, True),
    ({"a": {"$regex": "b$"}}, {"a": ["x", "ab"]}, True),
    ({"a": {"$regex": "1"}}, {"a": 1}, False),
    ({"a": re.compile("^ö")}, {"a": "österreich"}, True),
    ({"a": {"$regex": r"^\w+$"}}, {"a": "straße"}, False),  # PCRE's classes are ASCII
    ({"a": {"$bitsAllSet": 6}}, {"a": 7}, True),
    ({"a": {"$bitsAllSet": [1, 5]}}, {"a": 54}, True),
    ({"a": {"$bitsAllSet": [1, 5]}}, {"a": Binary(b"\x36")}, True),
    ({"a": {"$bitsAnyClear": 1}}, {"a": 7}, False),
    ({"a": {"$bitsAllClear": [200]}}, {"a": 5}, True),
    ({"a": {"$bitsAnySet": [200]}}, {"a": -1}, True),
    ({"a": {"$bitsAllSet": 1}}, {"a": 1.5}, False),
    ({"a": {"$bitsAllSet": [2**31 - 1]}}, {"a": -1}, True),  # the sign repeats without end
    ({"a": {"$bitsAnyClear": [2**31 - 1]}}, {"a": b"\xff"}, True),
    ({"a": {"$bitsAllSet": [0, 33]}}, {"a": Binary(b"\x02", 2)}, True),  # subtype 2 begins with its length
    ({"a": {"$elemMatch": {"$all": [1]}}}, {"a": [[1]]}, False),
    ({"a": {"$elemMatch": {"$all": [[1]]}}}, {"a": [[1]]}, True),
    ({"a": {"$mod": [Int64(-(2**63)), 0]}}, {"a": 0}, True),
]
LOGIC = [
    ({"$or": [{"a": 1}, {"b": 1}]}, {"b": 1}, True),
    ({"$nor": [{"a": 1}, {"b": 1}]}, {}, True),
    ({"$and": [{"a": {"$gt": 1}}, {"a": {"$lt": 3}}]}, {"a": [0, 5]}, True),
    ({"a": 1, "b": {"$ne": 2}}, {"a": 1, "b": 2}, False),
    ({"$expr": {"$gt": ["$a", "$b"]}}, {"a": 2, "b": 1}, True),
    ({"$expr": {"$eq": ["$a", None]}}, {}, False),  # a missing field is no null to an expression
    ({"$expr": {"$eq": ["$a", 1]}}, {"a": [1]}, False),
    ({"$comment": "x", "a": 1}, {"a": 1}, True),
    ({}, {"a": 1}, True),
]


@pytest.mark.parametrize(("query", "document", "expected"), EQUALITY + RANGES + OPERATORS + LOGIC)
def test_a_filter_answers_as_the_manual_says(query, document, expected):
    assert compile_filter(query)(document) is expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"$where": "1"}, 2),
        ({"a": {"$near": [0, 0]}}, 2),
        ({"a": {"$geoWithin": {}}}, 2),
        ({"$jsonSchema": {}}, 2),
        ({"a": {"$foo": 1}}, 2),
        ({"$foo": 1}, 2),
        ({"$not": {"a": 1}}, 2),
        ({"a": {"$id": 1}}, 2),
        ({"$or": []}, 2),
        ({"$and": {}}, 2),
        ({"a": {"$in": 1}}, 2),
        ({"a": {"$in": [{"$gt": 1}]}}, 2),
        ({"a": {"$size": -1}}, 2),
        ({"a": {"$mod": [0, 1]}}, 2),
        ({"a": {"$size": 2**31}}, 2),
        ({"a": {"$size": 1.5}}, 2),
        ({"a": {"$bitsAllSet": -1}}, 9),
        ({"a": {"$bitsAllSet": 1.5}}, 9),
        ({"a": {"$bitsAllSet": [Decimal128("NaN")]}}, 2),
        ({"a": {"$bitsAllSet": [2**31]}}, 2),
        ({"a": {"$bitsAllSet": "1"}}, 2),
        ({"$and": [5]}, 2),
        ({"$or": [None]}, 2),
        ({"a": {"$type": True}}, 14),
        ({"a": {"$type": [[1]]}}, 14),
        ({"a": {"$type": 99}}, 2),
        ({"a": {"$type": []}}, 9),
        ({"a": {"$all": [1, {"$elemMatch": {"x": 1}}]}}, 2),
        ({"a": {"$all": [{"$elemMatch": {"x": 1}}, 1]}}, 2),
        ({"a": {"$elemMatch": {"$not": 5}}}, 2),
        ({"a": {"$elemMatch": {"$options": "i"}}}, 2),
        ({"a": {"$regex": "x", "$options": None}}, 2),
        ({"a": {"$regex": Regex("x", "i"), "$options": "m"}}, 51075),
        ({"a": {"$options": "m", "$regex": Regex("x", "i")}}, 51074),
        ({"a": {"$regex": "x" * 32_765}}, 51091),
        ({"a": {"$regex": "[x"}}, 51091),
        ({"a": {"$mod": [1]}}, 2),
        ({"a": {"$type": "foo"}}, 2),
        ({"a": {"$regex": "("}}, 51091),
        ({"a": {"$regex": "a", "$options": "q"}}, 51108),
        ({"a": {"$options": "i"}}, 2),
        ({"a": {"$not": 5}}, 2),
        ({"a": {"$elemMatch": 5}}, 2),
        ({"a": {"$gt": Regex("a")}}, 2),
        ({"$text": {"$search": "x"}}, 27),
        ({"$expr": {"$foo": 1}}, 168),
        ({"$expr": "$$nobody"}, 17276),
        ({"a": {"$elemMatch": {"$expr": True}}}, 2),
        ({"a": {"$elemMatch": {"$or": [{"$text": {"$search": "x"}}]}}}, 2),
    ],
)
def test_a_bad_or_unknown_filter_is_refused_with_mongodbs_code(query, code):
    with pytest.raises(CommandError) as refusal:
        compile_filter(query)
    assert refusal.value.code == code


def test_a_refusal_names_the_operator_and_the_remedy():
    with pytest.raises(CommandError, match=r"\$where.*MONGODB_URI"):
        compile_filter({"$where": "true"})


@pytest.mark.parametrize(
    ("query", "document", "expected"),
    [
        ({"a": "BONN"}, {"a": "bonn"}, True),
        ({"a": {"$in": ["X", "Bonn"]}}, {"a": "bONN"}, True),
        ({"a": {"$gt": "A"}}, {"a": "a"}, False),
        ({"a": {"$gte": "A"}}, {"a": "a"}, True),
        ({"a": "e"}, {"a": "é"}, False),
        ({"a": {"x": "Y"}}, {"a": {"x": "y"}}, True),
        ({"$expr": {"$eq": ["$a", "BONN"]}}, {"a": "bonn"}, True),
        ({"$expr": {"$in": ["BONN", "$a"]}}, {"a": ["bonn"]}, True),
        ({"$expr": {"$in": ["$a", ["BONN"]]}}, {"a": "bonn"}, False),  # nor does MongoDB here
        ({"a": {"$regex": "^B"}}, {"a": "bonn"}, False),  # patterns know no collation
    ],
)
def test_strength_two_ignores_case_and_nothing_else(query, document, expected):
    collation = Collation.from_spec({"locale": "en", "strength": 2})
    assert compile_filter(query, collation=collation)(document) is expected


def test_variables_of_the_command_reach_expressions():
    match = compile_filter({"$expr": {"$eq": ["$a", "$$wanted"]}}, variables={"wanted": 3})
    assert match({"a": 3})
    assert not match({"a": 4})
