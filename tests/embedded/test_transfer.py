"""``jobhunter db``: serving a folder to any client; everything out to a file and in again, on any server."""

import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from bson import encode
from pymongo import MongoClient

from core.database.embedded.process import ensure_server, socket_path
from core.database.transfer import CODEC, import_from
from core.errors import InputError
from tests.embedded.foreground import foreground
from tests.embedded.test_values import VALUES


def run(*arguments: str, data_dir: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CORE_", "MONGODB_"))}
    return subprocess.run(
        [sys.executable, "-m", "cli", "db", *arguments], capture_output=True, text=True, timeout=60,
        env={**environment, "CORE_DATA_DIR": str(data_dir)}, **options,
    )  # fmt: skip


def state(client: MongoClient[Any]) -> Any:
    """Everything a server holds, to be compared."""
    found: dict[str, Any] = {}
    for name in client.list_database_names():
        database = client.get_database(name, CODEC)
        for one in database.list_collections():
            collection = database[one["name"]]
            indexes = {} if one["type"] == "view" else collection.index_information()
            found[f"{name}.{one['name']}"] = (
                one["options"],
                indexes,
                [encode(document) for document in collection.find()],
            )
    return found


def test_an_export_holds_everything_and_an_import_brings_it_back(tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    with MongoClient(ensure_server(tmp_path / "one", linger=0.5)) as client:
        c = client.get_database("shop", CODEC).c
        c.insert_many([{"_id": name, "v": value} for name, value in VALUES.items()])
        c.create_index([("v", 1)], name="v", sparse=True)
        c.create_index("n", unique=True, partialFilterExpression={"n": {"$gt": 1}})
        c.create_index([("title", "text")])
        c.create_index("name", collation={"locale": "en", "strength": 2})
        client.shop.create_collection("empty")
        client.shop.create_collection("seen", viewOn="c", pipeline=[{"$match": {"v": 5}}])
        client.other.d.insert_one({"_id": 1})
        exported = run("export", str(file), data_dir=tmp_path / "one")
        assert exported.returncode == 0, exported.stderr
        imported = run("import", str(file), data_dir=tmp_path / "two")
        assert imported.returncode == 0, imported.stderr
        with MongoClient(ensure_server(tmp_path / "two", linger=0.5)) as copy:
            assert state(copy) == state(client)
            assert len(state(copy)) == 4
        again = run("import", str(file), data_dir=tmp_path / "two")
        assert again.returncode == 6
        assert "--drop" in again.stderr
        assert run("import", "--drop", str(file), data_dir=tmp_path / "two").returncode == 0


def test_any_server_is_named_by_its_uri(tmp_path: Path) -> None:
    with foreground(tmp_path / "server") as server, server.client() as client:
        client.t.c.insert_one({"_id": 1})
        out = run("export", "-", "--uri", server.uri, data_dir=tmp_path / "unused")
        assert out.stdout.splitlines()[-1] == '{"document": {"_id": {"$numberInt": "1"}}}'
        client.drop_database("t")
        assert run("import", "-", "--uri", server.uri, data_dir=tmp_path, input=out.stdout).returncode == 0
        assert client.t.c.find_one() == {"_id": 1}
    down = run("export", "-", "--uri", "mongodb://127.0.0.1:1/", data_dir=tmp_path)
    assert down.returncode == 10
    assert "127.0.0.1:1" in down.stderr


@pytest.mark.parametrize("text", ["no json\n", '{"document": {}}\n', '{"other": 1}\n'])
def test_a_file_that_is_no_export_is_refused_by_line(client: MongoClient[Any], text: str) -> None:
    with pytest.raises(InputError, match="line 1"):
        import_from(client, StringIO(text))


def test_serve_prints_its_uri_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "cli", "db", "serve", "--data-dir", str(tmp_path), "--port", "0"]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    uri = process.stdout.readline().strip()
    with MongoClient(uri) as client:
        client.t.c.insert_one({"_id": 1})
        with MongoClient(ensure_server(tmp_path)) as same:
            assert same.t.c.find_one() == {"_id": 1}
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    assert not socket_path(tmp_path).exists()
    process.stdout.close()


@pytest.mark.slow
def test_a_folder_that_is_served_already_is_named_with_its_uri(tmp_path: Path) -> None:
    with MongoClient(ensure_server(tmp_path, linger=0.5)) as client:
        client.t.c.insert_one({"_id": 1})
        found = run("serve", "--data-dir", str(tmp_path), "--port", "0", data_dir=tmp_path)
    assert found.returncode == 10
    assert "served already" in found.stderr
    assert "db.sock" in found.stderr
