"""What was acknowledged is on disk: after kill -9, in order, whole; a full disk is an error and no loss."""

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from core.database.embedded.sqlite import Pool, open_file
from core.database.embedded.writer import Writer
from tests.embedded.foreground import Foreground, foreground
from tests.embedded.traces import STRACE, acknowledged_too_early

_WRITER = """
import sys, pymongo
uri, name = sys.argv[1:]
client = pymongo.MongoClient(uri, serverSelectionTimeoutMS=500, retryWrites=False)
db = client.kill
number = 0
print("ready", flush=True)
while True:
    try:
        if number % 3:
            db.c.insert_one({"_id": f"{name}-{number}", "w": name})
        else:
            with client.start_session() as session:
                def pair(session):
                    for half in (0, 1):
                        document = {"_id": f"{name}-{number}-{half}", "pair": f"{name}-{number}"}
                        db.pairs.insert_one(document, session=session)
                session.with_transaction(pair)
        print(number, flush=True)
    except pymongo.errors.PyMongoError:
        sys.exit(0)
    number += 1
"""


@contextmanager
def _writers(uri: str, count: int, folder: Path, turn: int) -> Iterator[list[Path]]:
    outputs = [folder / f"acknowledged-{turn}-{place}" for place in range(count)]
    processes: list[subprocess.Popen[bytes]] = []
    for place, output in enumerate(outputs):
        with output.open("wb") as file:
            line = [sys.executable, "-c", _WRITER, uri, f"{turn}-{place}"]
            processes.append(subprocess.Popen(line, stdout=file, stderr=subprocess.DEVNULL))
    try:
        yield outputs
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _killed_while_writing(folder: Path, turn: int) -> list[str]:
    """Names of what was acknowledged before the server was killed."""
    with foreground(folder / "data") as server, _writers(server.uri, 4, folder, turn) as outputs:
        deadline = time.monotonic() + 20
        while any(output.read_text().count("\n") < 10 for output in outputs) and time.monotonic() < deadline:
            time.sleep(0.05)
        server.kill()
    found: list[str] = []
    for place, output in enumerate(outputs):
        lines = output.read_text().split("\n")[1:-1]
        found += [f"{turn}-{place}-{number}" for number in lines]
    return found


def _check(server: Foreground, acknowledged: list[str]) -> None:
    with server.client() as client:
        singles = {one["_id"] for one in client.kill.c.find()}
        pairs: dict[str, int] = {}
        for one in client.kill.pairs.find():
            pairs[one["pair"]] = pairs.get(one["pair"], 0) + 1
        assert set(pairs.values()) <= {2}, "half a transaction is visible"
        lost = [name for name in acknowledged if name not in singles and name not in pairs]
        assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged writes are lost"
        assert client.kill.c.count_documents({"w": {"$exists": True}}) == client.kill.c.estimated_document_count()


def _kill_again_and_again(folder: Path, times: int) -> None:
    (folder / "data").mkdir()
    acknowledged: list[str] = []
    for turn in range(times):
        acknowledged += _killed_while_writing(folder, turn)
    assert len(acknowledged) > times * 20
    with foreground(folder / "data") as server:
        _check(server, acknowledged)


def test_three_kills_under_four_writers_lose_nothing(tmp_path: Path) -> None:
    _kill_again_and_again(tmp_path, 3)


@pytest.mark.slow
def test_twenty_kills_under_four_writers_lose_nothing(tmp_path: Path) -> None:
    _kill_again_and_again(tmp_path, 20)


def test_sqlite_syncs_every_commit(tmp_path: Path) -> None:
    """FULL in WAL: https://www.sqlite.org/pragma.html#pragma_synchronous"""
    connection = open_file(tmp_path / "data.sqlite3")
    pool = Pool(tmp_path / "data.sqlite3")
    for one in (connection, pool.take()):
        assert one.execute("PRAGMA synchronous").fetchone() == (2,)
        assert one.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        one.close()


