"""Beanie's event hooks around writes of ours: each hook of a document runs once for a write, whatever it is called.

A change through Core is an update, a save and a replacement at once, so a hook on any of them runs.
https://beanie-odm.dev/tutorial/event-based-actions/
"""

import inspect
from collections.abc import Callable
from typing import Any

from beanie import Document
from beanie.odm.actions import ActionDirections, ActionRegistry, EventTypes

Events = tuple[EventTypes, ...]

INSERT: Events = (EventTypes.INSERT,)
UPDATE: Events = (EventTypes.UPDATE, EventTypes.SAVE, EventTypes.SAVE_CHANGES, EventTypes.REPLACE)
DELETE: Events = (EventTypes.DELETE,)


async def before(document: Document, events: Events) -> None:
    """Beanie's ``validate_on_save``, then the hooks before the events, in the order of their declaration."""
    if events is not DELETE:
        await document.validate_self()
    await _run(document, events, ActionDirections.BEFORE)


async def after(document: Document, events: Events) -> None:
    """The hooks after the events: the write has happened."""
    await _run(document, events, ActionDirections.AFTER)


def has_hooks(document: type[Document], events: Events) -> bool:
    return any(_hooks(document, events, direction) for direction in ActionDirections)


async def _run(document: Document, events: Events, direction: ActionDirections) -> None:
    for hook in _hooks(type(document), events, direction):
        result = hook(document)
        if inspect.isawaitable(result):
            await result


def _hooks(document: type[Document], events: Events, direction: ActionDirections) -> list[Callable[[Document], Any]]:
    found = (hook for event in events for hook in ActionRegistry.get_action_list(document, event, direction))  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return list(dict.fromkeys(found))  # pyright: ignore[reportUnknownArgumentType]
