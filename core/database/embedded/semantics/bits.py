"""Bitwise query operators: https://www.mongodb.com/docs/manual/reference/operator/query-bitwise/"""

from collections.abc import Callable
from typing import Any

from bson import Binary

from .errors import bad, unparsable
from .numbers import fits_long, is_whole
from .values import exact, is_number

Mask = Callable[[int], int]
"""The wanted bits; positions beyond the given one count as it, for all the bits from there on are the same."""
_SIGN = 63
_LENGTH_FIRST = 2
"""The binary subtype whose content begins with its own length."""


def _mask(argument: Any) -> Mask:
    if isinstance(argument, bytes):
        wanted = int.from_bytes(_content(argument), "little")
        return lambda last: wanted
    if type(argument) is list:
        return _positions([_position(item) for item in argument])
    if not is_number(argument):
        raise bad(f"takes an Array, a number, or a BinData but received: {argument!r}")
    if not is_whole(argument) or not 0 <= exact(argument) < 2**63:
        raise unparsable(f"Expected a non-negative integer of 64 bits, but found: {argument!r}")
    number = int(exact(argument))
    return lambda last: number


def _position(item: Any) -> int:
    if not is_number(item) or not is_whole(item) or not 0 <= exact(item) < 2**31:
        raise bad(f"bit positions must be non-negative integers of 32 bits but got: {item!r}")
    return int(exact(item))


def _positions(positions: list[int]) -> Mask:
    def wanted(last: int) -> int:
        return sum({1 << min(position, last) for position in positions})

    of_number = wanted(_SIGN)
    return lambda last: of_number if last == _SIGN else wanted(last)


def _content(value: bytes) -> bytes:
    if isinstance(value, Binary) and value.subtype == _LENGTH_FIRST:
        return len(value).to_bytes(4, "little") + bytes(value)
    return bytes(value)


def _bits(value: Any) -> tuple[int, int] | None:
    """The value's bits, its sign extended without end, and the first that repeats; None for what has none."""
    if isinstance(value, bytes):
        content = _content(value)
        return int.from_bytes(content, "little"), 8 * len(content)
    if not is_number(value) or not is_whole(value) or not fits_long(exact(value)):
        return None
    return int(exact(value)), _SIGN


def _row(test: Callable[[int, int], bool]) -> Callable[[Any], Callable[[Any], bool]]:
    def make(argument: Any) -> Callable[[Any], bool]:
        mask = _mask(argument)

        def predicate(value: Any) -> bool:
            found = _bits(value)
            return found is not None and test(found[0], mask(found[1]))

        return predicate

    return make


BIT_OPERATORS: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "$bitsAllSet": _row(lambda bits, mask: bits & mask == mask),
    "$bitsAllClear": _row(lambda bits, mask: bits & mask == 0),
    "$bitsAnySet": _row(lambda bits, mask: bits & mask != 0),
    "$bitsAnyClear": _row(lambda bits, mask: bits & mask != mask),
}
