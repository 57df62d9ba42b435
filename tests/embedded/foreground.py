"""The server in the foreground, as a process of the test: on a TCP port, and to be killed."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient


@dataclass(frozen=True, kw_only=True)
class Foreground:
    folder: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def client(self, **options: Any) -> MongoClient[dict[str, Any]]:
        return MongoClient(self.uri, **{"serverSelectionTimeoutMS": 5000, **options})

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @property
    def memory(self) -> int:
        """Bytes that are resident."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def foreground(
    folder: Path, *arguments: str, port: int = 0, command: tuple[str, ...] = (), **options: Any
) -> Iterator[Foreground]:
    """``command`` runs it under another program; SIGTERM at the end of the block."""
    line = [*command, sys.executable, "-m", "core.database.embedded", "--data-dir", str(folder), "--port", str(port)]
    process = subprocess.Popen([*line, *arguments], stdout=subprocess.PIPE, text=True, **options)
    try:
        assert process.stdout is not None
        printed = process.stdout.readline()
        assert printed.startswith("mongodb://"), f"the server did not start: {printed}"
        yield Foreground(folder=folder, port=int(printed.split(":")[2].split("/")[0]), process=process)
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()  # type: ignore[union-attr]
