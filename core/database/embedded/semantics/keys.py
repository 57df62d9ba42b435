"""Index keys: bytes that ``memcmp`` (so SQLite too) orders as MongoDB orders the values.

Every key delimits itself (none is the beginning of another), so keys of several fields are simply joined, and a
descending field is the same bytes inverted.
"""

import struct
from collections.abc import Callable, Iterable
from decimal import Context, Decimal
from math import inf, isinf, nextafter
from typing import Any

from bson import Binary

from .collation import Collation
from .values import exact, is_nan, milliseconds, rank, regex_parts, stored_length

_double = struct.Struct(">d").pack
_LARGEST = nextafter(inf, 0.0)
_SIGNED = 1 << 63
_EXACT = Context(prec=20_000, Emax=999_999, Emin=-999_999)
_INVERTED = bytes(255 - byte for byte in range(256))


def encode_key(value: Any, collation: Collation | None = None) -> bytes:
    """The key of one value. MISSING has the key of null; equal numbers of different types have the same key."""
    place = rank(value)
    return bytes((place,)) + _ENCODERS[place](value, collation)


def encode_compound(values: Iterable[Any], directions: Iterable[int], collation: Collation | None = None) -> bytes:
    """The key of several values; a direction of -1 orders its value downwards."""
    parts = (
        encode_key(value, collation) if direction > 0 else invert(encode_key(value, collation))
        for value, direction in zip(values, directions, strict=True)
    )
    return b"".join(parts)


def invert(key: bytes) -> bytes:
    """The key that orders the other way round."""
    return key.translate(_INVERTED)


def _text(text: str) -> bytes:
    """UTF-8 keeps the order of code points; 00 01 ends it, so a 00 inside becomes 00 FF."""
    body = text.encode()
    return (body.replace(b"\x00", b"\x00\xff") if b"\x00" in body else body) + b"\x00\x01"


def _string(value: str, collation: Collation | None) -> bytes:
    return _text(value if collation is None else collation.key(value))


def _object(value: dict[str, Any], collation: Collation | None) -> bytes:
    """Type, name, value of each field: the order in which MongoDB compares documents."""
    parts: list[bytes] = []
    for name, item in value.items():
        place = rank(item)
        parts.append(bytes((place,)) + _text(name) + _ENCODERS[place](item, collation))
    return b"".join(parts) + b"\x00"


def _array(value: list[Any], collation: Collation | None) -> bytes:
    return b"".join([encode_key(item, collation) for item in value]) + b"\x00"


def _binary(value: bytes, collation: Collation | None) -> bytes:
    subtype = value.subtype if isinstance(value, Binary) else 0
    return stored_length(value).to_bytes(4, "big") + bytes((subtype,)) + bytes(value)


def _number(value: Any, collation: Collation | None) -> bytes:
    if is_nan(value):
        return b"\x00"
    number = exact(value)
    if not number:
        return b"\x02"
    return b"\x03" + _positive(number) if number > 0 else b"\x01" + invert(_positive(-number))


def _positive(number: int | float | Decimal) -> bytes:
    """The largest double not above the number, and what remains: exact for every BSON number."""
    if isinstance(number, float):
        return _double(number) + b"\x00"
    try:
        double = float(number)
    except OverflowError:
        double = inf
    if isinstance(number, Decimal) and number.is_infinite():
        return _double(inf) + b"\x00"
    if isinf(double) or double > number:
        double = nextafter(double, 0.0)
    if double == number:
        return _double(double) + b"\x00"
    rest = Decimal(number) if double == _LARGEST else _EXACT.subtract(Decimal(number), Decimal(double))
    return _double(double) + b"\x01" + _decimal(rest)


def _decimal(number: Decimal) -> bytes:
    """Exponent, then digits (each plus one, as 00 ends them)."""
    digits = bytes(digit + 1 for digit in number.as_tuple().digits).rstrip(b"\x01")
    return (number.adjusted() + 32768).to_bytes(2, "big") + digits + b"\x00"


def _regex(value: Any, collation: Collation | None) -> bytes:
    pattern, flags = regex_parts(value)
    return _text(pattern) + _text(flags)


def _code_with_scope(value: Any, collation: Collation | None) -> bytes:
    return _text(str(value)) + _object(dict(value.scope), collation)


def _nothing(value: Any, collation: Collation | None) -> bytes:
    return b""


_ENCODERS: dict[int, Callable[[Any, Collation | None], bytes]] = {
    1: _nothing,
    2: _nothing,
    5: _nothing,
    10: _number,
    15: _string,
    20: _object,
    25: _array,
    30: _binary,
    35: lambda value, _: value.binary,
    40: lambda value, _: b"\x01" if value else b"\x00",
    45: lambda value, _: (milliseconds(value) + _SIGNED).to_bytes(8, "big"),
    47: lambda value, _: value.time.to_bytes(4, "big") + value.inc.to_bytes(4, "big"),
    50: _regex,
    60: lambda value, _: _text(str(value)),
    65: _code_with_scope,
    127: _nothing,
}
