"""One row a filter operator: key, label, arity and Mongo form. The same keys on every surface.

A filter is a mapping in declared names: ``{"and": […], "or": […], "not": {…}, "title": {"iLike": "%dev%"}, "address": {"city": {"eq": "Bonn"}}}``.
``core.queries`` compiles it for a model; this table knows one operator at a time. User text is escaped here: no raw
regular expression and no Mongo operator can be said through a filter.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Query = Mapping[str, Any]

_END = r"(?!.)"
"""The very end of the text (with the option `s`): `$` would also stand before a last newline."""


@dataclass(frozen=True, kw_only=True)
class Operator:
    """``mongo(value)`` gives the condition on a field. ``arity`` says what the value is:
    ``one`` value of the field's type, ``many`` of them, a ``pattern`` or piece of text, a ``range`` ({lower, upper}),
    a ``flag`` (true, or null meaning the same), a ``number``, a ``filter`` of the list's elements, a ``key`` (dotted)
    or a ``path`` ({path, value})."""

    key: str
    label: str
    arity: str
    mongo: Callable[[Any], Query]
    description: str


def _like(pattern: str, flags: str) -> Query:
    """SQL LIKE: ``%`` any run, ``_`` any one character, backslash escapes; anchored at both ends.

    Each piece before the last ``%`` is taken where it first occurs and never tried again (an atomic group): that finds
    every match a LIKE has, in time linear in the text, while plain ``.*a.*b.*c`` may take its third power.
    """
    first, *rest = _pieces(pattern)
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1] if piece)
    last = ".*" + rest[-1] if rest else ""
    return {"$regex": "^" + first + middle + last + _END, "$options": flags}


def _pieces(pattern: str) -> list[str]:
    """The pattern between its ``%``, as regular expressions of fixed length."""
    pieces = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            pieces.append("")
        elif character == "\\":
            pieces[-1] += re.escape(next(characters, "\\"))
        else:
            pieces[-1] += "." if character == "_" else re.escape(character)
    return pieces


def _text(prefix: str, suffix: str, flags: str) -> Callable[[str], Query]:
    return lambda text: {"$regex": prefix + re.escape(text) + suffix, "$options": flags}


def _is(flag: bool | None) -> Query:
    """``is: null`` and ``is: true/false``: null here also means absent."""
    return {"$eq": flag}


def _between(value: Mapping[str, Any]) -> Query:
    return {"$gte": value["lower"], "$lte": value["upper"]}


_ROWS = (
    Operator(key="is", label="is", arity="flag", mongo=_is, description="Is null, true or false; null also matches a field that is absent."),
    Operator(key="isNot", label="is not", arity="flag", mongo=lambda flag: {"$ne": flag}, description="Is not null, true or false."),
    Operator(key="eq", label="equals", arity="one", mongo=lambda value: {"$eq": value}, description="Equal to the value; null also matches a field that is absent."),
    Operator(key="neq", label="not equal", arity="one", mongo=lambda value: {"$ne": value}, description="Not equal to the value."),
    Operator(key="gt", label="greater than", arity="one", mongo=lambda value: {"$gt": value}, description="Greater than the value."),
    Operator(key="gte", label="at least", arity="one", mongo=lambda value: {"$gte": value}, description="Greater than the value or equal to it."),
    Operator(key="lt", label="less than", arity="one", mongo=lambda value: {"$lt": value}, description="Less than the value."),
    Operator(key="lte", label="at most", arity="one", mongo=lambda value: {"$lte": value}, description="Less than the value or equal to it."),
    Operator(key="in", label="any of", arity="many", mongo=lambda values: {"$in": values}, description="Equal to one of the values."),
    Operator(key="notIn", label="none of", arity="many", mongo=lambda values: {"$nin": values}, description="Equal to none of the values."),
    Operator(key="between", label="between", arity="range", mongo=_between, description="From lower to upper, both included."),
    Operator(key="notBetween", label="not between", arity="range", mongo=lambda value: {"$not": _between(value)}, description="Below lower or above upper, or no value."),
    Operator(key="like", label="matches", arity="pattern", mongo=lambda pattern: _like(pattern, "s"), description="Matches a pattern: % is any text, _ any character."),
    Operator(key="notLike", label="does not match", arity="pattern", mongo=lambda pattern: {"$not": _like(pattern, "s")}, description="Does not match a pattern."),
    Operator(key="iLike", label="matches (any case)", arity="pattern", mongo=lambda pattern: _like(pattern, "si"), description="Matches a pattern in any case."),
    Operator(key="notILike", label="does not match (any case)", arity="pattern", mongo=lambda pattern: {"$not": _like(pattern, "si")}, description="Does not match a pattern in any case."),
    Operator(key="contains", label="contains", arity="pattern", mongo=_text("", "", "s"), description="Contains the text."),
    Operator(key="startsWith", label="starts with", arity="pattern", mongo=_text("^", "", "s"), description="Starts with the text."),
    Operator(key="endsWith", label="ends with", arity="pattern", mongo=_text("", _END, "s"), description="Ends with the text."),
    Operator(key="iContains", label="contains (any case)", arity="pattern", mongo=_text("", "", "si"), description="Contains the text in any case."),
    Operator(key="iStartsWith", label="starts with (any case)", arity="pattern", mongo=_text("^", "", "si"), description="Starts with the text in any case."),
    Operator(key="iEndsWith", label="ends with (any case)", arity="pattern", mongo=_text("", _END, "si"), description="Ends with the text in any case."),
    Operator(key="has", label="has", arity="one", mongo=lambda value: {"$elemMatch": {"$eq": value}}, description="The list has the value."),
    Operator(key="hasAny", label="has any of", arity="many", mongo=lambda values: {"$elemMatch": {"$in": values}}, description="The list has one of the values."),
    Operator(key="hasAll", label="has all of", arity="many", mongo=lambda values: {"$all": values} if values else {}, description="The list has every one of the values."),
    Operator(key="isEmpty", label="is empty", arity="flag", mongo=lambda flag: {"$in": [[], None]} if flag else {"$nin": [[], None]}, description="The list has no elements, or is absent."),
    Operator(key="some", label="some match", arity="filter", mongo=lambda query: {"$elemMatch": query}, description="At least one element matches the filter."),
    Operator(key="every", label="all match", arity="filter", mongo=lambda query: {"$not": {"$elemMatch": {"$nor": [query]}}}, description="Every element matches the filter; so does an empty list."),
    Operator(key="none", label="none match", arity="filter", mongo=lambda query: {"$not": {"$elemMatch": query}}, description="No element matches the filter."),
    Operator(key="hasKey", label="has key", arity="key", mongo=lambda _: {"$exists": True}, description="The object has this key; dots lead to keys inside."),
    Operator(key="pathEquals", label="path equals", arity="path", mongo=lambda value: {"$eq": value}, description="The value at the path (keys joined by dots) equals the given one."),
    Operator(key="size", label="has size", arity="number", mongo=lambda value: {"$size": value}, description="The list has this many elements."),
)  # fmt: skip

OPERATORS = {row.key: row for row in _ROWS}

EQUALITY = ("eq", "neq", "in", "notIn", "is", "isNot")
BOOLEAN = EQUALITY
ORDERED = (*EQUALITY, "gt", "gte", "lt", "lte", "between", "notBetween")
STRING = (
    *ORDERED,
    "like",
    "notLike",
    "iLike",
    "notILike",
    "contains",
    "startsWith",
    "endsWith",
    "iContains",
    "iStartsWith",
    "iEndsWith",
)
LIST = ("has", "hasAny", "hasAll", "isEmpty", "size", "is", "isNot")
OBJECT_LIST = ("some", "every", "none", "isEmpty", "size")
