"""Read and write concerns: which are well formed, and what one server can promise of them.

https://www.mongodb.com/docs/manual/reference/read-concern/ and
https://www.mongodb.com/docs/manual/reference/write-concern/
"""

from collections.abc import Mapping
from typing import Any

from bson import Timestamp

from .call import Call
from .clock import Clock, ticks_of
from .options import clamped
from .semantics.errors import CommandError, bad, mismatch, unparsable, unsupported
from .semantics.evaluation import truthy
from .semantics.values import exact, is_nan, is_number, type_name

Reply = dict[str, Any]
_MODES = ("primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest")
_LEVELS = ("local", "available", "majority", "linearizable", "snapshot")
_READ_FIELDS = frozenset({"level", "afterClusterTime", "atClusterTime", "afterOpTime", "provenance"})
_TIMES = frozenset({"afterClusterTime", "atClusterTime"})
_WRITE_FIELDS = frozenset({"w", "j", "fsync", "wtimeout", "provenance"})
_PROVENANCES = (
    "clientSupplied", "implicitDefault", "customDefault", "getLastErrorDefaults", "internalWriteDefault",
)  # fmt: skip
_MOST_MEMBERS, _MOST_MILLISECONDS = 50, 2**31 - 1


def check_read_concern(call: Call, *, heeded: bool) -> None:
    """Raise CommandError for a read concern that is malformed or not offered, or that the command does not heed."""
    concern = call.mapping("readConcern")
    if not concern:
        return
    _check_fields("readConcern", concern, _READ_FIELDS)
    level = concern.get("level")
    if level is not None and type(level) is not str:
        raise mismatch(f"BSON field 'readConcern.level' is the wrong type '{type_name(level)}', expected type 'string'")
    if level is not None and level not in _LEVELS:
        raise bad(f"Enumeration value '{level}' for field 'readConcern.level' is not a valid value.")
    for name in _TIMES & concern.keys():
        if type(concern[name]) is not Timestamp:
            raise mismatch(f"BSON field 'readConcern.{name}' is the wrong type, expected type 'timestamp'")
        if not concern[name].time and not concern[name].inc:
            raise CommandError("InvalidOptions", f"{name} cannot be a null timestamp")
    if not heeded and level not in (None, "local") and call.command.get("autocommit") is None:
        raise CommandError("InvalidOptions", f"Command {call.name} does not support {{ readConcern: {level} }}")
    if "atClusterTime" in concern and level != "snapshot":
        raise CommandError("InvalidOptions", "atClusterTime is only for read concern level 'snapshot'")
    if "atClusterTime" in concern or (level == "snapshot" and call.command.get("autocommit") is None):
        raise unsupported("read concern snapshot outside a transaction", "option")


def check_cluster_time(call: Call, clock: Clock) -> None:
    """Raise CommandError for a read after a time that has not come."""
    asked = (call.mapping("readConcern") or {}).get("afterClusterTime")
    if asked is not None and ticks_of(asked) > clock.now:
        message = "readConcern afterClusterTime value must not be greater than the current clusterTime"
        raise CommandError("InvalidOptions", message)


def check_read_preference(call: Call) -> None:
    """Raise CommandError for a mode that there is not; there is but one server to read from."""
    mode = (call.mapping("$readPreference") or {}).get("mode", "primary")
    if mode not in _MODES:
        raise bad(f"Enumeration value '{mode}' for field '$readPreference.mode' is not a valid value.")


def check_write_concern(call: Call, *, heeded: bool) -> None:
    """Raise CommandError for a write concern that is malformed, before the write is done, or that is not heeded."""
    concern = call.mapping("writeConcern")
    if concern is None:
        return
    if not heeded:
        raise CommandError("InvalidOptions", f"Command {call.name} does not support writeConcern")
    _check_fields("writeConcern", concern, _WRITE_FIELDS)
    _check_members(concern.get("w"))
    for name in ("j", "fsync"):
        value = concern.get(name)
        if value is not None and type(value) is not bool and not is_number(value):
            raise mismatch(f"BSON field 'writeConcern.{name}' is the wrong type '{type_name(value)}', expected a bool")
    if truthy(concern.get("j")) and truthy(concern.get("fsync")):
        raise unparsable("fsync and j options cannot be used together")
    limit = concern.get("wtimeout")
    if is_number(limit) and not is_nan(limit) and exact(limit) > _MOST_MILLISECONDS:
        raise unparsable(f"wtimeout must be at most {_MOST_MILLISECONDS} ms")


def _check_fields(concern: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in given:
        if name not in known:
            raise CommandError("Location40415", f"BSON field '{concern}.{name}' is an unknown field.")
    origin = given.get("provenance")
    if origin is not None and type(origin) is not str:
        raise mismatch(f"BSON field '{concern}.provenance' is the wrong type '{type_name(origin)}', expected a string")
    if origin is not None and origin not in _PROVENANCES:
        raise bad(f"Enumeration value '{origin}' for field '{concern}.provenance' is not a valid value.")


def _check_members(wanted: Any) -> None:
    if is_number(wanted):
        if is_nan(wanted) or not 0 <= clamped(wanted) <= _MOST_MEMBERS:
            raise unparsable(f"w has to be a non-negative number and not greater than {_MOST_MEMBERS}; found: {wanted}")
    elif type(wanted) is dict:
        if not wanted or not all(map(is_number, wanted.values())):
            raise unparsable("tagged write concern requires tags, each with a number")
    elif wanted is not None and type(wanted) is not str:
        raise unparsable(f"w has to be a number, string, or object; found: {type_name(wanted)}")


def with_write_concern(call: Call, reply: Reply) -> Reply:
    """More members than the one there is cannot acknowledge; the write is done all the same."""
    concern = call.mapping("writeConcern") or {}
    wanted = concern.get("w")
    if is_number(wanted) and clamped(wanted) < 1 and not truthy(concern.get("j")):
        return {name: value for name, value in reply.items() if name != "writeErrors"}  # nobody asked for them
    if wanted is None or wanted == "majority" or (is_number(wanted) and clamped(wanted) < 2):
        return reply
    code, name = (79, "UnknownReplWriteConcern") if type(wanted) is str else (100, "UnsatisfiableWriteConcern")
    message = f"Not enough data-bearing nodes for write concern w: {wanted!r}: the embedded database is one server"
    return reply | {"writeConcernError": {"code": code, "codeName": name, "errmsg": message}}
