"""What others build on: locks that name versions and no addresses, the ASGI application, secrets from files."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from core.settings import read_settings
from tests.server import free_port

ROOT = Path(__file__).parent.parent.parent
LOCKED = re.compile(r"[a-z0-9._-]+==[^\s;]+( ; .+)?")
PACKAGES = [path for path in ROOT.rglob("package-lock.json") if "node_modules" not in path.parts]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-prefect.lock"])
def test_a_lock_names_versions_and_nothing_else(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    assert [line for line in lines if not LOCKED.fullmatch(line)] == []
    assert any(line.startswith("prefect==") for line in lines) == ("prefect" in name)


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.name)
def test_a_lock_of_node_packages_has_no_addresses(path: Path) -> None:
    packages = json.loads(path.read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_any_asgi_server_serves_the_application(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "cli.asgi:app", "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "CORE_DATA_DIR": str(tmp_path / "data")})
    try:
        deadline = time.monotonic() + 60
        while not _is_ready(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{ jobs { totalCount } }"})
        assert answer.json()["data"]["jobs"]["totalCount"] > 0
    finally:
        process.terminate()
        process.wait(20)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready").status_code == 200
    except httpx.TransportError:
        return False


def test_a_secret_comes_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mongodb_uri").write_text("mongodb://db.example/\n")
    monkeypatch.delenv("MONGODB_URI", raising=False)
    monkeypatch.setenv("CORE_SECRETS_DIR", str(tmp_path))
    settings = read_settings()
    assert settings.mongodb_uri is not None
    assert settings.mongodb_uri.get_secret_value() == "mongodb://db.example/"
    assert "db.example" not in repr(settings)
