"""A surface (GraphQL, REST, the CLI) is a translation: it parses, calls ``Services``, and formats.

It builds from ``Services.catalog`` at start-up, speaks to the database only through ``data``, ``runs`` and ``feed``,
hands the caller's ``Principal`` to every call, and renders every ``CoreError`` it gets back. It reads no annotation,
decides no access, and keeps no state of its own.
"""

from typing import Any, Protocol

from core.services import Services

__all__ = ["Services", "Surface"]


class Surface(Protocol):
    """What a surface provides. It is made with ``Services``; ``mount`` adds its routes to the host application."""

    def mount(self, app: Any) -> None: ...
