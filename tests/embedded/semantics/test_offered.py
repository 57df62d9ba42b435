"""Nothing is on the allow-list that no test shows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.database.embedded.semantics.offered import OFFERED, listing
from tests.embedded import test_server

from . import (
    test_dates,
    test_expressions,
    test_filters,
    test_groups,
    test_hard_places,
    test_lookups,
    test_pipeline,
    test_projection,
    test_updates,
)

TABLES = {
    "Query operators": (
        test_filters.EQUALITY, test_filters.RANGES, test_filters.OPERATORS, test_filters.LOGIC,
    ),
    "Update operators": (
        test_updates.FIELDS, test_updates.ARRAYS, test_updates.PIPELINES,
    ),
    "Aggregation stages": (test_pipeline.STAGES,),
    "Accumulators": (test_groups.ACCUMULATORS,),
    "Expression operators": (test_expressions.TABLE, test_dates.TABLE),
}  # fmt: skip
SHOWN_BY_A_TEST_OF_ITS_OWN = {
    "Query operators": {"$text": test_hard_places.test_text_search_needs_its_index_and_ignores_case_and_marks},
    "Update operators": {
        "$": test_updates.test_the_positional_operator_is_the_element_the_query_matched,
        "$[<identifier>]": test_updates.test_array_filters_choose_elements,
        "$currentDate": test_updates.test_the_current_date_is_a_date_or_a_timestamp,
    },
    "Aggregation stages": {
        "$lookup": test_lookups.test_a_lookup_joins_by_equality_also_into_arrays,
        "$graphLookup": test_lookups.test_a_graph_lookup_finds_what_can_be_reached_each_once,
        "$group": test_groups.test_groups_are_made_by_equality_of_values,
        "$collStats": test_server.test_a_pipeline_may_begin_with_the_figures_of_its_collection,
        "$out": test_pipeline.test_an_out_stage_is_handed_to_the_caller,
    },
    "Accumulators": {},
    "Expression operators": {
        "$meta": test_projection.test_the_text_score_joins_the_whole_document,
        "$rand": test_expressions.test_a_random_number_is_below_one,
    },
}


def names(value: Any) -> Iterator[str]:
    """Every key of the documents in the value, the parts of paths one by one."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from name.split(".")
            yield from names(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from names(item)


@pytest.mark.parametrize("kind", OFFERED)
def test_each_thing_offered_is_in_a_table_of_cases(kind):
    shown = set(names(TABLES[kind])) | set(SHOWN_BY_A_TEST_OF_ITS_OWN[kind])
    assert [name for name in OFFERED[kind] if name not in shown] == []


def test_the_documentation_lists_what_is_offered():
    page = Path(__file__).parents[3] / "docs" / "embedded-operators.md"
    assert page.read_text() == listing(), "write it again: the docstring of the allow-list says how"
