"""From a request to its reply: the row of the command, its session and transaction, errors as MongoDB words them."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from bson import Binary, Int64
from bson.binary import UUID_SUBTYPE
from bson.errors import BSONError

from .call import Call
from .clock import timestamp
from .commands.table import TABLE, Row
from .concerns import (
    check_cluster_time,
    check_read_concern,
    check_read_preference,
    check_write_concern,
    with_write_concern,
)
from .engine import Engine
from .failpoints import ConnectionDropped, FailPoints
from .labels import add_labels
from .options import is_long
from .pace import Pace
from .semantics.errors import REMEDY, CommandError, bad, mismatch, unparsable
from .semantics.values import exact, is_number, type_name
from .transaction_options import ENDING, check_transaction_options
from .wire import HANDSHAKES, Request
from .writer import storage_error

log = logging.getLogger("core.database.embedded")
Reply = dict[str, Any]
_UUID_BYTES = 16
_NO_SIGNATURE = {"hash": Binary(bytes(20)), "keyId": Int64(0)}


class Dispatcher:
    """Runs commands of any connection, on the connection's own thread."""

    def __init__(self, engine: Engine, fail_points: FailPoints | None = None) -> None:
        self.engine = engine
        self._fail_points = fail_points

    def run(
        self, request: Request, connection: int, address: str, peer: object, gone: Callable[[], bool] = lambda: False
    ) -> Reply:
        name = next(iter(request.command), "")
        pace = Pace(self.engine.lane, _max_time(request.command, name), gone)
        call = Call(
            name=name, command=request.command, bodies=request.bodies, connection=connection, pace=pace,
            address=address, peer=peer,
        )  # fmt: skip
        try:
            if request.fault is not None:
                raise request.fault
            reply = self._fail_points.reply_to(call, self._answer) if self._fail_points else self._answer(call)
            reply.setdefault("ok", 1.0)
        except ConnectionDropped:
            raise
        except Exception as error:
            reply = _as_reply(error, call)
        finally:
            pace.end()
        now = timestamp(self.engine.log.committed)
        return reply | {"operationTime": now, "$clusterTime": {"clusterTime": now, "signature": _NO_SIGNATURE}}

    def _answer(self, call: Call) -> Reply:
        row = TABLE.get(call.name)
        if row is None:
            raise CommandError(
                "CommandNotFound",
                f"no such command: '{call.name}' in the embedded database; {REMEDY}",
            )
        if "$db" not in call.command:
            raise CommandError("Location40571", "OP_MSG requests require a $db argument")
        _check_options(call, row)
        check_cluster_time(call, self.engine.clock)
        lsid = call.command.get("lsid")
        if lsid is not None:
            _check_session(lsid)
            call.session = self.engine.sessions.get(lsid)
        try:
            if call.command.get("autocommit") is None or call.name in ENDING:
                with _alone(call):
                    reply = row.run(self.engine, call)
            else:
                reply = self._in_transaction(call, row)
        except CommandError as error:
            error.details |= with_write_concern(call, {})
            raise
        return with_write_concern(call, reply)

    def _in_transaction(self, call: Call, row: Row) -> Reply:
        with self._transaction(call):
            try:
                reply = row.run(self.engine, call)
            except BaseException as error:
                self._abort(call)
                if isinstance(error, CommandError) and error.code_name == "WriteConflict" and call.session is not None:
                    call.session.lost_at = time.monotonic()
                raise
            if "writeErrors" in reply:
                self._abort(call)
            return reply

    @contextmanager
    def _transaction(self, call: Call) -> Iterator[None]:
        number, session = int(call.command["txnNumber"]), call.session
        assert session is not None
        if call.command.get("startTransaction"):
            transaction = self.engine.sessions.begin(session, call.command["lsid"], number)
        else:
            transaction = self.engine.sessions.current(session, number)
        with transaction.lock:
            if not transaction.active:
                self.engine.sessions.current(session, number)
            transaction.connection_id, transaction.peer = call.connection, call.peer
            call.transaction = transaction
            yield

    def _abort(self, call: Call) -> None:
        """An error ends its transaction, as in MongoDB."""
        assert call.transaction is not None
        call.transaction.abort()
        self.engine.cursors.close_of(call.transaction)

    def connection_closed(self, connection: int, peer: object, *, last: bool) -> None:
        """``last`` if the client has no other connection left."""
        if last:
            self.engine.sessions.peer_gone(peer)
            self.engine.cursors.peer_gone(peer)
        else:
            self.engine.sessions.connection_closed(connection)


