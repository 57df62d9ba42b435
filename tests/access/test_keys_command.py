"""``jobhunter keys``: what an administrator does with keys, through the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


def command_of(folder: Path, **settings: str) -> Command:
    """The ``jobhunter`` command in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CORE_", "MONGODB_"))}
    environment = {**kept, "CORE_DATA_DIR": str(folder / "data"), **settings}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Command:
    command = command_of(tmp_path_factory.mktemp("keys"))
    return lambda *arguments: command("keys", *arguments)


def test_a_key_is_printed_once_alone_on_standard_output_and_listed_without_its_secret(keys: Command):
    scopes = ("--scope", "read", "--scope", "run:search_jobs")
    made = keys("create", "ci", "--role", "owner", *scopes, "--claim", "region=north", "--expires", "90d")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    assert key.startswith("core_")
    assert "\n" not in key
    assert "cannot be shown again" in made.stderr

    listed = json.loads(keys("list", "--json").stdout)
    shown = [tuple(one[name] for name in ("name", "status", "roles", "scopes", "claims")) for one in listed]
    assert shown == [("ci", "active", "owner", "read run:search_jobs", "region=north")]
    assert key.split("_", 2)[2] not in keys("list").stdout

    revoked = keys("revoke", listed[0]["prefix"])
    assert revoked.returncode == 0
    assert "revoked" in revoked.stderr
    assert json.loads(keys("list", "--json").stdout)[0]["status"] == "revoked"


@pytest.mark.slow  # ten processes
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["create", "x", "--scope", "reed"], 2, "--scope reed"),
        (["create", "x", "--scope", "read:Jbo"], 2, "Job"),
        (["create", "x", "--scope", "run:serch"], 2, "search_jobs"),
        (["create", "x", "--expires", "soon"], 2, "12h, 90d"),
        (["create", "x", "--expires", "2001-01-01"], 2, "2001-01-01"),
        (["create", "x", "--claim", "region"], 2, "NAME=VALUE"),
        (["create", " "], 2, "needs a name"),
        (["revoke", "ffffffff"], 4, "no key 'ffffffff'"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(keys: Command, arguments: list[str], code: int, message: str):
    found = keys(*arguments)
    assert found.returncode == code
    assert message in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.slow
def test_a_role_no_rule_names_is_pointed_out(keys: Command):
    made = keys("create", "x", "--role", "viewr")
    assert made.returncode == 0
    assert "'viewr'" in made.stderr
