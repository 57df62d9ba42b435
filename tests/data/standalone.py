"""A MongoDB server that is no replica set, as far as a client can tell: no transactions, no change streams.

It stands before the embedded server and forwards everything else. What it answers is what mongod 7 answers:
https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import bson

_HEADER = struct.Struct("<iiii")
_OP_REPLY, _OP_MSG = 1, 2013
_REPLICA_SET = {"setName", "setVersion", "hosts", "primary", "me", "electionId", "lastWrite", "topologyVersion"}


@dataclass
class Standalone:
    """Such a server. ``faults`` are error replies by command name, instead of the real ones; ``seen`` the commands."""

    uri: str
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)

    def refusal(self, body: bytes) -> dict[str, Any] | None:
        (size,) = struct.unpack_from("<i", body, 5)
        command = bson.decode(body[5 : 5 + size])
        self.seen.append(command)
        if command.get("startTransaction"):
            return error(20, "Transaction numbers are only allowed on a replica set member or mongos")
        stages = command.get("pipeline") or [{}]
        if "$changeStream" in stages[0]:
            return error(40573, "The $changeStream stage is only supported on replica sets")
        return self.faults.get(next(iter(command)))


def error(code: int, message: str = "refused") -> dict[str, Any]:
    return {"ok": 0.0, "errmsg": message, "code": code}


@asynccontextmanager
async def standalone(socket_of_server: Path, path: Path) -> AsyncIterator[Standalone]:
    """Lives as long as the block."""
    alone = Standalone(uri=f"mongodb://{quote_plus(str(path))}/?directConnection=true")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await asyncio.open_unix_connection(socket_of_server)
        try:
            while True:
                head, body = await _read(reader)
                _, request_id, _, opcode = _HEADER.unpack(head)
                refusal = alone.refusal(body) if opcode == _OP_MSG else None
                if refusal is None:
                    behind[1].write(head + body)
                    writer.write(_alone(*await _read(behind[0])))
                else:
                    reply = b"\0\0\0\0\0" + bson.encode(refusal)
                    writer.write(_HEADER.pack(16 + len(reply), 0, request_id, _OP_MSG) + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            behind[1].close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield alone
    finally:
        server.close()


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(_HEADER.size)
    return head, await reader.readexactly(_HEADER.unpack(head)[0] - _HEADER.size)


def _alone(head: bytes, body: bytes) -> bytes:
    """The reply without any word of a replica set."""
    _, reply_id, request_id, opcode = _HEADER.unpack(head)
    start = 20 if opcode == _OP_REPLY else 5
    if b"setName" not in body:
        return head + body
    greeting = {name: value for name, value in bson.decode(body[start:]).items() if name not in _REPLICA_SET}
    body = body[:start] + bson.encode(greeting)
    return _HEADER.pack(16 + len(body), reply_id, request_id, opcode) + body
