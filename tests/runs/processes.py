"""Real worker processes on the test's database, and a wire to it that can be cut or slowed down."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO

from core.database.connection import Database
from core.database.embedded.process import ensure_server, socket_path
from core.settings import default_settings

QUICK = {
    "CORE_RUN_LEASE": "1.5", "CORE_RUN_POLL": "0.1", "CORE_RUN_DRAIN": "1", "CORE_RUN_RETRY_DELAY": "0.1",
    "CORE_RUN_RETRY_LONGEST": "1",
}  # fmt: skip
REPOSITORY = Path(__file__).parent.parent.parent


def environment_for(database: Database, **more: str) -> dict[str, str]:
    """What a process needs to work on the test's database with the test's application."""
    uri = ensure_server(default_settings().data_dir)
    own = {"CORE_MODULES": "tests.runs.application", "MONGODB_DATABASE": database.name, "MONGODB_URI": uri}
    return {**os.environ, **QUICK, **own, **more}


@contextmanager
def worker(
    database: Database, *arguments: str, environment: Mapping[str, str] | None = None, begin: str = "import cli.main"
) -> Iterator["Worker"]:
    """A ``jobhunter worker`` until the block ends; killed then. ``begin`` is Python that runs before anything else."""
    code = f"{begin}; from cli.main import main; main()"
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-c", code, "worker", *arguments],
            cwd=REPOSITORY, env=environment_for(database, **(environment or {})), stdout=output, stderr=output,
        )  # fmt: skip
        found = Worker(process, output)
        try:
            yield found
        except AssertionError as error:
            error.add_note(f"the worker said:\n{found.said}")
            raise
        finally:
            found.send(signal.SIGCONT, signal.SIGKILL)
            process.wait()


class Worker:
    def __init__(self, process: "subprocess.Popen[bytes]", output: IO[bytes]) -> None:
        self.process = process
        self._output = output

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, *signals: signal.Signals) -> None:
        for one in signals:
            if self.process.poll() is None:
                self.process.send_signal(one)

    async def ended(self, seconds: float) -> int:
        """The exit status, once the process has ended."""
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(self.process.wait)

    @property
    def said(self) -> str:
        self._output.seek(0)
        return self._output.read().decode()


class Wire:
    """Passes bytes between clients and the embedded server; ``cut`` drops every connection, ``close`` and ``open`` the
    way itself, ``delay`` is seconds that each answer takes longer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._port = 0
        self.delay = 0.0
        self.cut_before: bytes | None = None
        """Drop the connection in place of passing on a message that holds this."""
        self.cut_after: bytes | None = None
        """Pass such a message on and drop the connection before its answer."""
        self.times = 3
        """How often that happens: PyMongo itself tries a write twice."""
        self._passing: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self.cut()
            if self._passing:
                await asyncio.wait(self._passing, timeout=5)

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self._port}/?directConnection=true"

    def cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        to_reader, to_writer = await asyncio.open_unix_connection(str(self._path))
        self._writers |= {writer, to_writer}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, to_writer, asked=True))
                both.create_task(self._pass(to_reader, writer, asked=False))
        except* (ConnectionError, OSError):
            pass
        finally:
            self._writers -= {writer, to_writer}
            for one in (writer, to_writer):
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asked: bool) -> None:
        while data := await reader.read(65536):
            if asked and self._is_due(self.cut_before, data):
                raise ConnectionAbortedError
            if not asked and self.delay:
                await asyncio.sleep(self.delay)
            writer.write(data)
            await writer.drain()
            if asked and self._is_due(self.cut_after, data):
                await asyncio.sleep(0.1)  # the server has done it by now
                raise ConnectionAbortedError
        raise ConnectionResetError  # one side closed: close the other

    def _is_due(self, wanted: bytes | None, data: bytes) -> bool:
        if wanted is None or wanted not in data:
            return False
        self.times -= 1
        if not self.times:
            self.cut_before = self.cut_after = None
            self.times = 3
        return True


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    """A wire to the embedded server of the tests."""
    settings = default_settings()
    await asyncio.to_thread(ensure_server, settings.data_dir)
    path = socket_path(settings.data_dir.resolve())
    _, held = await asyncio.open_unix_connection(str(path))  # without connections the server would end
    found = Wire(path)
    await found.open()
    try:
        yield found
    finally:
        held.close()
        await found.close()
