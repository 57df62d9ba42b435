"""The stock Refine providers, installed from npm and unmodified, work against the example's schema."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, running_server
from tests.transport.nodes import npm_ci

pytestmark = pytest.mark.node

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("providers"), "--no-sample") as found:
        yield found


@pytest.mark.parametrize("script", ["graphql.test.mjs", "nestjs_query.test.mjs"])
def test_every_method_of_the_stock_provider_works(server: Server, script: str):
    npm_ci(FOLDER)
    environment = {**os.environ, "GRAPHQL_URL": f"{server.url}/graphql", "GRAPHQL_WS_URL": server.websocket_url}
    done = subprocess.run(
        ["node", "--test", script],
        cwd=FOLDER,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
