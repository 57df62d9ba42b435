"""What the server tells of itself and of a connection."""

from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.embedded.foreground import foreground


def test_a_client_is_told_where_it_comes_from(client: MongoClient[dict[str, Any]], tmp_path: Path) -> None:
    assert client.admin.command("whatsmyuri")["you"] == "anonymous unix socket:0"
    with foreground(tmp_path) as server, server.client() as other:
        host, _, port = other.admin.command("whatsmyuri")["you"].rpartition(":")
        assert host == "127.0.0.1"
        assert int(port) != server.port
