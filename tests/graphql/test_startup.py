"""Start-up with many declarations, in processes of their own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent.parent / "bench" / "startup.py"


def seconds(number: int) -> float:
    done = subprocess.run(
        [sys.executable, str(BENCH), str(number)], capture_output=True, text=True, check=True, timeout=120
    )
    found = re.search(r"operations: +([\d.]+) s CPU", done.stdout)
    assert found, done.stdout
    return float(found[1])


@pytest.mark.slow
def test_200_models_and_operations_take_at_most_3_seconds_and_twice_as_many_twice_that():
    half, whole = seconds(100), seconds(200)
    assert whole <= 3.0
    assert whole <= half * 2.6
