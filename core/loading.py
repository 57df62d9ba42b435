"""Importing an application's modules, so that its declarations are registered."""

import os
import sys
from importlib import import_module

from core.errors import DeclarationError
from core.settings import Settings


def load_modules(settings: Settings) -> None:
    """Import every module of ``settings.modules``; the working directory is searched last.

    Searched last, a ``cli.py`` or ``core/`` of the user's cannot stand in for one of ours.

    Raises:
        DeclarationError: a module is not found. What a module raises itself comes through as it is.
    """
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())
    for name in settings.modules:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            raise DeclarationError(
                f"the module {name!r} is not found; name importable modules in CORE_MODULES (separated by commas) "
                "or in [tool.core] modules of pyproject.toml, and start in the folder that holds them"
            ) from error
