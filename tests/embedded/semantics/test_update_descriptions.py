"""What a change stream tells of an update: https://www.mongodb.com/docs/manual/reference/change-events/update/"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.database.embedded.differences import describe_update
from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.updates import compile_update
from core.database.embedded.semantics.values import copy, encode, identical

LONG = "x" * 100


def told(document: dict[str, Any], update: Any, **options: Any) -> dict[str, Any] | None:
    before = {"_id": 1, **document}
    found = describe_update(before, compile_update(update, **options).change(before))
    if found is None:
        return None
    names = {"updatedFields": "set", "removedFields": "gone", "truncatedArrays": "cut"}
    return {names[name]: value for name, value in found.items() if value}


OPERATORS = [
    # the operator's own path, whole, though less of it differs
    ({"a": {"b": 1, "c": 2}}, {"$set": {"a": {"b": 1, "c": 3}}}, {"set": {"a": {"b": 1, "c": 3}}}),
    ({"a": {"b": 1, "c": 2}}, {"$set": {"a.c": 3}}, {"set": {"a.c": 3}}),
    ({"a": [1, 2, 3]}, {"$set": {"a": [1]}}, {"set": {"a": [1]}}),
    ({"a": [1, 2]}, {"$set": {"a.1": 5}}, {"set": {"a.1": 5}}),
    ({"a": [1]}, {"$set": {"a.3": 5}}, {"set": {"a.3": 5}}),
    ({"a": 1, "b": 2}, {"$set": {"a": 1, "b": 3}}, {"set": {"b": 3}}),
    ({"a": 1}, {"$inc": {"a": 0}}, {}),
    # what is made on the way is told where it begins
    ({}, {"$set": {"a.b.c": 1}}, {"set": {"a": {"b": {"c": 1}}}}),
    ({}, {"$set": {"a.b": 1, "a.c": 2}}, {"set": {"a": {"b": 1, "c": 2}}}),
    ({"a": {}}, {"$set": {"a.b.c": 1}}, {"set": {"a.b": {"c": 1}}}),
    ({"a": []}, {"$set": {"a.0.c": 1}}, {"set": {"a.0": {"c": 1}}}),
    # arrays: appended elements, else the whole
    ({"a": [1]}, {"$push": {"a": 2}}, {"set": {"a.1": 2}}),
    ({"a": [1]}, {"$push": {"a": {"$each": [2, 3]}}}, {"set": {"a.1": 2, "a.2": 3}}),
    ({"a": [1]}, {"$push": {"a": {"$each": [2], "$slice": 9}}}, {"set": {"a.1": 2}}),
    ({"a": [1]}, {"$push": {"a": {"$each": [2], "$slice": -1}}}, {"set": {"a": [2]}}),
    ({"a": [1]}, {"$push": {"a": {"$each": [2], "$position": 0}}}, {"set": {"a": [2, 1]}}),
    ({"a": [1]}, {"$push": {"a": {"$each": [2], "$position": 1}}}, {"set": {"a": [1, 2]}}),
    ({"a": [1]}, {"$push": {"a": {"$each": [2], "$position": 7}}}, {"set": {"a.1": 2}}),
    ({"a": [1]}, {"$push": {"a": {"$each": [2], "$sort": 1}}}, {"set": {"a": [1, 2]}}),
    ({"a": [1]}, {"$push": {"a": {"$each": []}}}, {}),
    ({"a": []}, {"$push": {"a": 2}}, {"set": {"a": [2]}}),
    ({}, {"$push": {"a": 2}}, {"set": {"a": [2]}}),
    ({"a": [1]}, {"$addToSet": {"a": {"$each": [1, 2, 3]}}}, {"set": {"a.1": 2, "a.2": 3}}),
    ({"a": [1]}, {"$addToSet": {"a": 1}}, {}),
    ({"a": [1, 2, 3]}, {"$pull": {"a": 2}}, {"set": {"a": [1, 3]}}),
    ({"a": [1, 2, 3]}, {"$pop": {"a": 1}}, {"set": {"a": [1, 2]}}),
    ({"a": []}, {"$pop": {"a": 1}}, {}),
    # fields taken away
    ({"a": 1, "b": {"c": 1, "d": 2}}, {"$unset": {"a": 1, "b.c": 1, "x": 1}}, {"gone": ["a", "b.c"]}),
    ({"a": [1, 2]}, {"$unset": {"a.0": 1}}, {"set": {"a.0": None}}),
    ({"a": 1}, {"$rename": {"a": "b.c"}}, {"set": {"b": {"c": 1}}, "gone": ["a"]}),
    ({"a": 1, "b": 1}, {"$rename": {"a": "b"}}, {"set": {"b": 1}, "gone": ["a"]}),  # whatever was there
    # several elements reached: the whole array, or the one that changed
    ({"a": [1, 2]}, {"$inc": {"a.$[]": 1}}, {"set": {"a": [2, 3]}}),
    ({"a": [1]}, {"$inc": {"a.$[]": 1}}, {"set": {"a.0": 2}}),
    ({"a": [1, 5]}, {"$max": {"a.$[]": 3}}, {"set": {"a.0": 3}}),
    ({"a": [{"b": 1, "c": 1}, {"b": 9}]}, {"$max": {"a.$[].b": 3}}, {"set": {"a.0": {"b": 3, "c": 1}}}),
    ({"a": [{"b": 1}], "z": 1}, {"$set": {"a.$[].b": 3, "z": 2}}, {"set": {"z": 2, "a.0.b": 3}}),
    ({"a": [[1, 2], [3]]}, {"$inc": {"a.$[].$[]": 1}}, {"set": {"a": [[2, 3], [4]]}}),
    ({"a": [[1, 2]]}, {"$inc": {"a.$[].$[]": 1}}, {"set": {"a.0": [2, 3]}}),
]  # fmt: skip


@pytest.mark.parametrize(("document", "update", "expected"), OPERATORS)
def test_operators_tell_what_they_did(document: dict[str, Any], update: Any, expected: dict[str, Any]) -> None:
    assert told(document, update) == expected


def test_the_positional_operator_and_array_filters_tell_their_elements() -> None:
    document = {"a": [{"b": 1}, {"b": 2}, {"b": 2}]}
    assert told(document, {"$set": {"a.$.b": 5}}, query={"a.b": 2}) == {"set": {"a.1.b": 5}}
    one, two = [{"e.b": 1}], [{"e.b": 2}]
    assert told(document, {"$set": {"a.$[e].c": 5}}, array_filters=one) == {"set": {"a.0.c": 5}}
    assert told(document, {"$set": {"a.$[e].c": 5}}, array_filters=two) == {
        "set": {"a": [{"b": 1}, {"b": 2, "c": 5}, {"b": 2, "c": 5}]}
    }


def test_values_set_come_before_values_added_and_both_before_what_lies_deeper() -> None:
    update = {"$set": {"a.x": 1, "b": 2, "c": 3}}
    assert list((told({"a": {"x": 0}, "c": 0}, update) or {})["set"]) == ["c", "b", "a.x"]


PIPELINES = [
    ({"a": 1, "l": LONG}, [{"$set": {"a": 2, "c": 3}}], {"set": {"a": 2, "c": 3}}),
    ({"a": 1, "l": LONG}, [{"$unset": "a"}], {"gone": ["a"]}),
    ({"a": {"b": 1, "l": LONG}}, [{"$set": {"a.b": 2}}], {"set": {"a.b": 2}}),
    ({"a": {"b": 1}, "l": LONG}, [{"$set": {"a.b": 2}}], {"set": {"a": {"b": 2}}}),  # shorter so
    ({"a": [LONG, {"b": LONG}, 1, 2]}, [{"$set": {"a": [LONG, {"b": LONG, "c": 3}]}}],
     {"set": {"a.1.c": 3}, "cut": [{"field": "a", "newSize": 2}]}),
    ({"a": [LONG, 1]}, [{"$set": {"a": [LONG, 1, 2]}}], {"set": {"a.2": 2}}),
    ({"a": [0, 1, 2, 3], "l": LONG}, [{"$set": {"a": [0]}}], {"set": {"a": [0]}}),
    ({"b": 1, "c": 2, "l": LONG}, [{"$replaceWith": {"_id": 1, "l": LONG, "b": 1}}], {"set": {"b": 1}, "gone": ["c"]}),
    ({"z": {"y": 1, "x": LONG}, "l": LONG}, [{"$unset": ["z.y", "l"]}], {"gone": ["l", "z.y"]}),
    ({"a": 1}, [{"$set": {"a": 2}}], None),  # the difference is longer than the document: a replacement
    ({"a": 1, "b": "012345"}, [{"$set": {"a": 2}}], None),
    ({"a": 1, "b": "0123456"}, [{"$set": {"a": 2}}], {"set": {"a": 2}}),
]  # fmt: skip


@pytest.mark.parametrize(("document", "update", "expected"), PIPELINES)
def test_a_pipeline_tells_the_difference_or_the_new_document(
    document: dict[str, Any], update: Any, expected: dict[str, Any] | None
) -> None:
    assert told(document, update) == expected


def test_a_replacement_is_told_whole() -> None:
    assert told({"a": 1, "l": LONG}, {"a": 2, "l": LONG}) is None


# A reader that keeps a copy by what it is told has the same documents.

NAMES = st.sampled_from("abc")
VALUES = st.recursive(
    st.integers(0, 3) | st.sampled_from([LONG, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=3)


@given(DOCUMENTS, DOCUMENTS)
def test_a_copy_kept_by_what_pipelines_tell_equals_the_document(old: dict[str, Any], new: dict[str, Any]) -> None:
    _keep(old, [{"$replaceWith": {"$literal": {"_id": 1, **new}}}])


PATHS = st.lists(st.sampled_from(["a", "b", "c", "0", "1", "$[]"]), min_size=1, max_size=3).map(".".join)
STEPS = st.one_of(
    st.tuples(st.just("$set"), PATHS, VALUES),
    st.tuples(st.sampled_from(["$push", "$addToSet", "$pull"]), PATHS, st.integers(0, 3)),
    st.tuples(st.just("$push"), PATHS, st.fixed_dictionaries(
        {"$each": st.lists(st.integers(0, 3), max_size=2)},
        optional={"$position": st.integers(-2, 3), "$slice": st.integers(-3, 3), "$sort": st.just(1)})),
    st.tuples(st.sampled_from(["$unset", "$inc", "$pop", "$max"]), PATHS, st.just(1)),
    st.tuples(st.just("$rename"), NAMES, NAMES),
)  # fmt: skip


@given(DOCUMENTS, st.lists(STEPS, min_size=1, max_size=3))
def test_a_copy_kept_by_what_operators_tell_equals_the_document(
    old: dict[str, Any], steps: list[tuple[str, str, Any]]
) -> None:
    update: dict[str, dict[str, Any]] = {}
    for name, path, argument in steps:
        update.setdefault(name, {})[path] = argument
    _keep(old, update)


def _keep(old: dict[str, Any], update: Any) -> None:
    before = {"_id": 1, **old}
    try:
        changed = compile_update(update).change(before)
    except CommandError:
        return
    described = describe_update(before, changed)
    if described is None:
        return
    kept = copy(before)
    for path in described["removedFields"]:
        *way, last = path.split(".")
        del _at(kept, way)[last]
    for cut in described["truncatedArrays"]:
        del _at(kept, cut["field"].split("."))[cut["newSize"] :]
    for path, value in described["updatedFields"].items():
        *way, last = path.split(".")
        parent = _at(kept, way)
        if isinstance(parent, list):
            parent += [None] * (int(last) + 1 - len(parent))
            parent[int(last)] = value
        else:
            parent[last] = value
    assert _sorted(kept) == _sorted(changed.document)
    if changed.log is not None and not changed.log:
        assert identical(before, changed.document)
    encode(described)


def _at(value: Any, way: list[str]) -> Any:
    for name in way:
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def _sorted(value: Any) -> Any:
    """Without the order of fields, which a stream does not tell."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value
