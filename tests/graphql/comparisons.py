"""Filters that every ordered type has, over three ascending values and a document without one (-1)."""

from collections.abc import Sequence
from typing import Any

from tests.graphql.case import Filter

NONE = -1


def equality(first: Any, second: Any) -> Sequence[Filter]:
    """Over two values."""
    return (
        ({"eq": first}, [0]),
        ({"eq": None}, [NONE]),
        ({"neq": first}, [1, NONE]),
        ({"in": [first]}, [0]),
        ({"notIn": [first]}, [1, NONE]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1]),
    )


def ordered(first: Any, second: Any, third: Any) -> Sequence[Filter]:
    return (
        ({"eq": second}, [1]),
        ({"eq": None}, [NONE]),
        ({"neq": second}, [0, 2, NONE]),
        ({"in": [first, third]}, [0, 2]),
        ({"notIn": [first, third]}, [1, NONE]),
        ({"is": None}, [NONE]),
        ({"isNot": None}, [0, 1, 2]),
        ({"gt": first}, [1, 2]),
        ({"gte": second}, [1, 2]),
        ({"lt": third}, [0, 1]),
        ({"lte": second}, [0, 1]),
        ({"between": {"lower": first, "upper": second}}, [0, 1]),
        ({"notBetween": {"lower": first, "upper": second}}, [2, NONE]),
        ({"gt": first, "lt": third}, [1]),
    )
