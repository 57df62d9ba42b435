"""Adopt a Motor client: one on PyMongo's own async API that reaches the same servers with the same options.

Motor is at its end of life (https://motor.readthedocs.io/), and Beanie 2 refuses its objects. An application that still
has a Motor client hands it to ``init_database`` all the same; nothing of it is changed or closed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.monitoring import CommandListener

from core.errors import Unavailable

_MOTORS_OWN = frozenset(
    {"connect", "driver", "io_loop", "_pool_class", "_monitor_class", "_condition_class", "event_listeners"}
)
"""Options that Motor adds for itself."""


def is_motor(client: object) -> bool:
    """Whether this is a client of Motor's, without importing Motor."""
    return type(client).__module__.partition(".")[0] == "motor"


def adopt(client: Any, listeners: Sequence[CommandListener] = ()) -> AsyncMongoClient[dict[str, Any]]:
    """A new client with the options of a Motor client, and ``listeners`` beside its own.

    Raises:
        Unavailable: this version of Motor does not tell its options.
    """
    options: Mapping[str, Any] | None = getattr(getattr(client, "delegate", None), "_init_kwargs", None)
    if not isinstance(options, Mapping) or "host" not in options:
        raise Unavailable(
            "this Motor client does not tell where it connects to; set MONGODB_URI, or hand over an AsyncMongoClient"
        )
    known = {name: value for name, value in options.items() if name not in _MOTORS_OWN and value is not None}
    own = list(options.get("event_listeners") or ())
    return AsyncMongoClient(**known, event_listeners=[*own, *listeners])


__all__ = ["adopt", "is_motor"]
