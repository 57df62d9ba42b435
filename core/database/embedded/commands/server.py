"""The server about itself, and sessions: https://www.mongodb.com/docs/manual/reference/command/nav-diagnostic/"""

import os
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bson import Binary, ObjectId

from ..call import Call
from ..clock import timestamp
from ..engine import Engine
from ..semantics.errors import REMEDY, CommandError, bad, mismatch
from ..semantics.values import type_name
from ..sessions import Session
from ..wire import MAX_DOCUMENT_BYTES, MAX_MESSAGE_BYTES

Reply = dict[str, Any]
_WIRE_VERSION = 21  # what a MongoDB 7.0 says; drivers choose their dialect by it
_RELEASE = "7.0.0"
_SET = "core"
_ELECTION = ObjectId("7fffffff0000000000000001")  # the first one, and there is never another
_PROCESS = uuid.uuid4()


def hello(engine: Engine, call: Call) -> Reply:
    _check_user(call.command)
    now = datetime.now(UTC)
    last = {"ts": timestamp(engine.log.committed), "t": 1}
    return {
        "helloOk": True, "isWritablePrimary": True, "ismaster": True, "secondary": False,
        "setName": _SET, "setVersion": 1, "hosts": [call.address], "primary": call.address, "me": call.address,
        "electionId": _ELECTION, "lastWrite": {
            "opTime": last, "lastWriteDate": now, "majorityOpTime": last, "majorityWriteDate": now,
        },
        "maxBsonObjectSize": MAX_DOCUMENT_BYTES, "maxMessageSizeBytes": MAX_MESSAGE_BYTES, "maxWriteBatchSize": 100_000,
        "localTime": now, "logicalSessionTimeoutMinutes": 30, "connectionId": call.connection, "minWireVersion": 0,
        "maxWireVersion": _WIRE_VERSION, "readOnly": False, "coreVersion": engine.version, "corePid": os.getpid(),
        "coreConnections": engine.connections(),
    }  # fmt: skip


def _check_user(command: Mapping[str, Any]) -> None:
    """``database.user``, or the two apart; what there is no user of has no mechanisms to tell."""
    if "saslSupportedMechs" not in command:
        return
    asked = command["saslSupportedMechs"]
    if type(asked) is dict:
        if not all(type(asked.get(name)) is str for name in ("user", "db")):
            raise bad("saslSupportedMechs must name a user and its db")
    elif type(asked) is not str:
        raise mismatch(f"saslSupportedMechs must be a string or an object, not a {type_name(asked)}")
    elif "." not in asked:
        raise bad(f"saslSupportedMechs must be database.user, not {asked!r}")


def ping(engine: Engine, call: Call) -> Reply:
    return {}


def whats_my_uri(engine: Engine, call: Call) -> Reply:
    return {"you": engine.address_of(call.connection)}


def build_info(engine: Engine, call: Call) -> Reply:
    return {
        "version": _RELEASE, "versionArray": [7, 0, 0, 0], "gitVersion": "core", "modules": ["core-embedded"],
        "bits": 64, "debug": False, "maxBsonObjectSize": MAX_DOCUMENT_BYTES, "storageEngines": ["sqlite"],
        "javascriptEngine": "none", "openssl": {"running": "disabled", "compiled": "disabled"},
    }  # fmt: skip


def connection_status(engine: Engine, call: Call) -> Reply:
    found: Reply = {"authenticatedUsers": [], "authenticatedUserRoles": []}
    if call.flag("showPrivileges"):
        found["authenticatedUserPrivileges"] = []
    return {"authInfo": found, "uuid": Binary.from_uuid(uuid.uuid5(_PROCESS, str(call.connection)))}


def get_parameter(engine: Engine, call: Call) -> Reply:
    if "featureCompatibilityVersion" in call.command:
        return {"featureCompatibilityVersion": {"version": "7.0"}}
    raise CommandError("InvalidOptions", f"no option found to get: only featureCompatibilityVersion; {REMEDY}")


def _sessions(call: Call) -> Iterator[dict[str, Any]]:
    for lsid in call.target:
        if type(lsid) is not dict or not isinstance(lsid.get("id"), bytes):
            raise mismatch(f"BSON field '{call.name}' must be an array of sessions")
        yield lsid


def end_sessions(engine: Engine, call: Call) -> Reply:
    for lsid in _sessions(call):
        engine.sessions.end(lsid)
    return {}


def refresh_sessions(engine: Engine, call: Call) -> Reply:
    for lsid in _sessions(call):
        engine.sessions.get(lsid)
    return {}


def commit_transaction(engine: Engine, call: Call) -> Reply:
    session, number = _transaction_of(call)
    ended = session.transaction
    with engine.pool.snapshot() as sqlite:
        engine.sessions.commit(session, number, sqlite)
    engine.cursors.close_of(ended)
    return {}


def abort_transaction(engine: Engine, call: Call) -> Reply:
    session, number = _transaction_of(call)
    engine.sessions.abort(session, number)
    engine.cursors.close_of(session.transaction)
    return {}


def _transaction_of(call: Call) -> tuple[Session, int]:
    if call.session is None or call.command.get("txnNumber") is None:
        raise CommandError("CommandFailed", f"{call.name} must be run within a transaction")
    return call.session, int(call.command["txnNumber"])
