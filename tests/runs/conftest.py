"""Runs of the tests' own application, on the embedded server, with leases short enough to wait for."""

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pymongo import monitoring

from core.database.connection import Database
from core.inspection import take_catalog
from core.registries import Registry
from core.runs.service import Runs
from core.settings import Settings, default_settings
from core.testing import test_database
from tests.runs import application


class Commands(monitoring.CommandListener):
    """What drivers in this process send, as ``name collection``."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.seen.append(f"{event.command_name} {event.command.get(event.command_name)}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


_commands = Commands()
monitoring.register(_commands)  # clients made from now on have it


@pytest.fixture
def commands() -> Commands:
    _commands.seen.clear()
    return _commands


async def until(true: Callable[[], Awaitable[object]], seconds: float = 10.0) -> Any:
    """What ``true`` gives, as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := await true()):
        assert time.monotonic() < deadline, "it did not become true in time"
        await asyncio.sleep(0.02)
    return found


@pytest.fixture
def settings() -> Settings:
    """Leases of a second and a half, everything else quick too."""
    return default_settings().model_copy(
        update={
            "run_lease": 1.5, "run_poll": 0.1, "run_drain": 0.5, "run_retry_delay": 0.1, "run_retry_longest": 1.0,
            "run_concurrency": 20,
        }
    )  # fmt: skip


@pytest.fixture
def app(registry: Registry) -> Registry:
    """The application, registered anew for this test."""
    importlib.reload(application)
    return registry


@pytest.fixture
async def database(app: Registry, settings: Settings) -> AsyncIterator[Database]:
    """An empty database with the application's models."""
    async with test_database(settings=settings) as found:
        yield found


@pytest.fixture
async def runs(database: Database, app: Registry, settings: Settings) -> Runs:
    """The service, its runner not started."""
    return Runs(take_catalog(app), settings)


@pytest.fixture
async def served(runs: Runs) -> AsyncIterator[Runs]:
    """The service with its runner, as in a server."""
    await runs.start_runner()
    yield runs
    await runs.stop_runner()
