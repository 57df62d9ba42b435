"""The BSON types undefined, DBPointer and symbol: deprecated, and nothing that Python's ``bson`` would keep.

It decodes them as null, ``DBRef`` and ``str``: a document that holds one would change with an update of another field,
so it is refused where it comes in. Layout of the types: https://bsonspec.org/spec.html
"""

import re
import struct

from bson.errors import InvalidBSON

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


def holds_deprecated(document: bytes) -> bool:
    """Whether a value of a deprecated type stands in the document, however deep.

    Raises:
        InvalidBSON, struct.error, ValueError, IndexError: the bytes are no document.
    """
    if 0x06 not in document and 0x0C not in document and 0x0E not in document:  # sooner known than by the pattern
        return False
    return _MAYBE.search(document) is not None and _walk(document, 0)


def _walk(body: bytes, position: int) -> bool:
    end = position + _length.unpack_from(body, position)[0] - 1
    position += 4
    while position < end:
        kind = body[position]
        if kind in _DEPRECATED:
            return True
        position = body.index(0, position + 1) + 1
        inner = _inner(body, position, kind)
        if inner is not None and _walk(body, inner):
            return True
        position = _after(body, position, kind)
    return False


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
