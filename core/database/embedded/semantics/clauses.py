"""What a filter asks, without saying how its parts are joined."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

LOGICAL = ("$and", "$or", "$nor")


def clauses(query: Any) -> Iterator[tuple[str, Any]]:
    """The paths and operators of a filter with their operands, also of the filters that it joins.

    Of what is no filter there is nothing: to refuse that is left to who compiles it.
    """
    if not isinstance(query, Mapping):
        return
    for name, operand in cast(Mapping[str, Any], query).items():
        yield name, operand
        if name in LOGICAL and isinstance(operand, list):
            for part in cast(list[Any], operand):
                yield from clauses(part)
