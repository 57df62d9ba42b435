"""Live changes of documents: one change stream a process, fanned out to every subscriber under its own rules."""

from core.events.feed import ChangeFeed
from core.events.subscription import Change, Kind, Subscription

__all__ = ["Change", "ChangeFeed", "Kind", "Subscription"]
