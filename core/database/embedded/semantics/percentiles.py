"""``$percentile`` and ``$median``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/percentile/"""

import math
from collections.abc import Mapping
from typing import Any

from .digests import Digest, place_of
from .errors import CommandError, bad, mismatch
from .numbers import to_double
from .values import is_number, type_name

MISSING_CODES: Mapping[str, str] = dict.fromkeys(["input", "p", "method"], "Location40414")


class Percentiles:
    """Of a group, whose numbers a digest holds."""

    def __init__(self, shares: list[float], *, single: bool) -> None:
        self._shares, self._single = shares, single
        self._digest = Digest()

    def add(self, value: Any) -> None:
        if is_number(value):
            self._digest.add(to_double(value))

    def result(self) -> Any:
        found = [self._digest.percentile(share) for share in self._shares]
        return found[0] if self._single else found


def percentiles(value: Any, shares: list[float]) -> list[float | None]:
    """Of an array: the least of its numbers with at least the share of them at or below it. A number is its own."""
    if is_number(value):
        return [to_double(value) for _ in shares]
    numbers = [to_double(item) for item in value if is_number(item)] if type(value) is list else []
    ordered = sorted(number for number in numbers if not math.isnan(number))
    return [ordered[place_of(share, len(ordered))] if ordered else None for share in shares]


def check_method(method: Any) -> None:
    """Raise CommandError for another ``method`` of ``$percentile`` and ``$median`` than MongoDB has."""
    if type(method) is not str:
        raise mismatch(f"the percentile 'method' must be a string, found {type_name(method)}")
    if method != "approximate":
        raise bad("Currently only 'approximate' can be used as percentile 'method'.")


def shares_of(operator: str, value: Any) -> list[float]:
    """The ``p`` of ``$percentile``: an array of numbers from 0 to 1."""
    if type(value) is not list or not value:
        raise CommandError(
            "Location7750301", f"{operator}: 'p' must be a non-empty array of numbers, found {type_name(value)}"
        )
    for share in value:
        if not is_number(share):
            raise CommandError("Location7750302", f"{operator}: 'p' must hold numbers, found {share!r}")
        if not 0 <= to_double(share) <= 1:
            raise CommandError("Location7750303", f"{operator}: 'p' must hold numbers from 0.0 to 1.0, found {share!r}")
    return [to_double(share) for share in value]


def not_constant(operator: str) -> CommandError:
    """The refusal of a ``p`` that reads a document."""
    return CommandError("Location7750300", f"The {operator} 'p' field must be an array of constant values")
