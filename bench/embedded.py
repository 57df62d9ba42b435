"""The embedded database beside plain SQLite work, in one run: ``python -m bench.embedded [--json FILE]``.

Figures of one machine say little; ratios within a run say what the server adds. The plain side does what a program
without a server would do: bson documents in one SQLite table with an index, ``synchronous=FULL``.
"""

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
from pymongo import MongoClient

SIZES = (1_000, 10_000, 100_000)
Document = dict[str, Any]


def document(number: int) -> Document:
    return {
        "_id": bson.ObjectId(), "number": number, "group": number // 10, "name": f"name {number}", "pay": number * 1.5,
        "address": {"city": f"city {number % 50}", "street": "Long Street 17"}, "tags": ["a", "b", str(number % 7)],
    }  # fmt: skip


def median(work: Callable[[], Any], times: int) -> float:
    """Seconds of one call."""
    found: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


class Plain:
    """Documents in one table, without a server."""

    def __init__(self, path: Path) -> None:
        self.sqlite = sqlite3.connect(path, isolation_level=None)
        self.sqlite.execute("PRAGMA journal_mode=WAL")
        self.sqlite.execute("PRAGMA synchronous=FULL")
        self.sqlite.execute("CREATE TABLE d (seq INTEGER PRIMARY KEY, id BLOB UNIQUE, body BLOB)")

    def insert(self, documents: list[Document]) -> None:
        rows = [(one["_id"].binary, bson.encode(one)) for one in documents]
        self.sqlite.execute("BEGIN")
        self.sqlite.executemany("INSERT INTO d (id, body) VALUES (?, ?)", rows)
        self.sqlite.execute("COMMIT")

    def scan(self, found: Callable[[Document], bool]) -> int:
        return sum(found(bson.decode(body)) for (body,) in self.sqlite.execute("SELECT body FROM d"))


@contextmanager
def server(folder: Path) -> Iterator[tuple[MongoClient[Document], subprocess.Popen[str]]]:
    line = [sys.executable, "-m", "core.database.embedded", "--data-dir", str(folder), "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with MongoClient(process.stdout.readline().strip()) as client:
            yield client, process
        process.terminate()


def reads(folder: Path, size: int) -> Document:
    """Milliseconds of each read at this size."""
    documents = [document(number) for number in range(size)]
    plain = Plain(folder / f"plain-{size}.sqlite3")
    plain.insert(documents)
    with server(folder / str(size)) as (client, process):
        c = client.bench.c
        c.create_index("group")
        c.create_index([("address.city", 1), ("number", -1)])
        for start in range(0, size, 10_000):
            c.insert_many(documents[start : start + 10_000])
        middle = documents[size // 2]
        found: Document = {
            "by _id": median(lambda: c.find_one({"_id": middle["_id"]}), 300),
            "indexed equality (10 documents)": median(lambda: list(c.find({"group": middle["group"]})), 200),
            "indexed range, sort, limit 20": median(
                lambda: list(c.find({"address.city": "city 7", "number": {"$lt": size}}).sort("number", -1).limit(20)),
                200,
            ),
            "indexed count (10 documents)": median(lambda: c.count_documents({"group": middle["group"]}), 200),
            "count of all": median(lambda: c.count_documents({}), 100),
            "scan": median(lambda: c.count_documents({"name": "name 7"}), 7),
            "scan, plain SQLite": median(lambda: plain.scan(lambda one: one["name"] == "name 7"), 7),
        }
        found = {name: value * 1000 for name, value in found.items()}
        found["memory, MB"] = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 / 1e6
    return found


def writes(folder: Path) -> Document:
    """Writes a second, and their ratios."""
    plain = Plain(folder / "plain-writes.sqlite3")
    singles = [document(number) for number in range(2_000)]
    commits = len(singles) / _seconds(lambda: [plain.insert([one]) for one in singles])
    batches = [[document(number) for number in range(1_000)] for _ in range(30)]
    batched = 30_000 / _seconds(lambda: [plain.insert(one) for one in batches])
    with server(folder / "writes") as (client, _):
        c = client.bench.c
        one_client = 1_000 / _seconds(lambda: [c.insert_one(document(number)) for number in range(1_000)])
        together = 4_000 / _seconds(lambda: _four_clients(client, 1_000))
        many = 30_000 / _seconds(lambda: [c.insert_many(one) for one in batches])
    return {
        "SQLite FULL commits": commits, "insert_one, one client": one_client, "insert_one, four at once": together,
        "SQLite batched inserts": batched, "insert_many": many, "insert_one / commits": together / commits,
        "insert_one of one client / commits": one_client / commits, "insert_many / batched": many / batched,
    }  # fmt: skip


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _four_clients(client: MongoClient[Document], count: int) -> None:
    def work() -> None:
        for number in range(count):
            client.bench.c.insert_one(document(number))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def start(folder: Path) -> float:
    """Seconds until a new server accepts connections."""
    from core.database.embedded.process import ensure_server

    return min(_seconds(lambda place=place: ensure_server(folder / f"s{place}", linger=0.1)) for place in range(5))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result: Document = {"start, s": start(folder), "writes": writes(folder)}
        result["reads, ms"] = {str(size): reads(folder, size) for size in SIZES}
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2))
    print(f"start {result['start, s'] * 1000:.0f} ms")
    for label, value in result["writes"].items():
        print(f"{label:40} {value:12,.2f}")
    table = result["reads, ms"]
    for label in table["1000"]:
        print(f"{label:40} " + " ".join(f"{table[str(size)][label]:12.3f}" for size in SIZES))
    largest = table[str(SIZES[-1])]
    print(f"{'scan / plain scan at 100k':40} {largest['scan'] / largest['scan, plain SQLite']:12.2f}")


if __name__ == "__main__":
    main()
