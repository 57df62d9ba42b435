"""The embedded database beside plain SQLite work, in one run: ``python -m bench.embedded [--runs N] [--json FILE]``.

Figures of one machine say little; ratios within a run say what the server adds. The plain side does what a program
without a server would do: bson documents in one SQLite table with indexes, ``synchronous=FULL``. Calls of both sides
take turns, so that other work of the machine slows both. A row with a target says ``ok`` or ``MISSED``.
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
from pymongo import MongoClient

from core.database.embedded.process import ensure_server, socket_path, uri_of

SIZES = (1_000, 10_000, 100_000)
TARGETS: Mapping[str, tuple[str, float]] = {
    "start, ms": ("≤", 300),
    "memory, MB": ("≤", 100),
    "unindexed scan ÷ SQLite fetch and decode": ("≤", 2),
    "indexed count ÷ that of 1,000 documents": ("≤", 2),
    "insert_one, one client ÷ SQLite FULL commits": ("≥", 0.5),
    "insert_one, one client ÷ SQLite FULL commits in WAL mode": ("≥", 0.5),
    "insert_one, four clients ÷ SQLite FULL commits in WAL mode": ("≥", 0.5),
    "insert_many ÷ SQLite batched inserts": ("≥", 0.3),
}
"""Bounds that the project set itself; flat with size is taken for twice at most."""
Document = dict[str, Any]
Figures = dict[str, list[float]]
"""Of each row, at each size or the only one."""


def document(number: int) -> Document:
    return {
        "_id": bson.ObjectId(), "number": number, "group": number // 10, "name": f"name {number}", "pay": number * 1.5,
        "address": {"city": f"city {number % 50}", "street": "Long Street 17"}, "tags": ["a", "b", str(number % 7)],
    }  # fmt: skip


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def beside(*calls: Callable[[], Any], times: int) -> tuple[float, ...]:
    """Median seconds of each call, in turns."""
    found = [[seconds(call) for call in calls] for _ in range(times)]
    return tuple(statistics.median(one) for one in zip(*found, strict=True))


class Plain:
    """Documents in one table, without a server; in WAL mode as the server has it, or as SQLite does by default."""

    def __init__(self, path: Path, *, indexed: bool = False, wal: bool = True) -> None:
        self.sqlite = sqlite3.connect(path, isolation_level=None)
        self.sqlite.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
        self.sqlite.execute("PRAGMA synchronous=FULL")
        self.sqlite.execute("CREATE TABLE d (seq INTEGER PRIMARY KEY, id BLOB UNIQUE, grp, city, number, body BLOB)")
        if indexed:
            self.sqlite.execute("CREATE INDEX by_group ON d (grp)")
            self.sqlite.execute("CREATE INDEX by_city ON d (city, number DESC)")

    def insert(self, documents: list[Document]) -> None:
        rows = [
            (one["_id"].binary, one["group"], one["address"]["city"], one["number"], bson.encode(one))
            for one in documents
        ]
        self.sqlite.execute("BEGIN")
        self.sqlite.executemany("INSERT INTO d (id, grp, city, number, body) VALUES (?, ?, ?, ?, ?)", rows)
        self.sqlite.execute("COMMIT")

    def find(self, condition: str, *values: Any) -> list[Document]:
        rows = self.sqlite.execute(f"SELECT body FROM d WHERE {condition}", values)
        return [bson.decode(body) for (body,) in rows]

    def count(self, group: int) -> int:
        return self.sqlite.execute("SELECT count(*) FROM d WHERE grp = ?", (group,)).fetchone()[0]

    def scan(self, name: str) -> int:
        rows = self.sqlite.execute("SELECT body FROM d")
        return sum(bson.decode(body)["name"] == name for (body,) in rows)


@contextmanager
def server(folder: Path) -> Iterator[tuple[MongoClient[Document], subprocess.Popen[str]]]:
    line = [sys.executable, "-m", "core.database.embedded", "--data-dir", str(folder), "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it accepts connections, on the socket that applications use too
        with MongoClient(uri_of(socket_path(folder.resolve()))) as client:
            yield client, process
        process.terminate()


def reads(folder: Path, size: int) -> dict[str, float]:
    documents = [document(number) for number in range(size)]
    plain = Plain(folder / f"plain-{size}.sqlite3", indexed=True)
    plain.insert(documents)
    with server(folder / str(size)) as (client, process):
        c = client.bench.c
        c.create_index("group")
        c.create_index([("address.city", 1), ("number", -1)])
        for start in range(0, size, 10_000):
            c.insert_many(documents[start : start + 10_000])
        found = _read(c, plain, documents[size // 2], size)
        found["memory, MB"] = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 / 1e6
    return found


def _read(c: Any, plain: Plain, middle: Document, size: int) -> dict[str, float]:
    key, group = middle["_id"], middle["group"]
    near = {"address.city": "city 7", "number": {"$lt": size}}
    newest = "city = ? AND number < ? ORDER BY number DESC LIMIT 20"
    by_id = beside(lambda: c.find_one({"_id": key}), lambda: plain.find("id = ?", key.binary), times=300)
    equal = beside(lambda: list(c.find({"group": group})), lambda: plain.find("grp = ?", group), times=200)
    ordered = beside(
        lambda: list(c.find(near).sort("number", -1).limit(20)), lambda: plain.find(newest, "city 7", size), times=200
    )
    count = beside(lambda: c.count_documents({"group": group}), lambda: plain.count(group), times=200)
    often = max(9, 50_000 // size)
    scan = beside(lambda: c.count_documents({"name": "name 7"}), lambda: plain.scan("name 7"), times=often)
    return {
        "by _id, ms": by_id[0] * 1000, "by _id ÷ SQLite": by_id[0] / by_id[1],
        "indexed equality, 10 documents, ms": equal[0] * 1000, "indexed equality ÷ SQLite": equal[0] / equal[1],
        "indexed range, sort, limit 20, ms": ordered[0] * 1000,
        "indexed range, sort, limit ÷ SQLite": ordered[0] / ordered[1],
        "indexed count, ms": count[0] * 1000, "indexed count ÷ SQLite": count[0] / count[1],
        "unindexed scan, ms": scan[0] * 1000, "unindexed scan ÷ SQLite fetch and decode": scan[0] / scan[1],
    }  # fmt: skip


def writes(folder: Path) -> dict[str, float]:
    """Writes a second, and their ratios."""
    plain, default = Plain(folder / "plain-writes.sqlite3"), Plain(folder / "plain-default.sqlite3", wal=False)
    batches = [[document(number) for number in range(1_000)] for _ in range(30)]
    with server(folder / "writes") as (client, _):
        c = client.bench.c
        one, commit, slower, ping = beside(
            lambda: c.insert_one(document(1)),
            lambda: plain.insert([document(1)]),
            lambda: default.insert([document(1)]),
            lambda: client.admin.command("ping"),
            times=1_000,
        )
        four = seconds(lambda: _four_clients(client, 1_000)) / 4_000
        ours, theirs = iter(batches), iter(batches)
        many, batch = beside(lambda: c.insert_many(next(ours)), lambda: plain.insert(next(theirs)), times=len(batches))
    return {
        "SQLite FULL commits a second": 1 / slower, "SQLite FULL commits a second in WAL mode": 1 / commit,
        "ping, ms": ping * 1000, "insert_one, one client, ms": one * 1000,
        "insert_one, one client ÷ SQLite FULL commits": slower / one,
        "insert_one, one client ÷ SQLite FULL commits in WAL mode": commit / one,
        "insert_one, one client, beyond a ping ÷ SQLite FULL commits in WAL mode": commit / (one - ping),
        "insert_one, four clients ÷ SQLite FULL commits in WAL mode": commit / four,
        "SQLite batched inserts a second": 1_000 / batch,
        "insert_many ÷ SQLite batched inserts": batch / many,
    }  # fmt: skip


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
    return statistics.median(
        seconds(lambda place=place: ensure_server(folder / f"s{place}", linger=0.1)) for place in range(5)
    )


def run() -> Figures:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: Figures = {"start, ms": [start(folder) * 1000]}
        found |= {label: [value] for label, value in writes(folder).items()}
        tables = [reads(folder, size) for size in SIZES]
    found |= {label: [table[label] for table in tables] for label in tables[0]}
    counts = found["indexed count, ms"]
    return found | {"indexed count ÷ that of 1,000 documents": [one / counts[0] for one in counts]}


def verdict(label: str, values: list[float]) -> str:
    """The target of the row, if it has one, and whether every value keeps it."""
    if label not in TARGETS:
        return ""
    sign, bound = TARGETS[label]
    kept = all(value <= bound if sign == "≤" else value >= bound for value in values)
    return f"{sign} {bound:g}  {'ok' if kept else 'MISSED'}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1, help="print the medians of so many runs")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    runs = [run() for _ in range(arguments.runs)]
    figures: Figures = {
        label: [statistics.median(values) for values in zip(*(one[label] for one in runs), strict=True)]
        for label in runs[0]
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False))
    for label, values in figures.items():
        shown = "".join(f"{value:12,.2f}" for value in values)
        print(f"{label:72}{shown:38}{verdict(label, values)}".rstrip())


if __name__ == "__main__":
    main()
