"""The measurements run, and judge themselves by the targets of the project; no figure fails a test."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.embedded import TARGETS, verdict


@pytest.mark.slow
def test_each_target_stands_beside_its_figure() -> None:
    line = [sys.executable, "-m", "bench.embedded"]
    root = Path(__file__).parents[2]
    printed = subprocess.run(line, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    for label in TARGETS:
        (row,) = [row for row in printed if row.startswith(f"{label}  ")]
        assert row.endswith(("  ok", "  MISSED"))


def test_a_target_is_missed_if_one_size_misses_it() -> None:
    assert verdict("memory, MB", [33, 42, 100]) == "≤ 100  ok"
    assert verdict("memory, MB", [33, 42, 101]) == "≤ 100  MISSED"
    assert verdict("insert_many ÷ SQLite batched inserts", [0.29]) == "≥ 0.3  MISSED"
    assert verdict("by _id, ms", [1.0]) == ""
