"""The server's life: one for a directory, shared, gone after the last one, private, replaced by a newer version."""

import fcntl
import os
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from core.database.embedded.process import ensure_server, socket_path
from tests.embedded.foreground import foreground

_START = """
import sys, pymongo
from pathlib import Path
from core.database.embedded.process import ensure_server
client = pymongo.MongoClient(ensure_server(Path(sys.argv[1]), linger=0.5))
client.t.c.insert_one({"_id": sys.argv[2]})
print(client.admin.command("hello")["corePid"], flush=True)
sys.stdin.read()
"""


def _lock_is_free(data_dir: Path) -> bool:
    with (data_dir / "server.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _wait_until(condition: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_processes_that_start_at_once_share_one_server_and_the_last_one_ends_it(tmp_path: Path) -> None:
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", _START, str(tmp_path), str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for place in range(4)
    ]
    pids = {process.stdout.readline() for process in starters if process.stdout}
    assert len(pids) == 1
    with MongoClient(ensure_server(tmp_path)) as client:
        assert client.t.c.count_documents({}) == 4
    assert not _lock_is_free(tmp_path)
    for process in starters:
        process.communicate()
    _wait_until(lambda: _lock_is_free(tmp_path))
    assert not socket_path(tmp_path).exists()
    (pid,) = map(int, pids)
    _wait_until(lambda: not Path(f"/proc/{pid}").exists())
    with MongoClient(ensure_server(tmp_path, linger=0.2)) as client:
        assert client.t.c.count_documents({}) == 4


def test_the_server_is_private_and_nobodys_child(tmp_path: Path) -> None:
    with MongoClient(ensure_server(tmp_path, linger=0.2)) as client:
        pid = client.admin.command("hello")["corePid"]
        assert stat.S_IMODE(socket_path(tmp_path).stat().st_mode) == 0o600
        assert os.getpgid(pid) == os.getsid(pid) != os.getsid(0)
        assert int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]) != os.getpid()


def test_a_directory_with_a_long_name_has_its_socket_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    with MongoClient(ensure_server(folder, linger=0.2)) as client:
        client.t.c.insert_one({})
        found = socket_path(folder)
        assert len(str(found)) < 100
        assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700


def test_an_idle_server_of_another_version_is_replaced_and_a_busy_one_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "import core.database.embedded.process as process; process.code_version = lambda: 'other'" + _START
    old = subprocess.Popen(
        [sys.executable, "-c", other, str(tmp_path), "old"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert old.stdout is not None
    pid = int(old.stdout.readline())
    monkeypatch.setattr("core.database.embedded.process._IDLE_TIMEOUT", 0.5)
    with pytest.raises(ValueError, match=f"another version of Core .process {pid}"):
        ensure_server(tmp_path)
    old.communicate()
    with MongoClient(ensure_server(tmp_path, linger=0.2)) as client:
        assert client.admin.command("hello")["corePid"] != pid
        assert client.t.c.find_one() == {"_id": "old"}


def test_what_keeps_a_server_from_starting_is_told(tmp_path: Path) -> None:
    (tmp_path / "data.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(ValueError, match="did not start") as caught:
        ensure_server(tmp_path)
    assert "file is not a database" in str(caught.value)


@pytest.mark.slow
def test_100_000_documents_take_no_100_mb_of_memory(tmp_path: Path) -> None:
    with foreground(tmp_path) as server, server.client() as client:
        client.t.c.create_index("n")
        for start in range(0, 100_000, 10_000):
            client.t.c.insert_many([{"n": n, "name": f"name {n}"} for n in range(start, start + 10_000)])
        assert client.t.c.count_documents({"n": {"$gte": 0}}) == 100_000
        assert client.t.c.count_documents({"name": "name 7"}) == 1
        assert server.memory < 100_000_000, server.memory


def test_the_server_loads_no_web_framework_and_no_models() -> None:
    code = "import core.database.embedded.server, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "beanie", "pymongo", "asyncio", "strawberry", "fastapi", "typer"} & set(loaded)


def test_clients_that_leave_at_once_cost_the_others_nothing(tmp_path: Path) -> None:
    with foreground(tmp_path) as server, server.client() as client:
        for _ in range(1000):
            with socket.socket() as visitor:
                visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by a reset
                visitor.setblocking(False)
                visitor.connect_ex(("127.0.0.1", server.port))
        client.t.c.insert_one({})


def test_a_server_without_free_file_descriptors_serves_those_it_has(tmp_path: Path) -> None:
    few = ("bash", "-c", 'ulimit -n 60; exec "$@"', "few")
    with foreground(tmp_path, command=few) as server, server.client() as client, ExitStack() as visitors:
        client.t.c.insert_one({})
        for _ in range(100):
            visitor = visitors.enter_context(socket.socket())
            visitor.setblocking(False)
            visitor.connect_ex(("127.0.0.1", server.port))
        time.sleep(0.2)
        client.t.c.insert_one({})
        visitors.close()
        with server.client() as another:
            assert another.t.c.count_documents({}) == 2


def test_a_file_of_another_format_is_refused_in_words_and_left_as_it_is(tmp_path: Path) -> None:
    with foreground(tmp_path) as server, server.client() as client:
        client.t.c.insert_one({"_id": 1})
    with closing(sqlite3.connect(tmp_path / "data.sqlite3")) as file, file:
        file.execute("UPDATE meta SET value = value - 1 WHERE name = 'format'")
    before = (tmp_path / "data.sqlite3").read_bytes()
    with pytest.raises(ValueError, match="export its data with the version that wrote it") as refusal:
        ensure_server(tmp_path)
    assert "Traceback" not in str(refusal.value)
    assert (tmp_path / "data.sqlite3").read_bytes() == before
