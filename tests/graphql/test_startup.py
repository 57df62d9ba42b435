"""Start-up with many declarations. Work is counted, not timed: seconds are for ``bench/startup.py``."""

import sys
from types import FrameType

from bench.startup import declare
from core.inspection import take_catalog
from graphql_surface.schema import schema_of


def calls(number: int) -> int:
    """How many functions are called to turn so many models and operations into a schema."""
    registry, count = declare(number), 0

    def called(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        schema_of(take_catalog(registry))
    finally:
        sys.setprofile(before)
    return count


def test_twice_as_many_models_and_operations_are_twice_the_work():
    calls(5)  # what is done once in a process
    half, whole = calls(40), calls(80)
    assert whole <= half * 2.1
