"""Another project's suite, unmodified: every answer is MongoDB's, or a refusal that names the remedy.

Set FUNCTIONAL_TESTS to a checkout of it, and FUNCTIONAL_PYTHON to a Python with what it needs; without, the tests are
skipped. It holds some 50,000 cases and takes half an hour.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.embedded.foreground import foreground
from tests.embedded.functional import refusals
from tests.embedded.functional.known import FAILING

CHECKOUT = os.environ.get("FUNCTIONAL_TESTS")
AREAS = {
    "core/operator/query": 3_000,
    "core/operator/update": 1_500,
    "core/operator/projection": 100,
    "core/operator/expressions": 15_000,
    "core/operator/accumulators": 500,
    "core/operator/stages": 1_000,
    "core/operator/window": 100,
    "core/query_and_write": 500,
    "core/aggregation": 300,
    "core/cursors": 100,
    "core/collation": 50,
    "core/data-types": 300,
    "core/indexes": 300,
    "core/collections": 300,
}
"""Folders of the suite, and how many of their tests pass at least."""


@pytest.mark.slow
@pytest.mark.skipif(CHECKOUT is None, reason="FUNCTIONAL_TESTS names no checkout of the suite")
@pytest.mark.parametrize("area", AREAS)
def test_every_answer_is_mongodbs_or_a_refusal(area: str, tmp_path: Path) -> None:
    passed, failed = _run(area, tmp_path)
    assert {name for name in failed if not name.startswith(tuple(FAILING))} == set()
    assert passed >= AREAS[area]


def _run(area: str, folder: Path) -> tuple[int, set[str]]:
    """How many tests passed, and which failed."""
    report = folder / "report.xml"
    with foreground(folder / "data") as server:
        line = [
            os.environ.get("FUNCTIONAL_PYTHON", sys.executable), "-m", "pytest", "-n", "2", "-p", "no:cacheprovider",
            "-p", "refusals", f"--junitxml={report}", "-o", "junit_family=xunit1", "--engine-name=mongodb",
            f"--connection-string={server.uri}", f"documentdb_tests/compatibility/tests/{area}",
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(Path(refusals.__file__).parent)}
        subprocess.run(line, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, check=False)
    passed, failed = 0, set[str]()
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(f"{case.get('file', '').partition('/tests/')[2]}::{case.get('name')}")
        elif case.find("skipped") is None:
            passed += 1
    return passed, failed
