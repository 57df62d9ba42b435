"""Documents as clients give them: decoded, and refused where Python's ``bson`` would not keep what they say.

It makes null, ``DBRef`` and ``str`` of the deprecated types undefined, DBPointer and symbol, and keeps the last of two
fields of one name: a document that holds such would change with an update of another field. Each is looked for by a
screen that costs little; what may be a hit is walked byte by byte. Layout of the types: https://bsonspec.org/spec.html
"""

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from bson.errors import InvalidBSON

from .semantics.errors import REMEDY, CommandError, bad, unsupported
from .semantics.values import decode, decode_all, encode

DEEPEST = 200
"""How many levels a command may have below its own
(https://github.com/mongodb/mongo/blob/master/src/mongo/bson/bson_depth.h)."""
DEEPEST_STORED = 180
"""How many levels a stored document may have, with its own."""
_SMALLEST_LEVEL = 7  # bytes: the type, the end of an empty name, the length and the end of the document
_DEPRECATED = (0x06, 0x0C, 0x0E)
_CHARACTER = rb"(?:[\x01-\x7f]|[\xc2-\xf4][\x80-\xbf]{1,3})"
_MAYBE = re.compile(
    rb"[\x06\x0c\x0e](?!\0\0\0)" + _CHARACTER + rb"{0,3}+(?:\0(?:[\0-\x13\x7f\xff]|...[\0\x01])|" + _CHARACTER + rb")",
    re.DOTALL,
)
"""Where such an element could stand: its type; its name, of which four characters are enough, so that no text makes
this slow; then the next type or an end, for an undefined value has no bytes, or the length of a string of at most
16 MiB. Most bytes of an ObjectId are none. Three zeros follow in lengths and small numbers; in an element they could
only be those of an undefined value without a name that ends two documents."""
_SIZES = {
    0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7F: 0, 0xFF: 0,
}  # fmt: skip
_LENGTH_BESIDE = {0x02: 4, 0x0D: 4, 0x05: 5, 0x03: 0, 0x04: 0, 0x0F: 0}
"""Bytes of a value that its leading length does not count."""
_DOCUMENT, _ARRAY, _REGEX, _CODE_WITH_SCOPE = 0x03, 0x04, 0x0B, 0x0F
_length = struct.Struct("<i")


def decode_given(body: bytes) -> dict[str, Any]:
    """A document of a client.

    Raises:
        CommandError: a field named twice, or more levels than a command may have.
        InvalidBSON: the bytes are no document.
    """
    try:
        document = decode(body)
    except RecursionError:
        raise too_deep(DEEPEST) from None
    if len(encode(document)) != len(body):
        _check_names(body, 0)
    if is_deeper(body, document, DEEPEST):
        raise too_deep(DEEPEST)
    return document


def decode_all_given(bodies: Sequence[bytes]) -> list[dict[str, Any]]:
    """As ``decode_given`` of each, in half the time; levels are left to the caller."""
    try:
        documents = decode_all(bodies)
    except RecursionError:
        raise too_deep(DEEPEST_STORED) from None
    if len(encode({"": documents})) != sum(map(len, bodies)) + _frame(len(bodies)):
        for body in bodies:
            _check_names(body, 0)
    return documents


@cache
def _frame(count: int) -> int:
    """Bytes of a document that holds so many documents in an array, without theirs."""
    return 12 + sum(2 + len(str(place)) for place in range(count))


def is_deeper(body: bytes, document: dict[str, Any], levels: int) -> bool:
    """Whether documents and arrays lie more than so many levels below the document, whose bytes are ``body``."""
    if len(body) < levels * _SMALLEST_LEVEL or body.count(b"\x03") + body.count(b"\x04") < levels:
        return False
    level: list[Any] = [document]
    for _ in range(levels + 1):
        level = [inner for outer in level for inner in _items(outer) if type(inner) in (dict, list)]
    return bool(level)


def _items(value: Any) -> Iterable[Any]:
    return value.values() if type(value) is dict else value


def too_deep(levels: int) -> CommandError:
    return CommandError("Overflow", f"the document exceeds the depth of {levels} levels")


def _check_names(body: bytes, position: int, *, array: bool = False) -> None:
    """Raise CommandError for a name that stands twice in one document; those of array items say nothing."""
    names = set[bytes]()
    for kind, name, value in _elements(body, position):
        if name in names and not array:
            shown = name.decode(errors="replace")
            raise bad(f"the embedded database does not offer two fields of the name '{shown}'; {REMEDY}")
        names.add(name)
        inner = _inner(body, value, kind)
        if inner is not None:
            _check_names(body, inner, array=kind == _ARRAY)


def refuse_deprecated(body: bytes) -> None:
    """Raise CommandError if a value of a deprecated type stands in the document, however deep.

    Raises:
        InvalidBSON, struct.error, ValueError, IndexError: the bytes are no document.
    """
    if 0x06 not in body and 0x0C not in body and 0x0E not in body:  # sooner known than by the pattern
        return
    if _MAYBE.search(body) is not None and _holds_deprecated(body, 0):
        raise unsupported("undefined, DBPointer or symbol", "type")


def _holds_deprecated(body: bytes, position: int) -> bool:
    for kind, _, value in _elements(body, position):
        inner = _inner(body, value, kind)
        if kind in _DEPRECATED or (inner is not None and _holds_deprecated(body, inner)):
            return True
    return False


def _elements(body: bytes, position: int) -> Iterator[tuple[int, bytes, int]]:
    """The type, the name, and where the value begins, of each field of the document at ``position``."""
    end = position + _length.unpack_from(body, position)[0] - 1
    position += 4
    while position < end:
        kind, name_end = body[position], body.index(0, position + 1)
        yield kind, body[position + 1 : name_end], name_end + 1
        position = _after(body, name_end + 1, kind)


def _inner(body: bytes, position: int, kind: int) -> int | None:
    """Where the document within the value begins, if there is one."""
    if kind == _CODE_WITH_SCOPE:
        return position + 8 + _length.unpack_from(body, position + 4)[0]
    return position if kind in (_DOCUMENT, _ARRAY) else None


def _after(body: bytes, position: int, kind: int) -> int:
    if kind == _REGEX:
        return body.index(0, body.index(0, position) + 1) + 1
    if kind in _LENGTH_BESIDE:
        size = _length.unpack_from(body, position)[0] + _LENGTH_BESIDE[kind]
    elif kind in _SIZES:
        size = _SIZES[kind]
    else:
        raise InvalidBSON(f"no type of BSON: {kind:#x}")
    if size < 0:
        raise InvalidBSON("a value of negative length")
    return position + size
