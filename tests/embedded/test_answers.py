"""Indexed and unindexed answers are the same, and those of a plain reading of the manual."""

import math
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient
from pymongo.database import Database

Document = dict[str, Any]

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([-1.5, 0.0, 0.5, 2.0, 2**60, math.inf]),
    st.sampled_from(["", "a", "ab", "b", "B"]),
)  # fmt: skip
_values = st.one_of(_scalars, st.lists(_scalars, max_size=3), st.fixed_dictionaries({"x": _scalars}))
_inner = st.fixed_dictionaries({}, optional={"d": _scalars})
_documents = st.lists(
    st.fixed_dictionaries({}, optional={"a": _values, "b": _scalars, "c": st.lists(_inner, max_size=3)}),
    min_size=1, max_size=8,
)  # fmt: skip
_ranges = st.dictionaries(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), _scalars, min_size=1, max_size=2)
_conditions = st.one_of(
    _scalars,
    _ranges,
    st.builds(lambda values: {"$in": values}, st.lists(_scalars, max_size=3)),
    st.builds(lambda value: {"$ne": value}, _scalars),
    st.builds(lambda value: {"$exists": value}, st.booleans()),
)
_filters = st.recursive(
    st.dictionaries(st.sampled_from(["a", "b", "a.x", "c.d"]), _conditions, max_size=2),
    lambda inner: st.builds(
        lambda name, parts: {name: parts}, st.sampled_from(["$and", "$or"]), st.lists(inner, min_size=1, max_size=2)
    ),
    max_leaves=3,
)  # fmt: skip
# Two arrays cannot be sorted by: not by "a" and "c.d".
_sorts = st.lists(
    st.tuples(st.sampled_from(["a", "b", "_id", "c.d"]), st.sampled_from([1, -1])),
    max_size=2, unique_by=lambda pair: pair[0],
).filter(lambda keys: {name for name, _ in keys} != {"a", "c.d"})  # fmt: skip
_indexes: list[tuple[Any, Document]] = [
    ([("a", 1)], {}), ([("b", -1)], {}), ([("a", 1), ("b", -1)], {}), ([("b", 1), ("a", 1)], {"sparse": True}),
    ([("a.x", 1)], {}), ([("c.d", 1), ("b", 1)], {}),
    ([("b", 1)], {"partialFilterExpression": {"b": {"$gt": 0}}, "name": "partial"}),
]  # fmt: skip

_ORDER = {type(None): 1, int: 2, float: 2, str: 3, dict: 4, list: 5, bool: 6}


def _equal(value: Any, operand: Any) -> bool:
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    return value == operand


def _compare(name: str, value: Any, operand: Any) -> bool:
    """Only values of the operand's own kind compare; null with itself."""
    if operand is None:
        return value is None and name in ("$gte", "$lte")
    if value is None or _ORDER[type(value)] != _ORDER[type(operand)] or isinstance(value, list | dict):
        return False
    return {"$gt": value > operand, "$gte": value >= operand, "$lt": value < operand, "$lte": value <= operand}[name]


_MISSING = object()


def _reached(document: Any, parts: list[str]) -> list[Any]:
    """The values a condition on the path is tried on."""
    if not parts:
        return [*document, document] if isinstance(document, list) else [document]
    if isinstance(document, list):
        return [one for item in document if isinstance(item, dict) for one in _reached(item, parts)]
    if not isinstance(document, dict) or parts[0] not in document:
        return [_MISSING]
    return _reached(document[parts[0]], parts[1:])


def _holds(value: Any, condition: Any) -> bool:
    if not isinstance(condition, dict) or not next(iter(condition), "").startswith("$"):
        return _equal(None if value is _MISSING else value, condition)
    ((name, operand),) = condition.items()
    plain = None if value is _MISSING else value
    if name == "$in":
        return any(_equal(plain, one) for one in operand)
    return _compare(name, plain, operand)


def _matches(document: Document, query: Document) -> bool:
    for name, condition in query.items():
        if name in ("$and", "$or"):
            found = [_matches(document, part) for part in condition]
            if not (all(found) if name == "$and" else any(found)):
                return False
            continue
        values = _reached(document, name.split("."))
        for single in _singles(condition):
            if not _path_holds(values, single):
                return False
    return True


def _singles(condition: Any) -> list[Any]:
    if isinstance(condition, dict) and next(iter(condition), "").startswith("$"):
        return [{name: operand} for name, operand in condition.items()]
    return [condition]


def _path_holds(values: list[Any], condition: Any) -> bool:
    if isinstance(condition, dict) and "$ne" in condition:
        return not any(_holds(value, condition["$ne"]) for value in values)
    if isinstance(condition, dict) and "$exists" in condition:
        return any(value is not _MISSING for value in values) == condition["$exists"]
    return any(_holds(value, condition) for value in values)


def _fill(collection: Any, documents: list[Document]) -> None:
    collection.delete_many({})
    collection.insert_many([{"_id": place, **document} for place, document in enumerate(documents)])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=_documents, query=_filters, sort=_sorts, skip=st.integers(0, 2), limit=st.integers(0, 3))
def test_an_index_never_changes_an_answer(
    client: MongoClient[Document], documents: list[Document], query: Document, sort: Any, skip: int, limit: int
) -> None:
    db: Database[Document] = client["answers"]
    if "indexed" not in db.list_collection_names():
        db.create_collection("plain")
        for keys, options in _indexes:
            db.indexed.create_index(keys, **options)
    _fill(db.plain, documents)
    _fill(db.indexed, documents)
    expected = [n for n, document in enumerate(documents) if _matches(document, query)]
    assert [one["_id"] for one in db.plain.find(query)] == expected
    assert sorted(one["_id"] for one in db.indexed.find(query)) == expected
    assert db.indexed.count_documents(query) == db.plain.count_documents(query) == len(expected)
    order = [*sort, *([] if any(name == "_id" for name, _ in sort) else [("_id", 1)])]
    answers = [list(one.find(query).sort(order).skip(skip).limit(limit)) for one in (db.plain, db.indexed)]
    assert answers[0] == answers[1]
    by_sort = [list(one.find(query).sort(sort or [("$natural", 1)])) for one in (db.plain, db.indexed)]
    assert sorted(map(repr, by_sort[0])) == sorted(map(repr, by_sort[1]))
    for name, _ in sort[:1]:
        if not any(isinstance(document.get(name), list) for document in documents):
            assert [one.get(name) for one in by_sort[0]] == [one.get(name) for one in by_sort[1]]
