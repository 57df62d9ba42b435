"""Which code this is: client and server of one data directory must be of the same."""

import hashlib
from pathlib import Path

_PACKAGE = Path(__file__).parent


def code_version() -> str:
    """A fingerprint of this package's sources: it changes with every release, and while Core itself is worked on."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


VERSION = code_version()
