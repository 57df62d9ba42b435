"""What ``strace -f -y`` saw of a server: whether each reply left after the write it acknowledges was on disk."""

import ast
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

STRACE = ("strace", "-D", "-f", "-y", "-s", "5000", "-e", "trace=pwrite64,fsync,fdatasync,sendto,sendmsg,write", "-o")
"""To be followed by the file of the trace; ``-s`` shows whole pages of SQLite."""
_LOG = "data.sqlite3-wal"
_SYNCS, _SENDS = ("fsync", "fdatasync"), ("sendto", "sendmsg", "write")
_CALL = re.compile(r"(\d+) +(\w+)\((\d+<[^>]*>)")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>")
_BYTES = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(kw_only=True)
class Call:
    """A call of the system: the lines of the trace where it began and where it ended."""

    name: str
    file: str
    data: bytes
    began: int
    ended: int | None = None


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """Those that succeeded; calls of several threads overlap."""
    running: dict[str, Call] = {}
    for number, line in enumerate(lines):
        if begun := _CALL.match(line):
            thread, name, file = begun.groups()
            shown = _BYTES.search(line)
            data = ast.literal_eval(f'b"{shown[1]}"') if shown else b""
            running[thread] = Call(name=name, file=file, data=data, began=number)
        elif resumed := _RESUMED.match(line):
            thread = resumed[1]
        else:
            continue
        if "<unfinished ...>" not in line and (call := running.pop(thread, None)) and " = -1 " not in line:
            call.ended = number
            yield call


def acknowledged_too_early(lines: Iterable[str], replies: Mapping[int, bytes]) -> list[bytes]:
    """The written values whose reply began before they were in SQLite's log and the log was synced.

    ``replies`` are the values written, each unique, by the number of the request that wrote it.
    """
    found = list(calls(lines))
    logged = [call for call in found if _LOG in call.file]
    sent = {_answered(call): call.began for call in found if call.name in _SENDS and len(call.data) >= 16}
    return [
        value
        for request, value in replies.items()
        if (durable := _durable(logged, value)) is None or durable > sent[request]
    ]


def _answered(call: Call) -> int:
    """``responseTo`` of a reply: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/"""
    return struct.unpack_from("<i", call.data, 8)[0]


def _durable(logged: list[Call], value: bytes) -> int | None:
    """Where the first sync ended that began after the value was written."""
    written = next((call.ended for call in logged if call.name == "pwrite64" and value in call.data), None)
    if written is None:
        return None
    return next((call.ended for call in logged if call.name in _SYNCS and call.began > written), None)
