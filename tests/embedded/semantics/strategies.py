"""Random BSON values, documents, filters, sorts and updates, small enough to meet each other often."""

from datetime import datetime

from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from hypothesis import strategies as st

NAMES = ("a", "b", "c")
SCALARS = (
    None, True, False, 0, 1, 2, -1, 1.0, 1.5, -0.0, float("nan"), float("inf"), float("-inf"), Int64(1),
    Int64(2**53 + 1), float(2**53), Decimal128("1.0"), Decimal128("1.5"), Decimal128("0.1"), 0.1,
    Decimal128("NaN"), Decimal128("1E+100"), "", "a", "B", "b", "ab", "é", "z\x00", "z",
    ObjectId("65f000000000000000000001"), ObjectId("65f000000000000000000002"), b"", b"a", Binary(b"a", 5),
    datetime(2024, 1, 1), datetime(1969, 1, 1), Timestamp(1, 1), Timestamp(1, 2), Regex("a"), Regex("a", "i"),
    Code("f"), MinKey(), MaxKey(),
)  # fmt: skip

scalars = st.sampled_from(SCALARS)
numbers = st.sampled_from([value for value in SCALARS if type(value) in (int, float, Int64, Decimal128)])
names = st.sampled_from(NAMES)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=2),
    max_leaves=5,
)
documents = st.dictionaries(names, values, max_size=3)
paths = st.lists(names | st.sampled_from(["0", "1"]), min_size=1, max_size=3).map(".".join)
fields = st.lists(names, min_size=1, max_size=2).map(".".join)

_TYPES = ("double", "string", "object", "array", "bool", "null", "int", "long", "number", "date", "objectId")


def _condition(name, operand):
    return operand.map(lambda value: {name: value})


_operands = values.filter(lambda value: not isinstance(value, Regex))
_values_only = st.one_of(
    *(_condition(name, _operands) for name in ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte")),
    _condition("$in", st.lists(_operands, max_size=3)),
    _condition("$nin", st.lists(_operands, max_size=2)),
    _condition("$type", st.sampled_from(_TYPES)),
    st.tuples(st.integers(1, 3), st.integers(-2, 2)).map(lambda pair: {"$mod": list(pair)}),
    _condition("$size", st.integers(0, 2)),
)
conditions = st.one_of(
    _values_only,
    _condition("$exists", st.booleans()),
    _condition("$all", st.lists(_operands, max_size=2)),
    _values_only.map(lambda condition: {"$not": condition}),
    _values_only.map(lambda condition: {"$elemMatch": condition}),
    st.tuples(names, _values_only).map(lambda pair: {"$elemMatch": {pair[0]: pair[1]}}),
)
_clauses = st.tuples(paths, conditions | _operands.filter(lambda value: type(value) is not dict)).map(
    lambda pair: {pair[0]: pair[1]}
)
filters = st.recursive(
    _clauses,
    lambda inner: st.tuples(st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, min_size=1, max_size=2)).map(
        lambda pair: {pair[0]: pair[1]}
    ),
    max_leaves=3,
)
sorts = st.dictionaries(fields, st.sampled_from([1, -1]), min_size=1, max_size=2)

_FIELD_UPDATES = {
    "$set": values, "$unset": st.just(""), "$inc": numbers, "$mul": numbers, "$min": values, "$max": values,
    "$push": values | st.lists(values, max_size=2).map(lambda items: {"$each": items, "$slice": -2, "$sort": 1}),
    "$addToSet": values, "$pull": scalars, "$pullAll": st.lists(values, max_size=2), "$pop": st.sampled_from([1, -1]),
    "$rename": names, "$currentDate": st.just(True),
}  # fmt: skip
updates = st.sampled_from(sorted(_FIELD_UPDATES)).flatmap(
    lambda name: st.dictionaries(paths, _FIELD_UPDATES[name], min_size=1, max_size=2).map(lambda spec: {name: spec})
)
