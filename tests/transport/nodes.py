"""Node scripts of ``node/``, their packages installed once."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "node"


def run_node(script: str, *arguments: str, seconds: float = 60) -> str:
    """What the script prints; skips where there is no Node."""
    if not shutil.which("npm"):
        pytest.skip("Node.js with npm is not installed")
    if not (FOLDER / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, timeout=300)
    done = subprocess.run(
        ["node", script, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=seconds
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
