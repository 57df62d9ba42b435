"""A pytest plugin for a suite that knows nothing of refusals: a test fails only where the server answered wrongly.

A failed test in which the server said "set MONGODB_URI" asked for what is not offered, and counts as skipped.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import monitoring

_REMEDY = "set MONGODB_URI"


class _Refusals(monitoring.CommandListener):
    """What the server has refused since the test began."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        for error in event.reply.get("writeErrors", ()):
            self._note(error)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._note(event.failure)

    def _note(self, failure: Any) -> None:
        if _REMEDY in str(failure.get("errmsg")):
            self.messages.append(failure["errmsg"])


_refusals = _Refusals()
monitoring.register(_refusals)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart() -> None:
    _refusals.messages.clear()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: pytest.TestReport = (yield).get_result()  # pyright: ignore
    if report.failed and (_refusals.messages or _REMEDY in str(report.longrepr)):  # a fixture keeps its error
        report.outcome = "skipped"
        reason = _refusals.messages[0] if _refusals.messages else "what a fixture asks for"
        report.longrepr = (str(item.path), 0, f"Skipped: refused: {reason}")
