"""Who asks, and what they may do: one declaration for every surface.

``Access`` stands on a model or an operation; ``Principal`` comes with every request. Rules are checked in
``core.actions`` and ``core.runs`` and nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ANYONE = "*"
"""A role everybody holds, also those who are not logged in."""


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Whoever makes a request: a person, a key or the local owner.

    ``id`` is stored with every run. ``roles`` are matched against ``Access``; the role ``owner`` passes every rule.
    ``scopes`` narrow a key: empty means no narrowing. ``expires_at`` is timezone-aware; a subscription ends then.
    """

    id: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_owner(self) -> bool:
        return "owner" in self.roles


LOCAL_OWNER = Principal(id="local", roles=frozenset({"owner"}))
"""The principal of the local CLI, of Python callers, and of a server without authentication (loopback only)."""


RowFilter = Callable[[Principal], Mapping[str, Any] | None]


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """Which roles may read and write one field. None: whoever may read or write the model."""

    read: frozenset[str] | None = None
    write: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Access:
    """Roles a verb needs; None lets every principal pass (there is one by default: the owner).

    ``row_filter(principal)`` gives a Mongo filter that is AND-ed into every read and write, or None for all rows.
    ``fields`` maps declared field names to rules.
    """

    read: frozenset[str] | None = None
    create: frozenset[str] | None = None
    update: frozenset[str] | None = None
    delete: frozenset[str] | None = None
    run: frozenset[str] | None = None
    row_filter: RowFilter | None = None
    fields: Mapping[str, FieldRule] = field(default_factory=dict[str, FieldRule])


OPEN = Access()
