"""Random filters, sorts and values over random documents, answered as a plain reading of the manual answers them."""

from functools import cmp_to_key

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from core.database.embedded.semantics.keys import encode_key
from core.database.embedded.semantics.matching import compile_filter
from core.database.embedded.semantics.sorting import compile_sort
from core.database.embedded.semantics.values import compare, equal, identical

from . import reading
from .strategies import documents, filters, sorts, values


def sign(key, other):
    return (key > other) - (key < other)


@settings(max_examples=500, deadline=None)
@given(documents, filters)
def test_a_filter_matches_what_the_manual_says(document, query):
    assert compile_filter(query)(document) == reading.matches(document, query)


@settings(max_examples=400, deadline=None)
@given(values, values)
def test_values_compare_as_the_manual_says_and_so_do_their_keys(left, right):
    expected = reading.compare(left, right)
    assert compare(left, right) == expected
    assert sign(encode_key(left), encode_key(right)) == expected
    assert equal(left, right) == (expected == 0)


@settings(max_examples=150, deadline=None)
@given(st.lists(values, max_size=6))
def test_sorting_by_keys_is_sorting_by_comparison(items):
    by_keys = sorted(items, key=encode_key)
    by_comparison = sorted(items, key=cmp_to_key(compare))
    assert all(identical(one, other) for one, other in zip(by_keys, by_comparison, strict=True))


@settings(max_examples=250, deadline=None)
@given(st.lists(documents, max_size=5), sorts)
def test_documents_sort_as_the_manual_says(found, spec):
    try:
        expected = reading.sorted_by(found, spec)
    except reading.Parallel:
        reject()
    for one, other in zip(sorted(found, key=compile_sort(spec)), expected, strict=True):
        assert identical(one, other)
