"""The life of the server process: the first process that needs it starts it, all share it, the last one out ends it.

Two locks in the data directory: ``start.lock`` is held while a server is being started, ``server.lock`` by the
server for as long as it runs, so that one directory never has two.
"""

import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_plus

LINGER = 5.0
"""Seconds the server stays after the last connection closed."""
_START_TIMEOUT = 20.0
_LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes, and the kernel wants a terminator


def ensure_server(data_dir: Path, *, linger: float = LINGER) -> str:
    """The URI of the running server of ``data_dir``, started if need be. Blocks until it accepts connections.

    Raises:
        ValueError: the server did not start; the message holds the end of its log.
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = socket_path(data_dir)
    if not _answers(path):
        with _locked(data_dir / "start.lock"):
            if not _answers(path):
                _start(data_dir, path, linger)
    return f"mongodb://{quote_plus(str(path))}/?directConnection=true"


def socket_path(data_dir: Path) -> Path:
    """``db.sock`` in the data directory, or a short name in a private folder where that path is too long."""
    path = data_dir / "db.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    private = Path(tempfile.gettempdir()) / f"core-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    if private.stat().st_uid != os.getuid():
        raise ValueError(f"{private} belongs to somebody else; choose a shorter CORE_DATA_DIR")
    return private / (hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16] + ".sock")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _start(data_dir: Path, path: Path, linger: float) -> None:
    log = data_dir / "db.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.database.embedded", "--data-dir", str(data_dir), "--linger", str(linger)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=data_dir,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    deadline = time.monotonic() + _START_TIMEOUT
    while not _answers(path):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            tail = log.read_text(errors="replace")[-2000:]
            raise ValueError(f"the embedded database in {data_dir} did not start; {log} ends with:\n{tail}")
        time.sleep(0.01)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
