"""What every test may use. The database is the embedded server in a folder of this session, started once."""

import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path

import pytest

# A shell that starts the tests in the background has them ignore SIGINT, and the servers they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_data_dir = tempfile.TemporaryDirectory(prefix="core-tests-")
os.environ.setdefault("CORE_DATA_DIR", _data_dir.name)
os.environ.setdefault("MONGODB_DATABASE", "tests")

from core.database.connection import Database  # noqa: E402  (the settings above come first)
from core.registries import Registry, current_registry, isolated_registry  # noqa: E402
from core.settings import Settings  # noqa: E402
from core.testing import test_database  # noqa: E402

SHARED = Path(__file__).parent.parent.parent / "shared"
"""Real input laid beside the checkout; tests that use it skip where it is absent."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    """Declarations of this test only."""
    with isolated_registry() as found:
        yield found


@pytest.fixture
def example() -> Iterator[Registry]:
    """The declarations of the example application, and none that a test's module made when it was imported."""
    for name in Settings.model_fields["modules"].default:
        import_module(name)
    declared = current_registry()
    with isolated_registry() as found:
        for info in declared.models.values():
            if info.document_cls.__module__.startswith("core."):
                found.add_model(info)
        for metadata in declared.operations.values():
            if metadata.implementation.__module__.startswith("core."):
                found.add_operation(metadata)
        yield found


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """An empty database with every model of the current registry."""
    async with test_database() as found:
        yield found


@pytest.fixture(scope="session")
def job_postings() -> Path:
    """1,288 real job postings as JSON."""
    found = SHARED / "data" / "job-postings.json"
    if not found.exists():
        pytest.skip(f"{found} is not here: it is laid beside the checkout for the project's own tests")
    return found
