"""The target of ``$out``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/out/"""

from typing import Any

from ..errors import CommandError, unsupported
from ..values import type_name
from .lookup import check_collection
from .options import check_type, fields_of

_SYSTEM_DATABASES = ("admin", "config", "local")
_LONGEST_NAMESPACE = 255


def out_target(argument: Any, db: str) -> tuple[str, str]:
    """Database and collection of a ``$out`` in a command on ``db``; raises CommandError for a place it cannot write."""
    db, name = _named(argument) if type(argument) is dict else (db, argument)
    check_collection(name)
    if "$" in name or len(f"{db}.{name}".encode()) > _LONGEST_NAMESPACE:
        raise CommandError("IllegalOperation", f"cannot create a collection of the name {name!r} by $out")
    if name.startswith("system."):
        raise CommandError("Location17385", f"Can't $out to special collection: {name}")
    if db in _SYSTEM_DATABASES:
        raise CommandError("Location31321", f"Can't $out to internal database: {db}")
    return db, name


def check_out(argument: Any) -> Any:
    """The argument of an ``$out``, if it has a type that can be one."""
    if type(argument) not in (str, dict):
        message = f"$out only supports a string or object argument, but found {type_name(argument)}"
        raise CommandError("Location16990", message)
    return argument


def _named(options: dict[str, Any]) -> tuple[str, str]:
    found = fields_of("$out", options, ("db", "coll", "timeseries"), ("db", "coll"))
    for option in ("db", "coll"):
        check_type("$out", found, option, str)
    if "timeseries" in found:
        check_type("$out", found, "timeseries", dict)
        raise unsupported("'timeseries' of $out", "option")
    return found["db"], found["coll"]
