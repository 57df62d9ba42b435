"""Bitwise query operators: https://www.mongodb.com/docs/manual/reference/operator/query-bitwise/"""

from collections.abc import Callable
from typing import Any

from .errors import bad
from .values import exact, is_nan, is_number


def _mask(argument: Any) -> int:
    if isinstance(argument, bytes):
        return int.from_bytes(bytes(argument), "little")
    if type(argument) is list:
        if not all(is_number(item) and exact(item) == int(exact(item)) and exact(item) >= 0 for item in argument):
            raise bad("bit positions must be non-negative integers")
        return sum({1 << int(exact(item)) for item in argument})
    number = exact(argument) if is_number(argument) and not is_nan(argument) else -1
    if number < 0 or number >= 2**63 or number != int(number):
        raise bad(f"takes an Array, a number, or a BinData but received: {argument!r}")
    return int(number)


def _bits(value: Any) -> int | None:
    """The value's bits, its sign extended without end; None for what has none."""
    if isinstance(value, bytes):
        return int.from_bytes(bytes(value), "little")
    if not is_number(value) or is_nan(value):
        return None
    number = exact(value)
    return int(number) if -(2**63) <= number < 2**63 and number == int(number) else None


def _row(test: Callable[[int, int], bool]) -> Callable[[Any], Callable[[Any], bool]]:
    def make(argument: Any) -> Callable[[Any], bool]:
        mask = _mask(argument)

        def predicate(value: Any) -> bool:
            found = _bits(value)
            return found is not None and test(found, mask)

        return predicate

    return make


BIT_OPERATORS: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "$bitsAllSet": _row(lambda bits, mask: bits & mask == mask),
    "$bitsAllClear": _row(lambda bits, mask: bits & mask == 0),
    "$bitsAnySet": _row(lambda bits, mask: bits & mask != 0),
    "$bitsAnyClear": _row(lambda bits, mask: bits & mask != mask),
}
