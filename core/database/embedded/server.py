"""The server: one unix socket, one command at a time, an end some seconds after the last connection."""

import asyncio
import contextlib
import fcntl
import logging
import signal
import time
from pathlib import Path

from core.database.embedded.commands import Commands
from core.database.embedded.engine import Engine
from core.database.embedded.process import socket_path
from core.database.embedded.wire import ProtocolError, encode_reply, read_request

log = logging.getLogger("core.database.embedded")


async def serve(data_dir: Path, *, port: int | None = None, linger: float | None = None) -> None:
    """Serve until SIGTERM or SIGINT, or until ``linger`` seconds after the last connection closed (None: stay)."""
    data_dir = data_dir.resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "server.lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        server = _Server(Commands(Engine(data_dir)))
        path = socket_path(data_dir)
        path.unlink(missing_ok=True)
        listeners = [await asyncio.start_unix_server(server.connected, str(path))]
        path.chmod(0o600)
        if port is not None:
            listeners.append(await asyncio.start_server(server.connected, "127.0.0.1", port))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stopping.set)
        try:
            await server.until_idle(linger)
        finally:
            path.unlink(missing_ok=True)
            for listener in listeners:
                listener.close()


class _Server:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._connections = 0
        self._idle_since = time.monotonic()
        self.stopping = asyncio.Event()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            while (request := await read_request(reader)) is not None:
                reply = self._commands.run(request.command)
                if not request.silent:
                    writer.write(encode_reply(request, reply))
                    await writer.drain()
        except ProtocolError as error:
            log.warning("closed a connection: %s", error)
        except (ConnectionError, asyncio.CancelledError):
            pass
        except Exception:
            log.exception("closed a connection")
        finally:
            self._connections -= 1
            self._idle_since = time.monotonic()
            writer.close()

    async def until_idle(self, linger: float | None) -> None:
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), timeout=0.5)
            if linger is not None and not self._connections and time.monotonic() - self._idle_since > linger:
                return
