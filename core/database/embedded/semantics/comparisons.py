"""Equality and order of a value with a fixed operand, specialised by the operand's type when a filter is compiled.

A range operator matches only values of the operand's type ("type bracketing"):
https://www.mongodb.com/docs/manual/reference/method/db.collection.find/#std-label-type-bracketing
"""

import operator
from collections.abc import Callable
from typing import Any

from bson import Int64, MaxKey, MinKey, ObjectId, Regex

from .collation import Collation
from .errors import bad
from .keys import encode_key
from .values import MISSING, NULL, NUMBER, STRING, equal, exact, is_nan, is_number, order, rank

Predicate = Callable[[Any], bool]
_PLAIN_NUMBERS = frozenset({int, float, Int64})
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le,
}  # fmt: skip


def equality(operand: Any, collation: Collation | None = None) -> Predicate:
    """Equal to the operand; null is also equal to a missing field."""
    if operand is None:
        return lambda value: value is None or value is MISSING
    place = rank(operand)
    if place == STRING:
        return _text(operator.eq, operand, collation)
    if place == NUMBER and not is_nan(operand):
        return _number(operator.eq, exact(operand))
    if type(operand) is ObjectId:
        return lambda value: type(value) is ObjectId and value == operand
    if collation is not None:
        key = encode_key(operand, collation)
        return lambda value: value is not MISSING and rank(value) == place and encode_key(value, collation) == key
    return lambda value: value is not MISSING and equal(value, operand)


def comparison(name: str, operand: Any, collation: Collation | None = None) -> Predicate:
    """``name`` is ``$gt``, ``$gte``, ``$lt`` or ``$lte``."""
    compare = _COMPARE[name]
    if isinstance(operand, Regex):
        raise bad(f"Can't have RegEx as arg to predicate over field with {name}.")
    if operand is None:
        return equality(None) if name in ("$gte", "$lte") else lambda value: False
    if type(operand) in (MinKey, MaxKey):
        return _extreme(name, operand)
    place = rank(operand)
    if place == NUMBER:
        if is_nan(operand):
            return is_nan if name in ("$gte", "$lte") else lambda value: False
        return _number(compare, exact(operand))
    if place == STRING:
        return _text(compare, operand, collation)
    if collation is not None:
        key = encode_key(operand, collation)
        return lambda value: (
            value is not MISSING and rank(value) == place and compare(encode_key(value, collation), key)
        )
    ordered = order(operand)
    return lambda value: value is not MISSING and rank(value) == place and compare(order(value), ordered)


def _text(compare: Callable[[Any, Any], bool], operand: str, collation: Collation | None) -> Predicate:
    if collation is None:
        return lambda value: type(value) is str and compare(value, operand)
    key = collation.key(operand)
    return lambda value: type(value) is str and compare(collation.key(value), key)


def _number(compare: Callable[[Any, Any], bool], operand: Any) -> Predicate:
    def predicate(value: Any) -> bool:
        if type(value) in _PLAIN_NUMBERS:
            return compare(value, operand)  # false for a double that is not a number
        return is_number(value) and not is_nan(value) and compare(exact(value), operand)

    return predicate


def _extreme(name: str, operand: Any) -> Predicate:
    """Every value, a missing one too, is above MinKey and below MaxKey."""
    others = (name in ("$gt", "$gte")) == (type(operand) is MinKey)
    itself = name in ("$gte", "$lte")
    return lambda value: itself if type(value) is type(operand) else others


def membership(values: list[Any], collation: Collation | None = None) -> Predicate:
    """Equal to any of the values, by hash where the type allows."""
    if len(values) == 1:
        return equality(values[0], collation)
    given = [value for value in values if type(value) is str]
    strings = frozenset(given if collation is None else map(collation.key, given))
    numbers = frozenset(exact(value) for value in values if is_number(value) and not is_nan(value))
    identifiers = frozenset(value for value in values if type(value) is ObjectId)
    null = any(value is None for value in values)
    keys = frozenset(encode_key(value, collation) for value in values if rank(value) != NULL)

    def predicate(value: Any) -> bool:
        kind = type(value)
        if kind is str:
            return value in strings if collation is None else bool(strings) and collation.key(value) in strings
        if kind in _PLAIN_NUMBERS and value == value:
            return value in numbers
        if kind is ObjectId:
            return value in identifiers
        if value is None or value is MISSING:
            return null
        return encode_key(value, collation) in keys

    return predicate
