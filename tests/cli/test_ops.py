"""``ops``: a command an operation, an option a field, JSON out."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run


def output(acme: Run, *arguments: str, stdin: str | None = None) -> Any:
    """The JSON on standard output: nothing else may stand there."""
    result = acme("ops", *arguments, stdin=stdin)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        (["--whole", "8"], "whole", 8),
        (["--whole", "-8"], "whole", -8),
        (["--real", "1.5"], "real", 1.5),
        (["--flag"], "flag", True),
        (["--no-flag"], "flag", False),
        (["--no-maybe"], "maybe", False),
        (["--colour", "blue"], "colour", "blue"),
        (["--size", "2"], "size", 2),
        (["--choice", "b"], "choice", "b"),
        (["--at", "2020-01-02T03:04:05Z"], "at", "2020-01-02T03:04:05Z"),
        (["--day", "2020-01-02"], "day", "2020-01-02"),
        (["--span", "PT1H"], "span", "PT1H"),
        (["--money", "19.99"], "money", "19.99"),
        (["--words", "a", "--words", "b, c"], "words", ["a", "b, c"]),
        (["--numbers", "1", "--numbers", "2"], "numbers", [1, 2]),
        (["--sizes", "2", "--sizes", "1"], "sizes", [2, 1]),
        (["--place", '{"city": "Bonn"}'], "place", {"city": "Bonn", "floor": 0}),
        (["--places", '[{"city": "Bonn", "floor": 1}]'], "places", [{"city": "Bonn", "floor": 1}]),
        (["--table", '{"a": 1}'], "table", {"a": 1}),
        (["--anything", '{"a": [1]}'], "anything", {"a": [1]}),
        (["--anything", "plain words"], "anything", "plain words"),
        (["--two-words", "x"], "two_words", "x"),
        (["--renamed", "x"], "otherName", "x"),
        (["--input-timeout", "3"], "timeout", 3),
    ],
)
def test_an_option_of_every_kind_arrives_as_its_type(acme: Run, arguments: list[str], field: str, value: Any):
    assert output(acme, "everything", "--text", "x", *arguments)[field] == value


def test_what_is_not_given_has_its_default(acme: Run):
    found = output(acme, "everything", "--text", "x")
    assert (found["whole"], found["words"], found["numbers"], found["maybe"]) == (7, ["none"], [], None)


def test_the_whole_input_comes_as_json_from_a_file_or_from_standard_input(acme: Run, tmp_path: Path):
    given = json.dumps({"text": "ä", "place": {"city": "Bonn"}})
    (tmp_path / "input.json").write_text(given, encoding="utf-8")
    for source in (given, f"@{tmp_path / 'input.json'}", "-"):
        found = output(acme, "everything", "--input", source, stdin=given)
        assert (found["text"], found["place"]["city"]) == ("ä", "Bonn")


def test_single_options_go_over_the_whole_input(acme: Run):
    found = output(acme, "everything", "--input", '{"text": "x", "whole": 1}', "--whole", "2")
    assert (found["text"], found["whole"]) == ("x", 2)


def test_the_id_of_the_run_is_on_standard_error(acme: Run):
    result = acme("ops", "wait")
    assert re.fullmatch(r"run [0-9a-f]{24}: success\n", result.stderr)
    assert json.loads(result.stdout) == {"done": True}


def test_a_background_run_is_queued(acme: Run):
    result = acme("ops", "wait", "--background")
    assert result.exit_code == 0
    assert result.stdout == ""
    run_id = result.stderr.split()[1].rstrip(":")
    assert json.loads(acme("runs", "show", run_id).stdout)["status"] == "pending"
    assert "cancelled" in acme("runs", "cancel", run_id).stdout


def test_an_idempotency_key_runs_once(acme: Run):
    first = acme("ops", "everything", "--text", "x", "--idempotency-key", "cli-1")
    again = acme("ops", "everything", "--text", "x", "--idempotency-key", "cli-1")
    assert (again.exit_code, again.stdout, again.stderr) == (0, first.stdout, first.stderr)
    other = acme("ops", "everything", "--text", "y", "--idempotency-key", "cli-1")
    assert (other.exit_code, other.stdout) == (5, "")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["everything"], 2, "--text: Field required"),
        (["everything", "--text", "x", "--whole", "many"], 2, "--whole"),
        (["everything", "--text", "x", "--colour", "green"], 2, "--colour: "),
        (["everything", "--text", "x", "--size", "3"], 2, "--size: "),
        (["everything", "--text", "x", "--at", "soon"], 2, "--at: "),
        (["everything", "--text", "x", "--place", "{"], 2, "--place: takes JSON"),
        (["everything", "--text", "x", "--place", '{"floor": 1}'], 2, "--place.city: Field required"),
        (["everything", "--text", "x", "--places", '[{"city": 1}]'], 2, "--places.0.city: "),
        (["everything", "--text", "x", "--nonsense", "1"], 2, "--nonsense"),
        (["everything", "--input", "{"], 2, "--input: takes JSON"),
        (["everything", "--input", "[]"], 2, "--input: takes a JSON object"),
        (["everything", "--input", "@/nowhere.json"], 2, "/nowhere.json cannot be read"),
        (["everything", "--input", "@/dev/null"], 2, "--input: takes JSON"),
        (["keep_secret"], 2, "--password: Field required"),
        (["keep_secret", "--password", "hunter2", "--count", "0"], 2, "--count: "),
        (["wait", "--timeout", "0"], 2, "timeout"),
        (["everything", "--text", "x", "--background"], 2, "background"),
        (["wait", "--seconds", "30", "--timeout", "0.2"], 9, "run: "),
        (["refuse"], 1, "not today"),
        (["crash"], 1, "run: "),
    ],
)
def test_what_goes_wrong_is_told_in_a_line_with_the_option_and_a_status(
    acme: Run, arguments: list[str], status: int, told: str
):
    result = acme("ops", *arguments)
    assert result.exit_code == status, result.stderr
    assert told in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "hunter2" not in result.stderr


def test_a_file_that_is_no_text_is_named(acme: Run, tmp_path: Path):
    (tmp_path / "input.json").write_bytes(b"\xff\xfe{")
    result = acme("ops", "everything", "--input", f"@{tmp_path / 'input.json'}")
    assert result.exit_code == 2
    assert "input.json is no text in UTF-8" in result.stderr


def test_help_says_what_each_option_takes(acme: Run):
    text = acme("ops", "everything", "--help").stdout
    assert "Give back what came in." in text
    for told in (
        r"--text +STRING +Some \[few\] words \(required\)",
        r"--whole +<?int>? +Whole \(default: 7\)",
        r"--flag +--no-flag",
        r"--colour +\[red\|blue\] +Colour \(default: red\)",
        r"--size +\[1\|2\]",
        r"--words +STRING +Words \(repeat it for several\)",
        r"--place +JSON",
        r"--at +DATETIME",
        r"--input-timeout",
        r"--input +JSON +The whole input: JSON, @FILE, or - for stdin",
    ):
        assert re.search(told, text), (told, text)


def test_commands_stand_under_their_category(acme: Run):
    text = acme("ops", "--help").stdout
    places = [text.index(word) for word in ("shapes", "everything", "endings", "refuse")]
    assert places == sorted(places)


def test_a_mistyped_name_finds_its_neighbour(acme: Run):
    for command, near in (("evrything", "everything"), ("wiat", "wait")):
        result = acme("ops", command)
        assert result.exit_code == 2
        assert f"Did you mean '{near}'" in result.stderr
