"""Which test proves which section of the document that describes Core (its author's, laid beside the checkout)."""

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

PROOFS: dict[tuple[str, int], list[str]] = defaultdict(list)
"""Section heading and number of its Python block, and the tests that run what the block shows."""


def proves(heading: str, *blocks: int) -> Callable[[Test], Test]:
    """The test runs what these Python blocks (from 1) of the section ``heading`` show."""

    def note(test: Test) -> Test:
        for block in blocks:
            PROOFS[heading, block].append(f"{test.__module__}.{test.__qualname__}")
        return test

    return note