def _alone(call: Call) -> AbstractContextManager[Any]:
    """A write with a number, once at a time: its connection may drop, and the driver send it again, while it waits."""
    return call.session.busy if call.session is not None and "txnNumber" in call.command else nullcontext()


def _max_time(command: Mapping[str, Any], name: str) -> float | None:
    """Milliseconds; ``getMore`` has another use for the option."""
    found = command.get("maxTimeMS")
    return None if name == "getMore" or not is_number(found) or not found else float(str(found))


def _check_options(call: Call, row: Row) -> None:
    row.options.check(call.name, call.command)
    if call.name == "explain":
        _check_explained(call.target)
    if row.admin and call.db != "admin":
        raise CommandError("Unauthorized", f"{call.name} may only be run against the admin database.")
    check_transaction_options(call, allowed=row.transaction)
    _check_max_time(call.command.get("maxTimeMS"))
    _check_api_version(call)
    check_read_preference(call)
    check_read_concern(call, heeded=row.reads)
    check_write_concern(call, heeded=row.writes)


def _check_explained(command: Mapping[str, Any]) -> None:
    name = next(iter(command), "")
    row = TABLE.get(name)
    if row is None:
        raise CommandError("CommandNotFound", f"Explain failed due to unknown command: '{name}'; {REMEDY}")
    row.options.check(name, command)


def _check_session(lsid: Any) -> None:
    if type(lsid) is not dict or not isinstance(lsid.get("id"), bytes):
        raise mismatch("BSON field 'lsid' must be an object with an 'id' of type binData")
    for name in lsid:
        if name not in ("id", "uid"):
            raise CommandError(
                "Location40415", f"BSON field 'lsid.{name}' is an unknown field, or not offered here; {REMEDY}"
            )
    identifier = lsid["id"]
    if len(identifier) != _UUID_BYTES or getattr(identifier, "subtype", 0) != UUID_SUBTYPE:
        raise CommandError("InvalidUUID", "uuid must be a 16-byte binary field with UUID (4) subtype")


def _check_api_version(call: Call) -> None:
    command = call.command
    version = command.get("apiVersion")
    if version is None and (command.get("apiStrict") or command.get("apiDeprecationErrors") is not None):
        raise CommandError("Location4886600", "Provided apiStrict and/or apiDeprecationErrors without apiVersion")
    if version not in (None, "1"):
        raise CommandError("APIVersionError", f'API version must be "1", not {version!r}')
    if command.get("apiStrict") and call.name not in HANDSHAKES:  # whose refusal a driver would not show
        raise CommandError("APIStrictError", f"the embedded database does not offer apiStrict; {REMEDY}")


def _check_max_time(limit: Any) -> None:
    if limit is None:
        return
    if not is_number(limit):
        raise mismatch(f"maxTimeMS must be a number, but is of type {type_name(limit)}")
    if not is_long(limit):
        raise unparsable(f"maxTimeMS has non-integral value: {limit}")
    if not 0 <= exact(limit) < 2**31:
        raise bad(f"{limit} value for maxTimeMS is out of range [0, {2**31 - 1}]")


def _as_reply(error: Exception, call: Call) -> Reply:
    found = storage_error(error)
    if isinstance(found, CommandError):
        reply = {"ok": 0.0, "errmsg": found.message, "code": found.code, "codeName": found.code_name, **found.details}
        add_labels(reply, call.name, call.command, found.code)
        return reply
    if isinstance(found, BSONError | OverflowError | RecursionError | UnicodeError):
        return {
            "ok": 0.0,
            "errmsg": f"a value that cannot be stored: {found}; {REMEDY}",
            "code": 2,
            "codeName": "BadValue",
        }
    log.error("command %s failed", call.name, exc_info=error)
    kind = "the database file" if isinstance(error, sqlite3.Error) else "the embedded database"
    message = f"an error inside {kind} ({type(error).__name__}); its log tells more"
    return {"ok": 0.0, "errmsg": message, "code": 1, "codeName": "InternalError"}
