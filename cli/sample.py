"""Sample data for a first look: only into an empty database of the example application, never into a user's own."""

import logging

from core.renderers import Services

log = logging.getLogger("core")

_EXAMPLE = "core.examples.models"


async def seed_sample_data(services: Services) -> None:
    """Fill an empty database when the settings allow it and the example application is what is served."""
    if not services.settings.sample_data or _EXAMPLE not in services.settings.modules:
        return
    from core.examples.sample import seed_if_empty  # only where the example application is served

    if await seed_if_empty():
        log.info("filled the empty database with sample data")
