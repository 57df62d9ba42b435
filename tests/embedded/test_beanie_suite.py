"""Beanie's own test suite, unmodified, against the embedded server.

Set BEANIE_TESTS to a checkout of Beanie 2.2 (its package moved aside, so that the installed one is tested) in an
environment that has the suite's own needs; without it the test is skipped.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.embedded.foreground import foreground

LEAST = 555
REFUSED = {
    "test_timeseries_collection": "time series collections are not offered: create names the option timeseries",
    "test_version": "compares the version of the package with the checkout, no matter of the server",
}
"""Tests of the suite that fail here, with the reason; docs/embedded.md lists them too."""
CHECKOUT = os.environ.get("BEANIE_TESTS")


@pytest.mark.slow
@pytest.mark.skipif(CHECKOUT is None, reason="BEANIE_TESTS names no checkout of Beanie's tests")
def test_beanies_suite_passes(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    python = os.environ.get("BEANIE_PYTHON", sys.executable)
    line = [python, "-m", "pytest", "-q", "--no-cov", "-p", "no:cacheprovider", f"--junitxml={report}"]
    with foreground(tmp_path / "data") as server:
        environment = {**os.environ, "MONGODB_DSN": f"mongodb://127.0.0.1:{server.port}/beanie_db"}
        subprocess.run(line, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, check=False)
    passed, failed = 0, set[str]()
    for case in ElementTree.parse(report).iter("testcase"):
        broken = case.find("failure") is not None or case.find("error") is not None
        if broken:
            failed.add(case.get("name") or "")
        elif case.find("skipped") is None:
            passed += 1
    assert failed <= set(REFUSED), failed - set(REFUSED)
    assert passed >= LEAST
