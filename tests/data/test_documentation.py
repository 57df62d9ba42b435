"""What ``docs/filters.md`` and ``docs/writes.md`` say is so."""

import json
import re
from pathlib import Path

import core.examples.models
from core.access import LOCAL_OWNER
from core.actions.reads import MAX_LINKS
from core.filters import OPERATORS
from core.inspection import take_catalog
from core.queries import MAX_CONDITIONS, MAX_DEPTH, MAX_TEXT, MAX_VALUES, compile_filter
from core.registries import Registry
from core.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
FILTERS, WRITES = ((DOCS / name).read_text() for name in ("filters.md", "writes.md"))


def test_the_example_is_a_filter_of_the_example_application(example: Registry) -> None:
    catalog = take_catalog(example)
    assert core.examples.models.Job is catalog.models["Job"].document
    for block in re.findall(r"```json\n(.*?)```", FILTERS, re.DOTALL):
        assert compile_filter(catalog, catalog.models["Job"], LOCAL_OWNER, json.loads(block)).query


def test_every_operator_stands_in_the_table_and_no_other() -> None:
    rows = [line for line in FILTERS.splitlines() if line.startswith("| ") and not line.startswith("| for")]
    named = {name for row in rows for name in re.findall(r"`([A-Za-z]+)[`:]", row.rsplit("|", 2)[1])}
    assert named == set(OPERATORS)


def test_the_numbers_are_those_of_the_code() -> None:
    assert (MAX_DEPTH, MAX_LINKS, MAX_CONDITIONS, MAX_VALUES, MAX_TEXT) == (20, 20, 500, 10_000, 1_000)
    assert "Twenty levels, twenty links, 500 conditions, 10,000 values in a list, 1,000 characters of text" in FILTERS
    fields = Settings.model_fields
    for text in (FILTERS, WRITES):
        for name, number in re.findall(r"`CORE_([A-Z_]+)`[^`(\n]*\(([\d,]+)\)", text):
            assert fields[name.lower()].default == int(number.replace(",", "")), name
