"""Update operators on arrays: https://www.mongodb.com/docs/manual/reference/operator/update-array/"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bson import Regex

from .comparisons import equality, membership
from .errors import CommandError, bad, mismatch, unparsable
from .keys import encode_compound, encode_key, invert
from .matching import FIELD_OPERATORS, compile_query
from .numbers import is_whole, to_int
from .paths import value_at
from .update_operators import UNCHANGED, Appended, Modify, Row, Target
from .values import MISSING, exact, is_number, type_name

_PUSH_OPTIONS = ("$each", "$position", "$slice", "$sort")
_OF_ELEMENTS = frozenset(FIELD_OPERATORS) - {"$not"}
Change = Callable[[list[Any]], list[Any]]
Refusal = Callable[[str], CommandError]


def _array(old: Any, target: Target) -> list[Any]:
    if type(old) is not list:
        raise bad(f"The field '{target.path}' must be an array but is of type {type_name(old)}")
    return old


def _each(name: str, argument: dict[str, Any], known: tuple[str, ...], refusal: Refusal) -> list[Any]:
    for option in argument:
        if option not in known:
            raise bad(f"Unrecognized clause in {name}: {option}")
    items = argument["$each"]
    if type(items) is not list:
        raise refusal(f"The argument to $each in {name} must be an array but it was of type: {type_name(items)}")
    return items


def _integer(name: str, value: Any) -> int:
    if not is_number(value) or not is_whole(value):
        raise bad(f"The value for {name} must be an integer value but was given type: {type_name(value)}")
    return to_int(value)


def _push(argument: Any, target: Target) -> Modify:
    if type(argument) is not dict or "$each" not in argument:
        argument = {"$each": [argument]}
    items = _each("$push", argument, _PUSH_OPTIONS, bad)
    place = _integer("$position", argument["$position"]) if "$position" in argument else None
    changes: list[Change] = []
    if "$sort" in argument:
        changes.append(_sorting(argument["$sort"], target))
    if "$slice" in argument:
        changes.append(_slicing(_integer("$slice", argument["$slice"])))

    def modify(old: Any) -> Any:
        known = _array(old, target) if old is not MISSING else []
        at = len(known) if place is None else place
        found = [*known]
        found[at:at] = items
        for change in changes:
            found = change(found)
        if old is MISSING or "$sort" in argument or len(found) < len(known) + len(items):
            return found
        if not items:
            return UNCHANGED
        return Appended(found, len(items)) if known and (place is None or place > len(known)) else found

    return modify


def _slicing(count: int) -> Change:
    return lambda items: items[:count] if count >= 0 else items[count:]


def _sorting(by: Any, target: Target) -> Change:
    if type(by) is dict and by:
        _check_sort(by)
        paths, directions = [tuple(path.split(".")) for path in by], [int(exact(value)) for value in by.values()]

        def sort_key(item: Any) -> bytes:
            """Arrays are compared whole, unlike in a query's sort."""
            fields = item if type(item) is dict else {}
            return encode_compound((value_at(fields, path) for path in paths), directions, target.collation)

        return lambda items: sorted(items, key=sort_key)
    if not _is_direction(by):
        raise bad("The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields")
    upwards = exact(by) > 0

    def key(item: Any) -> bytes:
        found = encode_key(item, target.collation)
        return found if upwards else invert(found)

    return lambda items: sorted(items, key=key)


def _check_sort(by: dict[str, Any]) -> None:
    for path, direction in by.items():
        if path.startswith("$") or not all(path.split(".")):
            raise bad(f"The $sort field '{path}' is no valid path")
        if not _is_direction(direction):
            raise bad(f"The $sort of field '{path}' must be 1 or -1")


def _is_direction(value: Any) -> bool:
    return is_number(value) and exact(value) in (1, -1)


def _add_to_set(argument: Any, target: Target) -> Modify:
    several = type(argument) is dict and next(iter(argument), None) == "$each"
    items = _each("$addToSet", argument, ("$each",), mismatch) if several else [argument]

    def modify(old: Any) -> Any:
        known = _array(old, target) if old is not MISSING else []
        keys = {encode_key(item, target.collation) for item in known}
        added: dict[bytes, Any] = {}
        for item in items:
            key = encode_key(item, target.collation)
            if key not in keys:
                added.setdefault(key, item)
        if old is MISSING:
            return list(added.values())
        return Appended([*known, *added.values()], len(added)) if added else UNCHANGED

    return modify


def _without(test: Callable[[Any], bool], target: Target, name: str) -> Modify:
    def modify(old: Any) -> Any:
        if old is MISSING:
            return UNCHANGED
        if type(old) is not list:
            raise bad(
                f"Cannot apply {name} to a non-array value: the field '{target.path}' is of type {type_name(old)}"
            )
        kept = [item for item in old if not test(item)]
        return kept if len(kept) < len(old) else UNCHANGED

    return modify


def _pull(argument: Any, target: Target) -> Modify:
    return _without(_pull_test(argument, target), target, "$pull")


def _pull_test(argument: Any, target: Target) -> Callable[[Any], bool]:
    """Operators try each element as a field's value; a document is a query on elements that are; else equality."""
    first = next(iter(argument), None) if type(argument) is dict else None
    if isinstance(argument, Regex | re.Pattern) or first in _OF_ELEMENTS:
        of_field = compile_query({"": argument}, target.scope)
        return lambda item: of_field({"": item})
    if type(argument) is not dict:
        return equality(argument, target.collation)
    match = compile_query(argument, replace(target.scope, inside=True))
    return lambda item: type(item) is dict and match(item)


def _pull_all(argument: Any, target: Target) -> Modify:
    if type(argument) is not list:
        raise bad(f"$pullAll requires an array argument but was given a {type_name(argument)}")
    among = membership(argument, target.collation) if argument else lambda item: False
    return _without(among, target, "$pullAll")


def _pop(argument: Any, target: Target) -> Modify:
    if not is_number(argument) or not is_whole(argument) or to_int(argument) not in (1, -1):
        raise unparsable(f"$pop expects 1 or -1, found: {argument!r}")
    last = to_int(argument) == 1

    def modify(old: Any) -> Any:
        if old is MISSING:
            return UNCHANGED
        if type(old) is not list:
            raise mismatch(f"Path '{target.path}' contains an element of non-array type '{type_name(old)}'")
        return (old[:-1] if last else old[1:]) if old else UNCHANGED

    return modify


ARRAY_ROWS: dict[str, Row] = {
    "$push": _push,
    "$addToSet": _add_to_set,
    "$pull": _pull,
    "$pullAll": _pull_all,
    "$pop": _pop,
}
