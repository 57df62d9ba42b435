"""What an index on some fields holds for a document, and hence what a sort by them compares."""

from itertools import permutations

import pytest

from core.database.embedded.indexes import Index
from core.database.embedded.semantics.errors import CommandError
from core.database.embedded.semantics.index_rows import index_rows
from core.database.embedded.semantics.paths import path_values
from core.database.embedded.semantics.sorting import compile_sort
from core.database.embedded.semantics.values import MISSING, UNDEFINED


@pytest.mark.parametrize(("document", "paths", "rows", "arrays"), [
    ({"a": 1}, ["a"], [[1]], set()),
    ({}, ["a", "b"], [[MISSING, MISSING]], set()),
    ({"a": {"b": 1}, "c": 2}, ["a.b", "c"], [[1, 2]], set()),
    ({"a": 1}, ["a.b"], [[MISSING]], set()),
    ({"a": [1, [2]]}, ["a"], [[1], [[2]]], {0}),
    ({"a": [[]]}, ["a"], [[[]]], {0}),
    # An empty array at the end of the path is more than nothing; on the way it holds no field
    ({"a": []}, ["a"], [[UNDEFINED]], {0}),
    ({"a": []}, ["a.b"], [[MISSING]], {0}),
    ({"a": {"b": []}}, ["a.b", "a.b.c"], [[UNDEFINED, MISSING]], {0, 1}),
    ({"a": [{"b": []}, {"b": 1}]}, ["a.b"], [[UNDEFINED], [1]], {0}),
    # What lies in an array in an array is not reached by name
    ({"a": [{"b": 1}, [{"b": 2}], 3]}, ["a.b"], [[1], [MISSING], [MISSING]], {0}),
    # Fields under one array go together
    ({"a": [{"b": 1, "c": 2}, {"b": 3}], "d": 4}, ["a.b", "d", "a.c"], [[1, 4, 2], [3, 4, MISSING]], {0, 2}),
    ({"a": [{"b": [1, 2]}], "c": 3}, ["a.b", "c"], [[1, 3], [2, 3]], {0}),
    # A number is a place where there is one, and a name where there is none
    ({"a": [{"b": 1}, {"b": 2}]}, ["a.1.b"], [[2], [2]], set()),
    ({"a": {"1": 5}}, ["a.1"], [[5]], set()),
    ({"a": [{"1": 5}]}, ["a.1"], [[5]], {0}),
    ({"a": [5]}, ["a.1"], [[MISSING]], {0}),
    ({"a": [{"b": [1, 2]}]}, ["a.0.b"], [[1], [2]], {0}),
    ({"a": [[{"b": 1}, {"b": 2}]]}, ["a.0.b"], [[1], [2]], {0}),
    ({"a": [[{"b": 1}, {"b": 2}]]}, ["a.0.1.b"], [[2], [2]], set()),
    # An array named by its place is kept whole, as filters do not open it
    ({"a": [[1, 2]]}, ["a.0"], [[[1, 2]], [[1, 2]]], set()),
    ({"a": [[]]}, ["a.0"], [[UNDEFINED]], set()),
])  # fmt: skip
def test_an_index_holds_a_row_for_each_element(document, paths, rows, arrays):
    assert index_rows(document, [tuple(path.split(".")) for path in paths]) == (rows, arrays)


@pytest.mark.parametrize(("document", "paths", "code"), [
    ({"a": [1], "b": [2]}, ["a", "b"], 171),
    ({"a": [], "b": []}, ["a", "b"], 171),
    ({"a": [{"b": [1], "c": [2]}]}, ["a.b", "a.c"], 171),
    ({"a": [{"0": 1}]}, ["a.0"], 16746),
    ({"a": [1, {"0": 1}]}, ["a.0"], 16746),
    ({"a": [{"b": 1, "0": {}}]}, ["a.0.b"], 16746),
    ({"a": [[1], {"0": [1]}]}, ["a.0.0"], 16746),
])  # fmt: skip
def test_what_has_no_rows_is_refused(document, paths, code):
    with pytest.raises(CommandError) as refusal:
        index_rows(document, [tuple(path.split(".")) for path in paths])
    assert refusal.value.code == code


@pytest.mark.parametrize(("key", "document", "count"), [
    ({"a": 1}, {"a": None}, 1),
    ({"a": 1}, {"a": []}, 1),
    ({"a.b": 1}, {"a": []}, 0),
    ({"a.b": 1}, {"a": [1]}, 0),
    ({"a.b": 1}, {"a": [{"b": 1}, {}, {"b": 2}]}, 2),
    ({"a.b": 1, "a.c": 1}, {"a": []}, 0),
    ({"a.b": 1, "c": 1}, {"a": [], "c": 1}, 1),
])  # fmt: skip
def test_a_sparse_index_leaves_out_each_row_without_any_field(key, document, count):
    keys, _ = Index(number=1, spec={"key": key, "name": "x", "sparse": True}).keys(document)
    assert len(list(keys)) == count


@pytest.mark.parametrize(("spec", "documents"), [
    ({"a.b": 1}, [{"a": [{"b": []}]}, {"a": []}, {"a": [{"b": 0}]}]),
    ({"a": -1}, [{"a": [1, 3]}, {"a": 2}, {}, {"a": []}]),
    ({"a.0": 1}, [{"a": [2, 0]}, {"a": [3, 0]}, {"a": [[1]]}, {"a": [[2, 0]]}]),
    ({"a": 1, "b": 1}, [{"a": [], "b": 2}, {"a": [], "b": 3}, {"b": 1}, {"a": 1, "b": [5, 1]}, {"a": 1, "b": 2}]),
])  # fmt: skip
def test_a_sort_compares_the_least_rows(spec, documents):
    assert all(sorted(one, key=compile_sort(spec)) == documents for one in permutations(documents))


@pytest.mark.parametrize(("document", "path", "found"), [
    ({"a": [1, [2], []]}, "a", [1, [2], []]),
    ({"a": []}, "a", []),
    ({"a": None}, "a", [None]),
    ({"a": None}, "a.b", []),
    ({"a": [{"b": 1}, [{"b": 2}], {"b": [3, 4]}, {}]}, "a.b", [1, 3, 4]),
    ({"a": [5, {"b": 6}]}, "a.0", [5]),
    ({"a": [[5, 6]]}, "a.0", [5, 6]),
    ({"a": [{"b": 1}, {"b": 2}]}, "a.1.b", [2]),
    ({"a": [{"0": 1}]}, "a.0", [{"0": 1}]),
    ({"a": [{"1": 1}]}, "a.1", []),
])  # fmt: skip
def test_the_values_along_a_path_are_those_of_its_arrays(document, path, found):
    assert path_values(document, path) == found
