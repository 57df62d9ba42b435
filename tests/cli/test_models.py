"""``models``: documents from the command line."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Run


def made(acme: Run, **fields: Any) -> Any:
    result = acme("models", "create", "Gadget", "--input", json.dumps(fields))
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_document_lives_its_life(acme: Run):
    gadget = made(acme, name="Lamp", weight=2)
    assert json.loads(acme("models", "get", "Gadget", gadget["id"]).stdout) == gadget
    changed = acme("models", "update", "Gadget", gadget["id"], "--input", "-", stdin='{"weight": 3}')
    assert json.loads(changed.stdout) == {**gadget, "weight": 3}
    assert acme("models", "delete", "Gadget", gadget["id"]).exit_code == 0
    assert acme("models", "get", "Gadget", gadget["id"]).exit_code == 4


def test_a_list_is_filtered_sorted_and_paged(acme: Run):
    for weight in (10, 30, 20):
        made(acme, name="Box", weight=weight)
    found = acme("models", "list", "Gadget", "--filter", '{"name": {"eq": "Box"}}', "--sort", "-weight", "--limit", "2",
                 "--json")  # fmt: skip
    assert [gadget["weight"] for gadget in json.loads(found.stdout)] == [30, 20]
    for gadget in json.loads(acme("models", "list", "Gadget", "--limit", "100", "--json").stdout):
        acme("models", "delete", "Gadget", gadget["id"])


def test_a_list_for_another_program_has_tabs_between_the_columns_of_the_declaration(acme: Run):
    gadget = made(acme, name="Chair", weight=4)
    lines = acme("models", "list", "Gadget", "--search", "Chair").stdout.splitlines()
    assert lines == [f"{gadget['id']}\tChair\t4"]


def test_without_a_name_the_models_are_listed(acme: Run):
    names = [line.split("\t")[0] for line in acme("models", "list").stdout.splitlines()]
    assert sorted(names) == ["Gadget", "TaskRun"]


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["list", "Gadgt"], 4, "there is no model 'Gadgt'; known: "),
        (["list", "Gadget", "--limit", "-1"], 2, "--limit: "),
        (["list", "Gadget", "--sort", "wieght"], 2, "--sort.0: "),
        (["list", "Gadget", "--filter", "{"], 2, "--filter: must be JSON"),
        (["list", "Gadget", "--filter", '{"wieght": {"eq": 1}}'], 2, "--filter.wieght: "),
        (["get", "Gadget", "no-id"], 4, "no-id"),
        (["create", "Gadget", "--input", "{}"], 2, "name: Field required"),
        (["create", "Gadget", "--input", "nonsense"], 2, "--input: takes JSON"),
        (["create", "TaskRun", "--input", "{}"], 8, "read-only"),
        (["update", "Gadget", "0" * 24, "--input", "{}"], 4, "0" * 24),
        (["delete", "Gadget", "0" * 24], 4, "0" * 24),
        (["create", "Gadget"], 2, "--input"),
    ],
)
def test_what_goes_wrong_is_told_with_its_place(acme: Run, arguments: list[str], status: int, told: str):
    result = acme("models", *arguments)
    assert result.exit_code == status, result.stderr
    assert told in result.stderr
    assert result.stdout == ""
