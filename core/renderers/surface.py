"""A surface (GraphQL, REST, the CLI) is a translation: it parses, calls ``Services``, and formats.

It builds from ``Services.catalog`` at start-up, speaks to the database only through ``data``, ``runs`` and ``feed``,
hands the caller's ``Principal`` to every call, and renders every ``CoreError`` it gets back. It reads no annotation,
decides no access, and keeps no state of its own.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from core.settings import Settings
from core.specs import Catalog

if TYPE_CHECKING:
    from core.actions import Data
    from core.authentication import Authenticate
    from core.events import ChangeFeed
    from core.runs.service import Runs


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a surface may use, made once by the composition root."""

    settings: Settings
    catalog: Catalog
    data: "Data"
    runs: "Runs"
    feed: "ChangeFeed"
    authenticate: "Authenticate"


class Surface(Protocol):
    """What a surface provides: ``mount`` puts its routes into ``app``, the host application's router."""

    def mount(self, app: Any, services: Services) -> None: ...
