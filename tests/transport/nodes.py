"""Node scripts of ``node/``, their packages installed once."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "node"


def npm_ci(folder: Path) -> None:
    """Install what the folder's lock names; skips where there is no Node."""
    if not shutil.which("npm"):
        pytest.skip("Node.js with npm is not installed")
    if not (folder / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)


def run_node(script: str, *arguments: str, folder: Path = FOLDER, seconds: float = 90) -> str:
    """What the script prints."""
    npm_ci(folder)
    done = subprocess.run(
        ["node", script, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=seconds
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_audits(url: str) -> None:
    """npm ``graphql-http`` finds that the endpoint keeps every MUST, SHOULD and MAY of GraphQL over HTTP."""
    audits = [json.loads(line) for line in run_node("audits.mjs", url).splitlines()]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61
