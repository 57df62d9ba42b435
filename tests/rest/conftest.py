"""One server of ``application`` for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server import Server, running_server

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT = {
    "CORE_MODULES": "tests.rest.application", "PYTHONPATH": str(ROOT), "CORE_MAX_BODY_BYTES": "10000",
}  # fmt: skip


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("rest"), environment=ENVIRONMENT) as server:
        yield server


@pytest.fixture
def client(library: Server) -> Iterator[httpx.Client]:
    """Talks to the server; there are no books."""
    with httpx.Client(base_url=library.url, timeout=60) as found:
        for book in found.get("/models/Book/", params={"limit": 100}).json()["items"]:
            found.delete(f"/models/Book/{book['id']}")
        yield found
