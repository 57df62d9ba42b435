"""Where a recorded background run goes from here."""

from typing import Protocol

from core.runs.hub import hub
from core.runs.model import TaskRun


class Dispatcher(Protocol):
    """Sees to it that somebody executes a pending run. The run is in the database already, so a dispatcher that fails
    has lost nothing: any runner claims the run later. An outside engine claims it under the same fence."""

    async def dispatch(self, run: TaskRun) -> None: ...


class InDatabase:
    """The database is the queue: this server's runner and every ``jobhunter worker`` claim from it."""

    async def dispatch(self, run: TaskRun) -> None:
        hub().pending_added(run.operation_name)
