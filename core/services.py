"""Settings and a registry become the ``Services`` that every surface works with."""

from dataclasses import dataclass
from functools import cache

from core.actions import Data
from core.authentication import Authenticate, OwnFunction, authenticator
from core.events import ChangeFeed
from core.inspection import take_catalog
from core.loading import load_modules
from core.registries import Registry, current_registry
from core.runs.service import Runs
from core.settings import Settings, default_settings
from core.specs import Catalog


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a surface may use, made once by the composition root."""

    settings: Settings
    catalog: Catalog
    data: Data
    runs: Runs
    feed: ChangeFeed
    authenticate: Authenticate


def build_services(
    settings: Settings | None = None, registry: Registry | None = None, authenticate: OwnFunction | None = None
) -> Services:
    """Nothing is connected yet: that takes an event loop.

    Args:
        settings: the environment's by default.
        registry: by default the process's own, filled by importing ``settings.modules``.
        authenticate: the application's own principal function, beside what the settings accept.

    Raises:
        DeclarationError: something declared cannot be served.
    """
    settings = settings or default_settings()
    if registry is None:
        load_modules(settings)
        registry = current_registry()
    catalog = take_catalog(registry)
    return Services(
        settings=settings,
        catalog=catalog,
        data=Data(catalog, settings),
        runs=Runs(catalog, settings),
        feed=ChangeFeed(catalog, settings),
        authenticate=authenticator(settings, authenticate),
    )


@cache
def default_services() -> Services:
    """The services of the process's own registry and settings, made once."""
    return build_services()
