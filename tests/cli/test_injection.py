"""The corpus of ``tests.access.test_injection`` on the command line: refused with a place, or the plain text it is."""

import json
import time
from typing import Any

import pytest

from tests.access.test_injection import NAMES, OPERATORS, TEXTS
from tests.cli.conftest import Run

REFUSED = (2, 4, 11)
"""Exit statuses of wrong input, of what is not there and of what is too much. A traceback ends the test itself."""


def kept(acme: Run) -> Any:
    return json.loads(acme("models", "list", "Gadget", "--limit", "100", "--json").stdout)


@pytest.fixture(scope="module")
def gadget(acme: Run) -> str:
    made = acme("models", "create", "Gadget", "--input", '{"name": "Injected"}')
    return json.loads(made.stdout)["id"]


@pytest.mark.parametrize("value", OPERATORS, ids=json.dumps)
def test_an_operator_is_no_value(acme: Run, gadget: str, value: Any):
    before = kept(acme)
    for arguments in (
        *(
            ["models", "list", "Gadget", "--filter", json.dumps(given)]
            for given in (value, {"name": value}, {"name": {"eq": value}}, {"weight": {"gt": value}}, {"not": value})
        ),
        ["models", "get", "Gadget", json.dumps(value)],
        ["models", "delete", "Gadget", json.dumps(value)],
        ["models", "create", "Gadget", "--input", json.dumps(value)],
        ["models", "create", "Gadget", "--input", json.dumps({"name": value})],
        ["models", "update", "Gadget", gadget, "--input", json.dumps({"name": value})],
        ["models", "update", "Gadget", gadget, "--input", json.dumps({"weight": value})],
        ["ops", "everything", "--input", json.dumps(value)],
        ["ops", "everything", "--input", json.dumps({"text": value})],
        ["ops", "everything", "--text", "x", "--place", json.dumps({"city": value})],
        ["ops", "everything", "--text", "x", "--whole", json.dumps(value)],
        ["runs", "show", json.dumps(value)],
        ["runs", "replay", json.dumps(value)],
    ):
        result = acme(*arguments)
        assert result.exit_code in REFUSED, arguments
        assert (bool(result.stderr), result.stdout) == (True, ""), arguments
    assert kept(acme) == before


@pytest.mark.parametrize("name", NAMES, ids=json.dumps)
def test_a_key_that_is_no_field_is_refused(acme: Run, gadget: str, name: str):
    before = kept(acme)
    for arguments in (
        ["models", "list", "Gadget", "--filter", json.dumps({name: {"eq": 1}})],
        ["models", "list", "Gadget", "--sort", f"weight,{name or '-'}"],
        ["models", "create", "Gadget", "--input", json.dumps({"name": "x", name: 1})],
        ["models", "update", "Gadget", gadget, "--input", json.dumps({name: 1})],
    ):
        result = acme(*arguments)
        assert result.exit_code in REFUSED, arguments
        assert (bool(result.stderr), result.stdout) == (True, ""), arguments
    output = acme("ops", "everything", "--input", json.dumps({"text": "x", name: 1}))
    assert name not in json.loads(output.stdout), "an input drops what it has no field for"
    assert kept(acme) == before


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: json.dumps(text)[:30])
def test_a_text_is_only_a_text(acme: Run, gadget: str, text: str):
    began = time.monotonic()
    for operator in ("eq", "contains"):
        filter_ = json.dumps({"name": {operator: text}})
        result = acme("models", "list", "Gadget", "--filter", filter_, "--json")
        assert result.exit_code in REFUSED or json.loads(result.stdout) == [], operator
    for arguments in (
        ["list", "Gadget", "--search", text],
        ["list", "Gadget", "--sort", text],
        ["get", "Gadget", text],
    ):
        assert acme("models", *arguments).exit_code in (0, *REFUSED), arguments
    assert time.monotonic() - began < 5
    renamed = acme("models", "update", "Gadget", gadget, "--input", json.dumps({"name": text}))
    if renamed.exit_code == 0:
        assert json.loads(renamed.stdout)["name"] == text
        assert [one["name"] for one in kept(acme) if one["id"] == gadget] == [text]
        acme("models", "update", "Gadget", gadget, "--input", '{"name": "Injected"}')
    else:
        assert renamed.exit_code in REFUSED
