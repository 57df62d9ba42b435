"""Binary data as text and numbers, and back: where ``$convert`` takes a format, a byte order or a subtype.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/convert/
"""

import base64
import binascii
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bson import Binary, Int64

from .errors import CommandError
from .limits import LONGEST_TEXT, check_text
from .numbers import is_int, to_int
from .values import is_number, type_name

_OLD_SUBTYPE, _UUID_SUBTYPE = 2, 4
_SUBTYPES = frozenset((*range(10), *range(128, 256)))
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def failed(message: str) -> CommandError:
    return CommandError("ConversionFailure", f"{message} in $convert with no onError value")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What to convert to: the alias of a type and, for binary data, the details."""

    type: str
    subtype: Any = 0
    format: str | None = None
    byte_order: str = "little"


def _subtype(target: Target) -> int:
    if not is_number(target.subtype):
        message = f"For BinData, $convert's 'subtype' argument must be a number, but is {type_name(target.subtype)}"
        raise CommandError("Location4341108", message)
    if not is_int(target.subtype):
        raise CommandError("Location4341106", "In $convert, numeric 'subtype' argument is not an integer")
    if to_int(target.subtype) not in _SUBTYPES:
        message = f"In $convert, numeric value for 'subtype' does not correspond to a BinData type: {target.subtype}"
        raise CommandError("Location4341107", message)
    return to_int(target.subtype)


def _subtype_of(value: bytes) -> int:
    return value.subtype if isinstance(value, Binary) else 0


def _content(value: bytes) -> bytes:
    """The bytes that BSON stores: those of the old subtype 2 begin with their length."""
    return struct.pack("<i", len(value)) + value if _subtype_of(value) == _OLD_SUBTYPE else bytes(value)


def _binary(data: bytes, subtype: int) -> bytes:
    return Binary(data, subtype) if subtype else data


def _format(target: Target, source: str) -> str:
    if target.format is None:
        message = f"Format must be specified when converting from '{source}' to '{target.type}'"
        raise CommandError("Location4341115", message)
    return target.format


# Text


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _from_base64_of_urls(text: str) -> bytes:
    if "+" in text or "/" in text:
        raise ValueError("not in the alphabet")
    padding = "=" * (-len(text) % 4)
    return base64.b64decode(text + padding, altchars=b"-_", validate=True)


def _to_base64(data: bytes) -> str:
    return base64.b64encode(_content(data)).decode()


def _to_base64_of_urls(data: bytes) -> str:
    return base64.urlsafe_b64encode(_content(data)).decode().rstrip("=")


def _from_uuid(text: str) -> bytes:
    if not _UUID.fullmatch(text):
        raise ValueError("not a UUID")
    return UUID(text).bytes


def _to_uuid(data: bytes) -> str:
    if _subtype_of(data) != _UUID_SUBTYPE:
        raise ValueError("not a UUID")
    return str(UUID(bytes=_content(data)))


def _to_any(data: bytes) -> str:
    """As a UUID where it is one, else as base64."""
    return _to_uuid(data) if _subtype_of(data) == _UUID_SUBTYPE and len(data) == 16 else _to_base64(data)


def _not_from_text(text: str) -> bytes:
    raise ValueError("'auto' is for binary data only")


# format → (text to bytes, bytes to text); a ValueError says that it cannot be
FORMATS: dict[str, tuple[Callable[[str], bytes], Callable[[bytes], str]]] = {
    "auto": (_not_from_text, _to_any),
    "base64": (_from_base64, _to_base64),
    "base64url": (_from_base64_of_urls, _to_base64_of_urls),
    "hex": (binascii.unhexlify, lambda data: _content(data).hex().upper()),
    "utf8": (str.encode, lambda data: _content(data).decode()),
    "uuid": (_from_uuid, _to_uuid),
}


def _text_to_binary(text: str, target: Target) -> bytes:
    form, subtype = _format(target, "string"), _subtype(target)
    if (form == "uuid") != (subtype == _UUID_SUBTYPE):
        raise failed("Only the 'uuid' format is allowed with the UUID subtype,")
    try:
        return _binary(FORMATS[form][0](text), subtype)
    except ValueError:
        raise failed(f"Failed to parse BinData {text!r}") from None


def _binary_to_text(data: bytes, target: Target) -> str:
    form = _format(target, "binData")
    try:
        text = FORMATS[form][1](data)
    except ValueError:
        raise failed(f"Failed to convert binary data to string by the format {form!r}") from None
    if form == "utf8":
        check_text(text)
    elif len(text) >= LONGEST_TEXT:
        raise failed("the text is too long")
    return text


def _binary_to_binary(data: bytes, target: Target) -> bytes:
    if _subtype_of(data) != _subtype(target):
        raise failed("Conversions between different BinData subtypes are not supported")
    return data


# Numbers: the struct codes by their sizes in bytes

_INTEGERS = {1: "b", 2: "h", 4: "i", 8: "q"}
_REALS = {4: "f", 8: "d"}


def _order(target: Target) -> str:
    return ">" if target.byte_order == "big" else "<"


def _binary_to_number(codes: dict[int, str], most: int, make: Callable[[Any], Any]) -> Callable[[bytes, Target], Any]:
    def convert(data: bytes, target: Target) -> Any:
        content = _content(data)
        size = len(content)
        if size not in codes or size > most:
            raise failed(f"Failed to convert binary data to number: invalid length {size}")
        return make(struct.unpack(_order(target) + codes[size], content)[0])

    return convert


def _number_to_binary(code: str) -> Callable[[Any, Target], bytes]:
    return lambda value, target: _binary(struct.pack(_order(target) + code, value), _subtype(target))


TABLE: dict[tuple[str, str], Callable[[Any, Target], Any]] = {
    ("string", "binData"): _text_to_binary,
    ("binData", "string"): _binary_to_text,
    ("binData", "binData"): _binary_to_binary,
    ("binData", "int"): _binary_to_number(_INTEGERS, 4, int),
    ("binData", "long"): _binary_to_number(_INTEGERS, 8, Int64),
    ("binData", "double"): _binary_to_number(_REALS, 8, float),
    ("int", "binData"): _number_to_binary("i"),
    ("long", "binData"): _number_to_binary("q"),
    ("double", "binData"): _number_to_binary("d"),
}
