"""The console script ``jobhunter``: makes sure that the command line it starts is ours.

``cli`` and ``core`` are common names. A ``cli.py`` of the user's that Python finds first (through ``PYTHONPATH``, say)
would stand in for our package, with errors that nobody understands.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

_HOME = Path(__file__).parent.parent


def main() -> None:
    """Start the command line, or say which file shadows it and what to do."""
    shadow = shadowing("cli")
    if shadow is not None:
        sys.exit(f"error: {shadow} hides the `cli` package of Core; rename it, or take its folder out of PYTHONPATH")
    import_module("cli.main").main()  # by name: core knows none of its surfaces


def shadowing(package: str) -> str | None:
    """The file that Python finds instead of our top-level ``package``, if any."""
    found = find_spec(package)
    if found is None or found.origin is None:
        return None
    origin = Path(found.origin)
    return None if origin.resolve().parent == (_HOME / package).resolve() else str(origin)
