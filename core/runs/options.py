"""How a run is asked for."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel

from core.runs.model import TaskRun


class RunMode(StrEnum):
    """``wait`` answers with the result, ``background`` with a pending run that a runner will claim."""

    WAIT = "wait"
    BACKGROUND = "background"


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """``timeout`` is in seconds and only shortens the operation's own.

    Calls of one operation with one ``idempotency_key`` run once: the later ones get the first one's answer, or
    ``Conflict`` where their input differs.
    """

    mode: RunMode = RunMode.WAIT
    idempotency_key: str | None = None
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True)
class Execution:
    """A run and its output: None while it is pending or running, and where it was too large to keep."""

    run: TaskRun
    output: BaseModel | None
