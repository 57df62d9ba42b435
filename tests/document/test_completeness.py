"""Every Python block of the document runs in a test, or stands here with the reason why it cannot on its own."""

import importlib
import importlib.util
import pkgutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.document
import tests.examples
from tests.conftest import SHARED
from tests.document.sections import PROOFS

NEED_ANOTHER = {
    ("Example: With Prefect (Complex Workflow)", 2): "a fragment from inside the decorator; "
    "tests/prefect/test_context.py runs operations in real flows and tasks and checks the ids",
}
"""Blocks that do not stand on their own: section heading and number, and the reason."""


def blocks(document: Path) -> Iterator[tuple[str, int]]:
    """Heading and number (from 1) of each fenced Python block, those inside lists included."""
    heading, fence, seen = "", None, Counter[str]()
    for line in document.read_text().splitlines():
        text = line.strip()
        if fence is None and text.startswith("```"):
            fence = text[3:]
            if fence == "python":
                seen[heading] += 1
                yield heading, seen[heading]
        elif text == "```":
            fence = None
        elif fence is None and line.startswith("#"):
            heading = line.lstrip("#").strip()


@pytest.fixture(scope="module")
def document() -> Path:
    found = SHARED / "spec" / "how-core-works.md"
    if not found.exists():
        pytest.skip(f"{found} is not here: the document is its author's and is laid beside the checkout")
    return found


@pytest.fixture(scope="module", autouse=True)
def _import_all_tests() -> None:
    for package in (tests.document, tests.examples):
        for module in pkgutil.iter_modules(package.__path__):
            try:
                importlib.import_module(f"{package.__name__}.{module.name}")
            except pytest.skip.Exception:  # a test module whose extra is not installed
                continue


def test_every_python_block_is_run_or_listed_with_a_reason(document: Path) -> None:
    missing = [block for block in blocks(document) if block not in PROOFS and block not in NEED_ANOTHER]
    if importlib.util.find_spec("prefect") is None:
        missing = [block for block in missing if block not in OF_PREFECT]
    assert missing == []


def test_no_test_names_a_block_that_is_not_there(document: Path) -> None:
    known = set(blocks(document))
    assert set(PROOFS) - known == set()
    assert set(NEED_ANOTHER) - known == set()
    assert OF_PREFECT - known == set()


OF_PREFECT = {
    ("The Three Execution Layers", 2), ("The Three Execution Layers", 3),
    ("Example: With Prefect (Complex Workflow)", 1), ("Real-World Flow Example", 1),
    ("Summary: Three Execution Modes", 2), ("Summary: Three Execution Modes", 3),
}  # fmt: skip
"""Blocks whose tests need the extra ``prefect``, and do not exist without it."""
