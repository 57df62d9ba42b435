"""The life of the server process: the first process that needs it starts it, all share it, the last one out ends it.

Two locks in the data directory: ``start.lock`` is held while a server is being started or replaced, ``server.lock`` by
the server for as long as it runs, so that one directory never has two. The server detaches from who started it: it
belongs to no terminal and is nobody's child.
"""

import contextlib
import fcntl
import hashlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from .version import code_version
from .wire import ProtocolError, command, read_reply

LINGER = 5.0
"""Seconds the server stays after the last connection closed."""
_START_TIMEOUT = 20.0
_GREETING_TIMEOUT = 10.0
_IDLE_TIMEOUT = 10.0
"""Seconds to wait for a server of another version to become idle, so that it can be replaced."""
_LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes, and the kernel wants a terminator


def ensure_server(data_dir: Path, *, linger: float = LINGER) -> str:
    """The URI of the running server of ``data_dir``, started if need be. Blocks until it accepts connections.

    Raises:
        ValueError: the server did not start (the message holds the end of its log), or another version's is in use.
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = socket_path(data_dir)
    if _version_of(_greet(path)) != code_version():
        with _locked(data_dir / "start.lock"):
            _replace_other(data_dir, path)
            if _greet(path) is None:
                _start(data_dir, linger)
    return uri_of(path)


def uri_of(path: Path) -> str:
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


# Who is there


def _greet(path: Path) -> dict[str, Any] | None:
    """What the server there says of itself, or None without one."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_GREETING_TIMEOUT)
        try:
            probe.connect(str(path))
            probe.sendall(command({"hello": 1, "$db": "admin"}))
            with probe.makefile("rb") as stream:
                return read_reply(stream)
        except (OSError, ProtocolError):
            return None


def _version_of(greeting: dict[str, Any] | None) -> str | None:
    return None if greeting is None else str(greeting.get("coreVersion"))


def _replace_other(data_dir: Path, path: Path) -> None:
    """Stop a server of another version once nobody uses it. The start lock is held."""
    deadline = time.monotonic() + _IDLE_TIMEOUT
    while (greeting := _greet(path)) is not None and _version_of(greeting) != code_version():
        if int(greeting.get("coreConnections", 2)) <= 1:  # the one is ours
            os.kill(int(greeting["corePid"]), signal.SIGTERM)
            with _locked(data_dir / "server.lock"):
                return
        if time.monotonic() > deadline:
            raise ValueError(
                f"the database in {data_dir} is served by another version of Core (process {greeting.get('corePid')}), "
                "which others use; stop them first, or set CORE_DATA_DIR to another folder"
            )
        time.sleep(0.2)


# Starting


def _start(data_dir: Path, linger: float) -> None:
    ready, told = os.pipe()
    log = data_dir / "db.log"
    arguments = ["--data-dir", str(data_dir), "--linger", str(linger), "--ready", str(told)]
    arguments += ["--code-version", code_version()]
    try:
        with log.open("ab") as output:
            began = output.tell()
            subprocess.run(  # noqa: S603 (this very program)
                [sys.executable, "-m", "core.database.embedded", *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=data_dir, pass_fds=(told,), check=False,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )  # fmt: skip
        os.close(told)
        told = -1
        readable = select.select([ready], [], [], _START_TIMEOUT)[0]
        if not readable or not os.read(ready, 1):
            told_why = log.read_bytes()[began:][-2000:].decode(errors="replace")
            raise ValueError(f"the embedded database in {data_dir} did not start; {log} says:\n{told_why}")
    finally:
        os.close(ready)
        if told >= 0:
            os.close(told)


def detach() -> None:
    """Go on in a process of its own session, whose parent is gone; the caller's process ends here."""
    if os.fork():
        os._exit(0)
    os.setsid()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
