"""The statuses of a run and the only ways from one to another."""

from collections.abc import Mapping
from enum import StrEnum


class TaskRunStatus(StrEnum):
    """Where a run stands. The last four are final."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        return not TRANSITIONS[self]


BEGINNINGS = frozenset({TaskRunStatus.PENDING, TaskRunStatus.RUNNING})
"""A background run begins as pending, one that is awaited as running."""

TRANSITIONS: Mapping[TaskRunStatus, frozenset[TaskRunStatus]] = {
    TaskRunStatus.PENDING: frozenset({TaskRunStatus.RUNNING, TaskRunStatus.CANCELLED}),
    TaskRunStatus.RUNNING: frozenset(
        {TaskRunStatus.SUCCESS, TaskRunStatus.FAILED, TaskRunStatus.CANCELLED, TaskRunStatus.INTERRUPTED}
    ),
    TaskRunStatus.SUCCESS: frozenset(),
    TaskRunStatus.FAILED: frozenset(),
    TaskRunStatus.CANCELLED: frozenset(),
    TaskRunStatus.INTERRUPTED: frozenset(),
}
"""A later attempt is another document, so nothing leaves a final status."""

FINAL = tuple(status.value for status in TaskRunStatus if status.is_final)


def may_follow(before: TaskRunStatus | None, after: TaskRunStatus) -> bool:
    """Whether ``after`` may come next; ``before`` is None for a new document."""
    return after in (BEGINNINGS if before is None else TRANSITIONS[before])