def test_the_writer_answers_after_the_commit(tmp_path: Path) -> None:
    connection = open_file(tmp_path / "data.sqlite3")
    steps: list[str] = []
    connection.set_trace_callback(steps.append)
    writer = Writer(connection, lambda touched: steps.append("told"))
    writer.run(lambda writing: writing.sqlite.execute("INSERT INTO documents VALUES (1, x'00')"))
    assert steps[-2:] == ["COMMIT", "told"]
    connection.close()


class _Acknowledged(CommandListener):
    """The value last written, by the request that was answered; of requests of the name that is awaited."""

    def __init__(self) -> None:
        self.replies: dict[int, bytes] = {}
        self._awaited, self._value = "", b""

    def expect(self, command: str, value: str) -> str:
        self._awaited, self._value = command, value.encode()
        return value

    def started(self, event: CommandStartedEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if event.command_name == self._awaited:
            self.replies[event.request_id] = self._value


def _write_in_every_way(server: Foreground, name: str) -> dict[int, bytes]:
    heard = _Acknowledged()
    with server.client(event_listeners=[heard]) as client:
        c = client.t.c
        for turn in range(5):
            at = f"{name}-{turn}"
            c.insert_one({"_id": at, "v": heard.expect("insert", f"one-{at}.")})
            c.insert_many([{"v": turn}, {"v": heard.expect("insert", f"many-{at}.")}])
            c.update_one({"_id": at}, {"$set": {"v": heard.expect("update", f"updated-{at}.")}})
            c.find_one_and_update({"_id": at}, {"$set": {"v": heard.expect("findAndModify", f"modified-{at}.")}})
            with client.start_session() as session, session.start_transaction():
                c.insert_one({"v": heard.expect("commitTransaction", f"committed-{at}.")}, session=session)
    return heard.replies


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_every_acknowledgement_follows_an_fsync(tmp_path: Path) -> None:
    """Of its own bytes: written to SQLite's log, then a sync of the log that ends, then the reply, for four writers."""
    trace = tmp_path / "trace"
    with foreground(tmp_path / "data", command=(*STRACE, str(trace))) as server, ThreadPoolExecutor(4) as threads:
        found = threads.map(lambda place: _write_in_every_way(server, str(place)), range(4))
        replies = {request: value for one in found for request, value in one.items()}
    assert len(replies) == 4 * 5 * 5
    assert acknowledged_too_early(trace.read_text().splitlines(), replies) == []


def test_a_reply_before_the_sync_is_found_in_a_trace() -> None:
    write = '1 pwrite64(5</d/data.sqlite3-wal>, "\\0value", 6, 0) = 6'
    syncing, synced = "1 fdatasync(5</d/data.sqlite3-wal> <unfinished ...>", "1 <... fdatasync resumed>) = 0"
    reply = f'2 sendto(9<socket:[1]>, "{16 * chr(7)}", 16, 0, NULL, 0) = 16'
    replies = {0x07070707: b"value"}
    assert acknowledged_too_early([write, syncing, synced, reply], replies) == []
    for wrong in ([write, syncing, reply, synced], [syncing, write, synced, reply], [write, reply], [reply]):
        assert acknowledged_too_early(wrong, replies) == [b"value"]


@contextmanager
def _small_disk(data_dir: Path) -> Iterator[MongoClient[dict[str, Any]]]:
    """Files of the server may not grow past 4 MB, which SQLite meets as a full disk."""

    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))

    with foreground(data_dir, preexec_fn=limit) as server, server.client() as client:
        yield client


def test_a_full_disk_is_a_clean_error_and_nothing_is_lost(tmp_path: Path) -> None:
    kept: list[int] = []
    with _small_disk(tmp_path) as client:
        with pytest.raises(OperationFailure) as caught:
            for number in range(200):
                client.t.c.insert_one({"_id": number, "v": os.urandom(50_000)})
                kept.append(number)
        assert caught.value.code == 14031
        assert [one["_id"] for one in client.t.c.find({}, {"_id": 1})] == kept  # it still answers
    with foreground(tmp_path) as server, server.client() as client:
        assert [one["_id"] for one in client.t.c.find({}, {"_id": 1})] == kept
        client.t.c.insert_one({"_id": "room again", "v": os.urandom(50_000)})
