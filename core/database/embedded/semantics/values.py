"""What a BSON value is: its type, its place in the order of all values, equality.

Documents are plain ``dict`` as ``bson.decode`` gives them with ``CODEC``; dates are ``datetime`` (naive means UTC) or
``DatetimeMS``. The order: https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isnan
from typing import Any, Final

import bson
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument

from .errors import unsupported

CODEC: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    document_class=dict, tz_aware=False, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
_RAW: Final[CodecOptions[RawBSONDocument]] = CodecOptions(
    document_class=RawBSONDocument, tz_aware=False, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
_REFERENCE = b"\x02$ref\x00"


class _Absent:
    """A marker for what no BSON value stands for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Absent("MISSING")
"""A field that is not there. It compares and is indexed as null."""
UNDEFINED: Final = _Absent("UNDEFINED")
"""What an empty array is sorted and indexed as: before null."""

_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)


def decode(body: bytes) -> dict[str, Any]:
    """A document as it is stored. Of ``{$ref, $id}`` ``bson`` makes a ``DBRef``, whatever else stands there in which
    order, but within its raw documents."""
    return _plain(bson.decode(body, _RAW)) if _REFERENCE in body else bson.decode(body, CODEC)


def decode_all(bodies: Sequence[bytes]) -> list[dict[str, Any]]:
    """As ``decode`` of each, in half the time."""
    body = b"".join(bodies)
    return _plain(bson.decode_all(body, _RAW)) if _REFERENCE in body else bson.decode_all(body, CODEC)


def encode(document: dict[str, Any]) -> bytes:
    """The bytes to store."""
    return bson.encode(document, codec_options=CODEC)


def _plain(value: Any) -> Any:
    if isinstance(value, RawBSONDocument):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Code) and value.scope is not None:
        return Code(str(value), _plain(value.scope))
    return value


RANKS: Final[dict[type, int]] = {
    MinKey: 1, _Absent: 5, type(None): 5, int: 10, float: 10, Int64: 10, Decimal128: 10, str: 15, dict: 20, list: 25,
    bytes: 30, Binary: 30, ObjectId: 35, bool: 40, datetime: 45, DatetimeMS: 45, Timestamp: 47, Regex: 50,
    re.Pattern: 50, Code: 60, MaxKey: 127,
}  # fmt: skip
NUMBER, STRING, OBJECT, ARRAY, DATE, NULL = 10, 15, 20, 25, 45, 5
_CODE_WITH_SCOPE = 65

# https://www.mongodb.com/docs/manual/reference/bson-types/: alias → (number, test)
TYPES: Final[dict[str, tuple[int, Callable[[Any], bool]]]] = {
    "double": (1, lambda v: type(v) is float),
    "string": (2, lambda v: type(v) is str),
    "object": (3, lambda v: type(v) is dict),
    "array": (4, lambda v: type(v) is list),
    "binData": (5, lambda v: isinstance(v, bytes)),
    "undefined": (6, lambda v: False),
    "objectId": (7, lambda v: type(v) is ObjectId),
    "bool": (8, lambda v: type(v) is bool),
    "date": (9, lambda v: isinstance(v, datetime | DatetimeMS)),
    "null": (10, lambda v: v is None),
    "regex": (11, lambda v: isinstance(v, Regex | re.Pattern)),
    "dbPointer": (12, lambda v: False),
    "javascript": (13, lambda v: type(v) is Code and v.scope is None),
    "symbol": (14, lambda v: False),
    "javascriptWithScope": (15, lambda v: type(v) is Code and v.scope is not None),
    "int": (16, lambda v: type(v) is int and -(2**31) <= v < 2**31),
    "timestamp": (17, lambda v: type(v) is Timestamp),
    "long": (18, lambda v: type(v) is Int64 or (type(v) is int and not -(2**31) <= v < 2**31)),
    "decimal": (19, lambda v: type(v) is Decimal128),
    "minKey": (-1, lambda v: type(v) is MinKey),
    "maxKey": (127, lambda v: type(v) is MaxKey),
}


def type_name(value: Any) -> str:
    """The alias of the value's type; ``"missing"`` for a field that is not there."""
    if isinstance(value, _Absent):
        return "missing"
    for name, (_, test) in TYPES.items():
        if test(value):
            return name
    raise unsupported(f"type {type(value).__name__}")


