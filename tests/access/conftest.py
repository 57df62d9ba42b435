"""One server of the matrix's application for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.access.world import World, open_world
from tests.server import running_server

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("access")
    environment = {
        "CORE_MODULES": "tests.access.application",
        "PYTHONPATH": str(ROOT),
        "CORE_AUTH_REQUIRED": "true",
        "CORE_ANONYMOUS": "true",
        "CORE_KEY_CACHE_SECONDS": "0.2",
        "CORE_REAUTHENTICATE_SECONDS": "0.2",
        "CORE_AUTH_FAILURES_PER_MINUTE": "1000",
    }
    with running_server(folder, "--no-sample", environment=environment) as server:
        world = open_world(server, folder / "data")
        yield world
        world.close()


@pytest.fixture
def world(served: World) -> World:
    """The same with its documents as they were."""
    served.plant()
    return served
