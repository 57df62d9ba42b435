"""One embedded server for this folder's tests, and a database of its own for each."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from core.database.embedded.process import ensure_server


@pytest.fixture(scope="session")
def server_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return ensure_server(Path(tmp_path_factory.mktemp("embedded")), linger=2)


@pytest.fixture(scope="session")
def client(server_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient(server_uri) as found:
        yield found


@pytest.fixture
def db(client: MongoClient[dict[str, Any]]) -> Iterator[Database[dict[str, Any]]]:
    found = client[f"test_{uuid.uuid4().hex[:10]}"]
    yield found
    client.drop_database(found.name)
