"""The server: a thread a connection on a unix socket, an end some seconds after the last connection."""

import contextlib
import fcntl
import itertools
import logging
import os
import selectors
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from .dispatch import Dispatcher
from .engine import Engine
from .failpoints import ConnectionDropped, FailPoints
from .process import socket_path, uri_of
from .version import code_version
from .wire import ProtocolError, encode_reply, read_request

log = logging.getLogger("core.database.embedded")
_BUFFER = 65_536
_BACKLOG = 512
_MOST_CONNECTIONS = 2_000
_STOP_SECONDS = 5.0
_AFTER_REFUSAL = 0.05
_SWITCH_SECONDS = 0.0005  # how soon a thread that waits for the interpreter gets it from one that computes


def serve(
    data_dir: Path,
    *,
    port: int | None = None,
    linger: float | None = None,
    ready: int | None = None,
    wait: float | None = None,
    version: str | None = None,
    test_commands: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT, or until ``linger`` seconds after the last connection closed (None: stay).

    ``port`` also listens on 127.0.0.1 (0: any free port) and prints its URI. ``ready`` is a file descriptor that is
    told when connections are accepted; ``version`` is the release to report, found out if absent. ``wait`` is for how
    many seconds to wait for another server of the directory to end (None: for ever).

    Raises:
        ValueError: another server still holds the directory.
        OSError: the port is taken, or the directory cannot be written.
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    sys.setswitchinterval(_SWITCH_SECONDS)
    with (data_dir / "server.lock").open("w") as lock:
        _lock(lock, data_dir, wait)
        engine = Engine(data_dir, version or code_version())
        try:
            with _listening(socket_path(data_dir), port) as listeners:
                if ready is not None:
                    os.write(ready, b"1")
                    os.close(ready)
                Server(Dispatcher(engine, FailPoints() if test_commands else None), listeners).run(linger)
        finally:
            engine.close()


def _lock(file: TextIO, data_dir: Path, wait: float | None) -> None:
    if wait is None:
        return fcntl.flock(file, fcntl.LOCK_EX)
    deadline = time.monotonic() + wait
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ValueError(
                    f"the database in {data_dir} is being served already; MongoDB clients of this machine reach it at "
                    f"{uri_of(socket_path(data_dir))}"
                ) from None
        time.sleep(0.1)


@contextlib.contextmanager
def _listening(path: Path, port: int | None) -> Iterator[list[socket.socket]]:
    path.unlink(missing_ok=True)
    private = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        private.bind(str(path))
    finally:
        os.umask(mask)
    listeners = [private]
    try:
        if port is not None:
            listeners.append(socket.create_server(("127.0.0.1", port), backlog=_BACKLOG))
            print(f"mongodb://127.0.0.1:{listeners[1].getsockname()[1]}/?directConnection=true", flush=True)
        private.listen(_BACKLOG)
        yield listeners
    finally:
        path.unlink(missing_ok=True)
        for listener in listeners:
            listener.close()


class Server:
    """Accepts on the main thread; ``run`` returns when it is told to stop, or idle for long enough."""

    def __init__(self, dispatcher: Dispatcher, listeners: list[socket.socket]) -> None:
        self._dispatcher = dispatcher
        self._listeners = listeners
        dispatcher.engine.connections = lambda: len(self._open)
        dispatcher.engine.address_of = lambda number: _address(self._open[number].getpeername())
        self._numbers = itertools.count(1)
        self._open: dict[int, socket.socket] = {}
        self._peers: dict[int, object] = {}
        self._lock = threading.Lock()
        self._stopping = False
        self._idle_since = time.monotonic()
        self._wake, self._woken = socket.socketpair()

    def run(self, linger: float | None) -> None:
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            for listener in self._listeners:
                selector.register(listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while (wait := self._until_stop(linger)) is None or wait > 0:
                for key, _ in selector.select(wait):
                    if key.fileobj is self._woken and self._woken.recv(64).strip(b"\0"):
                        return self._stop()
                    if key.fileobj is not self._woken:
                        self._accept(key.fileobj)  # pyright: ignore[reportArgumentType]
        return self._stop()

    def _until_stop(self, linger: float | None) -> float | None:
        with self._lock:
            if linger is None or self._open:
                return None
            return linger - (time.monotonic() - self._idle_since)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError as error:  # the client is gone already, or no file descriptor is left
            log.warning("a connection was not accepted: %s", error)
            time.sleep(_AFTER_REFUSAL)
            return
        address = _address(listener.getsockname())
        number = next(self._numbers)
        with self._lock:
            if len(self._open) >= _MOST_CONNECTIONS:
                connection.close()
                return
            self._open[number] = connection
            peer = self._peers[number] = _peer(connection)
        threading.Thread(
            target=self._serve, args=(connection, number, address, peer), name=f"connection-{number}", daemon=True
        ).start()

    def _serve(self, connection: socket.socket, number: int, address: str, peer: object) -> None:
        try:
            with connection, connection.makefile("rb", _BUFFER) as stream:
                if connection.family != socket.AF_UNIX:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while (request := read_request(stream)) is not None:
                    gone = _stays if request.silent else partial(self._is_gone, connection)
                    reply = self._dispatcher.run(request, number, address, peer, gone)
                    if not request.silent:
                        connection.sendall(encode_reply(request, reply))
        except ProtocolError as error:
            log.warning("closed a connection: %s", error)
        except (OSError, ConnectionDropped, ValueError):
            pass  # the client is gone, or the server stops
        except Exception:
            log.exception("closed a connection")
        finally:
            self._closed(number)

    def _is_gone(self, connection: socket.socket) -> bool:
        """Whether the client has closed its end; what it may have sent meanwhile stays to be read."""
        try:
            return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) and not self._stopping
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _closed(self, number: int) -> None:
        with self._lock:
            peer = self._peers.pop(number)
            last = peer not in self._peers.values()
        self._dispatcher.connection_closed(number, peer, last=last)
        with self._lock:
            self._open.pop(number, None)
            self._idle_since = time.monotonic()
            if not self._open:
                with contextlib.suppress(OSError):
                    self._wake.send(b"\0")

    def _stop(self) -> None:
        """No new connections; those there are end after the command they are at."""
        self._stopping = True
        self._dispatcher.engine.log.stop()
        with self._lock:
            for connection in self._open.values():
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        deadline = time.monotonic() + _STOP_SECONDS
        while self._open and time.monotonic() < deadline:
            time.sleep(0.01)


def _stays() -> bool:
    """Of a client that waits for no answer: it may have left, and its command is done all the same."""
    return False


def _peer(connection: socket.socket) -> object:
    """Who connects: the process id, or the address of the host; None where the system does not say."""
    with contextlib.suppress(OSError):  # the client is gone already
        if connection.family != socket.AF_UNIX:
            return connection.getpeername()[0]
        if sys.platform == "linux":
            process: int = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            return process
    return None


def _address(name: Any) -> str:
    """Of a unix socket the path, where it has one."""
    return (name or "anonymous unix socket:0") if isinstance(name, str) else f"{name[0]}:{name[1]}"
