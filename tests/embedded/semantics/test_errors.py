"""Every error the embedded database raises has MongoDB's code."""

import re
from pathlib import Path

import pytest

import core.database.embedded
from core.database.embedded.semantics.errors import CODES, CommandError, unsupported

SOURCES = sorted(Path(core.database.embedded.__path__[0]).rglob("*.py"))
NAMED = re.compile(r'CommandError\(\s*"(\w+)"')


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_every_name_raised_has_a_code(source):
    for name in NAMED.findall(source.read_text()):
        assert name in CODES or re.fullmatch(r"Location\d+", name)


def test_an_assertion_of_the_server_is_known_by_its_number():
    error = CommandError("Location40324", "no such stage", stage="$x")
    assert (error.code, error.code_name, error.message, error.details) == (
        40324, "Location40324", "no such stage", {"stage": "$x"},
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["operator", "update operator", "stage", "expression", "accumulator", "option"])
def test_a_refusal_names_what_it_is_and_the_remedy(kind):
    assert f"{kind} $x" in unsupported("$x", kind).message
    assert "MONGODB_URI" in unsupported("$x", kind).message
