"""One server of the example application for the tests of this folder, without sample data."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), "--no-sample") as found:
        yield found


@pytest.fixture(scope="module")
def home(server: Server) -> Path:
    """The server's working folder: its database is in ``data`` there."""
    return server.log.parent
