"""OP_MSG framing (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/), and the OP_QUERY handshake
that drivers still begin with."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from bson.errors import InvalidBSON

from .given import decode_given, refuse_deprecated
from .semantics.errors import CommandError
from .semantics.values import decode, encode

MAX_MESSAGE_BYTES = 48_000_000
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
HANDSHAKES = frozenset({"hello", "isMaster", "ismaster"})
_CHECKSUM, _MORE_TO_COME, _KNOWN_FLAGS = 1, 2, 1 | 2 | 1 << 16
_header = struct.Struct("<iiii")


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class ProtocolError(Exception):
    """Bytes that are no message we can answer: the connection is closed."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """``bodies`` are the documents of each sequence section as the client encoded them."""

    id: int
    opcode: int
    command: dict[str, Any]
    bodies: Mapping[str, Sequence[bytes]]
    silent: bool
    """The client wants no answer (``moreToCome``)."""
    fault: CommandError | None = None
    """Why it cannot be taken; the command is empty then."""


def read_request(stream: Stream) -> Request | None:
    """The next request, or None at the end of the connection."""
    header = stream.read(16)
    if len(header) < 16:
        return None
    length, request_id, _, opcode = _header.unpack(header)
    if not 16 < length <= MAX_MESSAGE_BYTES:
        raise ProtocolError(f"a message of {length} bytes")
    body = stream.read(length - 16)
    if len(body) < length - 16:
        return None
    try:
        if opcode == _OP_MSG:
            return _message(request_id, body)
        if opcode == _OP_QUERY:
            end = body.index(b"\0", 4)
            return _handshake(request_id, decode(body[end + 9 :][: _size(body, end + 9)]))
    except (InvalidBSON, struct.error, ValueError, IndexError, RecursionError) as error:
        raise ProtocolError(str(error)) from error
    raise ProtocolError(f"opcode {opcode}")


def _handshake(request_id: int, command: dict[str, Any]) -> Request:
    """OP_QUERY, which MongoDB takes for nothing else since version 5.1."""
    name = next(iter(command), "")
    if name in HANDSHAKES:
        return Request(id=request_id, opcode=_OP_QUERY, command={**command, "$db": "admin"}, bodies={}, silent=False)
    fault = CommandError("UnsupportedOpQueryCommand", f"Unsupported OP_QUERY command: {name}. Upgrade the driver")
    return Request(id=request_id, opcode=_OP_QUERY, command={}, bodies={}, silent=False, fault=fault)


def encode_reply(request: Request, reply: dict[str, Any]) -> bytes:
    document = encode(reply)
    if request.opcode == _OP_QUERY:
        body = struct.pack("<iqii", 8, 0, 0, 1) + document
        return _header.pack(16 + len(body), 0, request.id, _OP_REPLY) + body
    return _header.pack(21 + len(document), 0, request.id, _OP_MSG) + b"\0\0\0\0\0" + document


def command(document: dict[str, Any]) -> bytes:
    """A request, for a client that needs no driver."""
    body = encode(document)
    return _header.pack(21 + len(body), 1, 0, _OP_MSG) + b"\0\0\0\0\0" + body


def read_reply(stream: Stream) -> dict[str, Any]:
    """What came back for ``command``."""
    found = read_request(stream)
    if found is None:
        raise ProtocolError("no answer")
    return found.command


def _message(request_id: int, body: bytes) -> Request:
    (flags,) = struct.unpack_from("<I", body)
    if flags & 0xFFFF & ~_KNOWN_FLAGS:
        raise ProtocolError(f"required flags {flags:#x}")
    end = len(body) - (4 if flags & _CHECKSUM else 0)
    position = 4
    encoded: bytes | None = None
    bodies: dict[str, list[bytes]] = {}
    while position < end:
        kind, position = body[position], position + 1
        size = _size(body, position)
        if kind == 0:
            encoded = body[position : position + size]
        elif kind == 1:
            name_end = body.index(b"\0", position + 4)
            documents = _documents(body, name_end + 1, position + size)
            bodies[body[position + 4 : name_end].decode()] = documents
        else:
            raise ProtocolError(f"a section of kind {kind}")
        position += size
    if encoded is None:
        raise ProtocolError("a message without a command")
    silent = bool(flags & _MORE_TO_COME)
    try:
        for one in chain([encoded], *bodies.values()):
            refuse_deprecated(one)
        command = decode_given(encoded)
    except CommandError as fault:
        return Request(id=request_id, opcode=_OP_MSG, command={}, bodies={}, silent=silent, fault=fault)
    return Request(id=request_id, opcode=_OP_MSG, command=command, bodies=bodies, silent=silent)


def _documents(body: bytes, position: int, end: int) -> list[bytes]:
    found: list[bytes] = []
    while position < end:
        size = _size(body, position)
        found.append(body[position : position + size])
        position += size
    return found


def _size(body: bytes, position: int) -> int:
    (size,) = struct.unpack_from("<i", body, position)
    if not 4 <= size <= len(body) - position:
        raise ProtocolError("a section longer than its message")
    return size
