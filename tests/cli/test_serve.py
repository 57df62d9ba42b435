"""``serve`` as a process: where it listens, what it refuses, how it ends. ``help`` costs no imports."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.server import free_port

Process = subprocess.Popen[str]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CORE_", "MONGODB_", "PORT"))}
    return {**kept, "CORE_DATA_DIR": str(folder / "data"), "NO_COLOR": "1", "TERM": "dumb", **settings}


def command(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments], cwd=folder, env=environment(folder, **settings),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@contextmanager
def serving(folder: Path, port: int, *arguments: str, **settings: str) -> Iterator[Process]:
    """A server that answers; killed at the end unless it has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--no-sample", *arguments], cwd=folder,
        env=environment(folder, **settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.communicate()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_listens_where_it_is_told_keeps_its_data_there_and_ends_quietly(tmp_path: Path, number: signal.Signals):
    port = free_port()
    with serving(tmp_path, port, "--data-dir", str(tmp_path / "elsewhere"), PORT=str(port)) as process:
        assert httpx.get(f"http://127.0.0.1:{port}/health").json() == {"status": "ok"}
        process.send_signal(number)
        out, told = process.communicate(timeout=15)
    assert process.returncode in ((0,) if number == signal.SIGINT else (0, -signal.SIGTERM))
    assert f"http://127.0.0.1:{port}/graphql" in told
    assert "elsewhere" in told
    assert "Traceback" not in out + told
    assert (tmp_path / "elsewhere").is_dir()
    assert not (tmp_path / "data").exists()


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command(tmp_path, "serve", "--port", str(port))
    assert done.returncode == 10
    assert done.stderr == (
        f"error: cannot listen on 127.0.0.1 port {port}: Address already in use; choose with --host, --port\n"
    )
    assert not (tmp_path / "data").exists()


def test_what_it_cannot_be_told_is_refused_in_words(tmp_path: Path):
    for arguments, settings, words in (
        (("--port", "99999"), {}, "--port"),
        ((), {"PORT": "abc"}, "PORT"),
        (("--host", "0.0.0.0"), {}, "--insecure-no-authentication"),
    ):
        done = command(tmp_path, "serve", *arguments, **settings)
        assert done.returncode in (2, 3)
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_help_imports_no_database_and_no_web_framework(tmp_path: Path):
    code = (
        "import sys\nfrom cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'beanie', 'pymongo', 'pydantic', 'fastapi', 'strawberry', 'uvicorn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    for name in ("serve", "worker", "ops", "models", "runs", "schema", "db", "keys"):
        assert name in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_closes_its_run(tmp_path: Path, number: signal.Signals):
    root = str(Path(__file__).parent.parent.parent)
    settings = {"CORE_MODULES": "tests.rest.application", "PYTHONPATH": root}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "ops", "wait", "--seconds", "60"], cwd=tmp_path,
        env=environment(tmp_path, **settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while "running" not in command(tmp_path, "runs", "list", **settings).stdout:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
    process.send_signal(number)
    out, told = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert "Traceback" not in out + told
    listed = command(tmp_path, "runs", "list", **settings).stdout
    assert listed.split("\t")[2] in ("cancelled", "interrupted")
