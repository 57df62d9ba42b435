"""``@on_failure``: what an application wants to do about runs that failed for good."""

import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar
from weakref import WeakKeyDictionary

from core.registries import Registry, current_registry
from core.runs.model import TaskRun

log = logging.getLogger("core.runs")

Hook = TypeVar("Hook", bound=Callable[[TaskRun], Awaitable[object]])

_hooks: WeakKeyDictionary[Registry, list[Callable[[TaskRun], Awaitable[object]]]] = WeakKeyDictionary()
_inside: ContextVar[bool] = ContextVar("core_inside_failure_hook", default=False)


def on_failure(hook: Hook) -> Hook:
    """Register an async function that gets the run when it failed or was interrupted and no attempt will follow.

    It is awaited before the run's caller gets the error. What it raises is logged; a run that fails inside of it calls
    no hooks.
    """
    _hooks.setdefault(current_registry(), []).append(hook)
    return hook


async def tell_failure(run: TaskRun) -> None:
    hooks = _hooks.get(current_registry(), ())
    if not hooks or _inside.get():
        return
    token = _inside.set(True)
    try:
        for hook in hooks:
            try:
                await hook(run)
            except Exception:
                log.exception("the failure hook %s did not take run %s", getattr(hook, "__qualname__", hook), run.id)
    finally:
        _inside.reset(token)
