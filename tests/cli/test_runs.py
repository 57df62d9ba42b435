"""``runs``: look at runs, cancel and repeat them."""

import json
import re

import pytest

from tests.cli.conftest import Run


def started(acme: Run, *arguments: str) -> str:
    """The id of a new run."""
    found = re.search(r"\brun:? ([0-9a-f]{24})", acme("ops", *arguments).stderr)
    assert found
    return found[1]


def test_the_newest_runs_are_listed_first(acme: Run):
    good, bad = started(acme, "wait"), started(acme, "refuse")
    rows = [line.split("\t") for line in acme("runs", "list", "--limit", "2").stdout.splitlines()]
    assert [(row[0], row[2], row[3]) for row in rows] == [(bad, "failed", "cli"), (good, "success", "cli")]
    assert acme("runs", "list", "--limit", "1", "--operation", "wait").stdout.startswith(good)
    assert acme("runs", "list", "--limit", "1", "--status", "failed").stdout.startswith(bad)


def test_show_tells_all_of_a_run(acme: Run):
    found = json.loads(acme("runs", "show", started(acme, "wait", "--seconds", "0.01")).stdout)
    assert (found["operation_name"], found["input_dump"], found["output"]) == (
        "wait",
        {"seconds": 0.01},
        {"done": True},
    )


def test_watch_ends_with_the_run_and_its_status(acme: Run):
    good = acme("runs", "watch", started(acme, "wait"))
    assert (good.exit_code, good.stdout) == (0, "success\n")
    bad = acme("runs", "watch", started(acme, "refuse"))
    assert (bad.exit_code, bad.stdout) == (1, "failed\n")


def test_a_run_is_replayed_with_its_own_input_or_another(acme: Run):
    first = started(acme, "wait", "--seconds", "0.01")
    again = acme("runs", "replay", first)
    assert json.loads(again.stdout) == {"done": True}
    other = acme("runs", "replay", first, "--input", '{"seconds": 0}')
    shown = json.loads(acme("runs", "show", other.stderr.split()[1].rstrip(":")).stdout)
    assert (shown["replay_of"], shown["input_dump"], shown["trigger"]) == (first, {"seconds": 0.0}, "cli")


def test_logs_of_a_run_can_be_followed_to_its_end(acme: Run):
    run_id = started(acme, "wait")
    assert acme("runs", "logs", run_id, "--follow").exit_code == 0
    assert acme("runs", "logs", run_id).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["show", "no-id"], 4, "no-id"),
        (["watch", "0" * 24], 4, "0" * 24),
        (["logs", "0" * 24], 4, "0" * 24),
        (["cancel", "0" * 24], 4, "0" * 24),
        (["replay", "0" * 24], 4, "0" * 24),
        (["list", "--status", "perhaps"], 2, "--status"),
        (["list", "--limit", "-1"], 2, "limit"),
    ],
)
def test_what_goes_wrong_is_told(acme: Run, arguments: list[str], status: int, told: str):
    result = acme("runs", *arguments)
    assert result.exit_code == status, result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.stderr
