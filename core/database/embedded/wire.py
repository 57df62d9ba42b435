"""OP_MSG framing (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/), and the OP_QUERY handshake
that drivers still begin with."""

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict, tz_aware=False, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
MAX_MESSAGE_BYTES = 48_000_000
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_CHECKSUM, _MORE_TO_COME = 1, 2
_header = struct.Struct("<iiii")


class ProtocolError(Exception):
    """Bytes that are no message we can answer: the connection is closed."""


@dataclass(frozen=True, kw_only=True)
class Request:
    id: int
    opcode: int
    command: dict[str, Any]
    silent: bool
    """The client wants no answer (``moreToCome``)."""


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request, or None at the end of the connection."""
    try:
        length, request_id, _, opcode = _header.unpack(await reader.readexactly(16))
        if not 16 < length <= MAX_MESSAGE_BYTES:
            raise ProtocolError(f"a message of {length} bytes")
        body = await reader.readexactly(length - 16)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    try:
        if opcode == _OP_MSG:
            return _message(request_id, body)
        if opcode == _OP_QUERY:
            end = body.index(b"\0", 4)
            command = bson.decode(body[end + 9 :][: _size(body, end + 9)], CODEC)
            return Request(id=request_id, opcode=opcode, command={**command, "$db": "admin"}, silent=False)
    except (bson.errors.InvalidBSON, struct.error, ValueError, IndexError) as error:
        raise ProtocolError(str(error)) from error
    raise ProtocolError(f"opcode {opcode}")


def encode_reply(request: Request, reply: Mapping[str, Any]) -> bytes:
    document = bson.encode(reply, codec_options=CODEC)
    if request.opcode == _OP_QUERY:
        body = struct.pack("<iqii", 8, 0, 0, 1) + document
        return _header.pack(16 + len(body), 0, request.id, _OP_REPLY) + body
    return _header.pack(21 + len(document), 0, request.id, _OP_MSG) + b"\0\0\0\0\0" + document


def _message(request_id: int, body: bytes) -> Request:
    (flags,) = struct.unpack_from("<I", body)
    end = len(body) - (4 if flags & _CHECKSUM else 0)
    position = 4
    command: dict[str, Any] = {}
    sequences: dict[str, list[dict[str, Any]]] = {}
    while position < end:
        kind, position = body[position], position + 1
        size = _size(body, position)
        if kind == 0:
            command = bson.decode(body[position : position + size], CODEC)
        elif kind == 1:
            name_end = body.index(b"\0", position + 4)
            name = body[position + 4 : name_end].decode()
            sequences[name] = bson.decode_all(body[name_end + 1 : position + size], CODEC)
        else:
            raise ProtocolError(f"a section of kind {kind}")
        position += size
    return Request(id=request_id, opcode=_OP_MSG, command={**command, **sequences}, silent=bool(flags & _MORE_TO_COME))


def _size(body: bytes, position: int) -> int:
    (size,) = struct.unpack_from("<i", body, position)
    if not 4 <= size <= len(body) - position:
        raise ProtocolError("a section longer than its message")
    return size
