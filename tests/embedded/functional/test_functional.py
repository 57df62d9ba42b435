"""Another project's suite, unmodified: every answer is MongoDB's, or a refusal that names the remedy.

Set FUNCTIONAL_TESTS to a checkout of it, and FUNCTIONAL_PYTHON to a Python with what it needs; without, the tests are
skipped. These areas hold some 40,000 cases and take ten minutes.
"""

import os
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.embedded.foreground import foreground
from tests.embedded.functional import refusals
from tests.embedded.functional.known import FAILING

CHECKOUT = os.environ.get("FUNCTIONAL_TESTS")
AREAS = {
    "core/operator/query": 3_500,
    "core/operator/update": 2_050,
    "core/operator/projection": 400,
    "core/operator/expressions": 20_700,
    "core/operator/accumulators": 1_250,
    "core/operator/stages": 4_000,
    "core/operator/system-stages": 380,
    "core/query_and_write": 1_150,
    "core/aggregation": 1_570,
    "core/cursors": 430,
    "core/collation": 370,
    "core/data-types": 210,
    "core/indexes": 1_100,
    "core/collections": 1_590,
    "core/sessions": 330,
    "core/query_planning": 5,
    "changeStreams": 7,
    "system/diagnostic": 410,
    "system/replication": 95,
}
"""Folders of the suite, and how many of their tests pass at least.

Left out: ``core/query-planning``, ``system/administration``, ``system/security`` and ``auditing`` ask for commands that
are not offered.
"""

_ALONE = frozenset({"core/sessions"})
"""Areas whose transactions would wait for those of a second worker: one writes at a time."""


@pytest.mark.slow
@pytest.mark.skipif(CHECKOUT is None, reason="FUNCTIONAL_TESTS names no checkout of the suite")
@pytest.mark.parametrize("area", AREAS)
def test_every_answer_is_mongodbs_or_a_refusal(area: str, tmp_path: Path) -> None:
    passed, failed = _run(area, tmp_path)
    print(f"{area}: {passed} pass")
    assert {name for name in failed if not any(fnmatchcase(name, pattern) for pattern in FAILING)} == set()
    assert passed >= AREAS[area]


def _run(area: str, folder: Path) -> tuple[int, set[str]]:
    """How many tests passed, and which failed."""
    report = folder / "report.xml"
    with foreground(folder / "data") as server:
        line = [
            os.environ.get("FUNCTIONAL_PYTHON", sys.executable), "-m", "pytest", "-n", "1" if area in _ALONE else "2",
            "-p", "no:cacheprovider",
            f"--junitxml={report}", "-o", "junit_family=xunit1", "--engine-name=mongodb",
            f"--connection-string={server.uri}", f"documentdb_tests/compatibility/tests/{area}",
        ]  # fmt: skip
        environment = {
            **os.environ, "PYTHONPATH": str(Path(refusals.__file__).parent),
            "PYTEST_PLUGINS": "refusals",  # also of the processes that the suite starts for tests that want to be alone
        }  # fmt: skip
        subprocess.run(line, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, check=False)
    passed, failed = 0, set[str]()
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            path = case.get("classname", "").partition(".tests.")[2].replace(".", "/")
            failed.add(f"{path}::{case.get('name')}")
        elif case.find("skipped") is None:
            passed += 1
    return passed, failed