def rank(value: Any) -> int:
    """The place of the value's type among the types."""
    kind = type(value)
    if kind is Code and value.scope is not None:
        return _CODE_WITH_SCOPE
    if value is UNDEFINED:
        return 2
    found = RANKS.get(kind)
    if found is None:
        found = next((RANKS[base] for base in kind.__mro__ if base in RANKS), None)
    if found is None:
        raise unsupported(f"type {kind.__name__}")
    return found


def is_number(value: Any) -> bool:
    """A number: booleans are not."""
    return RANKS.get(type(value)) == NUMBER


def milliseconds(value: datetime | DatetimeMS) -> int:
    """Milliseconds since 1970, UTC, as BSON stores a date."""
    if isinstance(value, DatetimeMS):
        return int(value)
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return (value - _EPOCH) // _MILLISECOND


def decimal_of(value: Decimal128) -> Decimal:
    """The decimal, which says that it is not a number rather than raises it."""
    found = value.to_decimal()
    return _NOT_A_NUMBER if found.is_snan() else found


_NOT_A_NUMBER: Final = Decimal("NaN")


def exact(value: Any) -> int | float | Decimal:
    """A number as Python compares it exactly with any other."""
    return decimal_of(value) if type(value) is Decimal128 else value


def is_nan(value: Any) -> bool:
    """Not a number, of a double or a decimal."""
    if type(value) is float:
        return isnan(value)
    return type(value) is Decimal128 and value.to_decimal().is_nan()


def regex_parts(value: Any) -> tuple[str, str]:
    """Pattern and flags (letters in order) of a BSON or Python regular expression."""
    pattern = value.pattern
    text = pattern.decode() if isinstance(pattern, bytes) else pattern
    letters = (("i", re.I), ("l", re.L), ("m", re.M), ("s", re.S), ("u", re.U), ("x", re.X))
    return text, "".join(letter for letter, flag in letters if value.flags & flag)


def stored_length(value: bytes) -> int:
    """The bytes that BSON stores of a binary: the deprecated subtype 2 repeats its length before them."""
    return len(value) + (4 if isinstance(value, Binary) and value.subtype == 2 else 0)


# The part of a value that orders it among values of its rank.
_PAYLOADS: dict[int, Callable[[Any], Any]] = {
    1: lambda v: 0,
    2: lambda v: 0,
    5: lambda v: 0,
    10: lambda v: (0, 0) if is_nan(v) else (1, exact(v)),
    15: lambda v: v,
    20: lambda v: tuple((rank(item), name, order(item)) for name, item in v.items()),
    25: lambda v: tuple(order(item) for item in v),
    30: lambda v: (stored_length(v), v.subtype if isinstance(v, Binary) else 0, bytes(v)),
    35: lambda v: v.binary,
    40: lambda v: v,
    45: milliseconds,
    47: lambda v: (v.time, v.inc),
    50: regex_parts,
    60: str,
    65: lambda v: (str(v), order(dict(v.scope))),
    127: lambda v: 0,
}


def order(value: Any) -> Any:
    """A key that Python sorts as MongoDB sorts the value (strings by code point, which is the order of UTF-8)."""
    place = rank(value)
    return (place, _PAYLOADS[place](value))


def compare(left: Any, right: Any) -> int:
    """-1, 0 or 1, as MongoDB orders the two; MISSING is null."""
    a, b = order(left), order(right)
    return (a > b) - (a < b)


def equal(left: Any, right: Any) -> bool:
    """MongoDB's equality: numbers of all kinds by value, documents with their fields in one order, True is not 1."""
    kind = type(left)
    if kind is type(right) and kind in _PLAIN:
        return left == right
    if kind is list and type(right) is list:
        return len(left) == len(right) and all(map(equal, left, right))
    return order(left) == order(right)


_PLAIN = frozenset({str, int, bool, ObjectId, bytes})


def copy(value: Any) -> Any:
    """A copy that shares no document or array with the original."""
    kind = type(value)
    if kind is dict:
        return {name: copy(item) if type(item) in _CONTAINERS else item for name, item in value.items()}
    if kind is list:
        return [copy(item) if type(item) in _CONTAINERS else item for item in value]
    return value


_CONTAINERS = frozenset({dict, list})


def identical(left: Any, right: Any) -> bool:
    """The same bytes: type by type, ``1`` and ``1.0`` differ. Tells whether an update changed a document."""
    return left is right or encode({"": left}) == encode({"": right})
