"""Resume tokens: a place in the change log, in hexadecimal digits, and what stands there.

As of MongoDB's own tokens, the last byte may be missing, more may follow, and letters may be small.
https://www.mongodb.com/docs/manual/changeStreams/#resume-tokens
"""

from typing import Any

from bson import Binary

from .semantics.errors import CommandError, unparsable
from .semantics.values import type_name

EVENT, HIGH_WATER, INVALIDATE = 0x82, 0x80, 0x8F
_BYTES = 9
_END = "04"


def resume_token(kind: int, ticks: int) -> dict[str, str]:
    return {"_data": f"{kind:02X}{ticks:016X}{_END}"}


def parse_token(token: dict[str, Any]) -> tuple[int, int]:
    """Its kind and its place.

    Raises:
        CommandError: a token that no server gives, with MongoDB's code for what is wrong with it.
    """
    data = token.get("_data")
    if type(data) is not str:
        raise CommandError("Location40647", f"Bad resume token: _data is a {type_name(data)}, expected a string")
    if not isinstance(token.get("_typeBits", b""), bytes | Binary):
        raise CommandError("Location40648", "Bad resume token: _typeBits of wrong type")
    if not data:
        raise CommandError("Location40649", "resume token string was empty")
    if len(data) % 2 or not set(data) <= set("0123456789abcdefABCDEF"):
        raise unparsable(f"resume token string was not a valid hex string: {data}")
    found = bytes.fromhex(data)
    if found[0] not in (EVENT, HIGH_WATER, INVALIDATE):
        raise CommandError("Location50811", f"Unknown type in a resume token: {found[0]}")
    if len(found) < _BYTES:
        raise CommandError("Overflow", f"resume token string ends too soon: {data}")
    return found[0], int.from_bytes(found[1:_BYTES], "big")


def fatal(name: str, message: str) -> CommandError:
    """An error after which a driver does not try to go on."""
    return CommandError(name, message, errorLabels=["NonResumableChangeStreamError"])
