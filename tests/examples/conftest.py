"""Loopback pages and quick settings for the example's tests."""

from collections.abc import Callable, Iterator

import pytest

import core.examples.operations  # noqa: F401  (registers models and operations)
from core.examples.settings import JobhunterSettings, jobhunter_settings
from tests.examples.loopback import Site, serve

Configure = Callable[..., JobhunterSettings]


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as found:
        yield found


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Sets ``JOBHUNTER_…`` variables: ``configure(indeed_url=…)``. Fetching does not pause unless told to."""

    def change(**values: object) -> JobhunterSettings:
        for name, value in values.items():
            monkeypatch.setenv(f"JOBHUNTER_{name.upper()}", str(value))
        jobhunter_settings.cache_clear()
        return jobhunter_settings()

    monkeypatch.setenv("NO_PROXY", "*")
    change(fetch_delay=0, fetch_backoff=0)
    yield change
    monkeypatch.undo()
    jobhunter_settings.cache_clear()
