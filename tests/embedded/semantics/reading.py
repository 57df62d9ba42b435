"""A plain and slow reading of the manual: how values compare, what a filter matches, how documents sort.

Written without a look at the code under test, with none of its parts.
"""

from datetime import datetime
from decimal import Decimal
from functools import cmp_to_key

from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

NOTHING = object()
"""No field there."""

# https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
_BRACKETS = (
    (MinKey,), (type(None),), (int, float, Int64, Decimal128), (str,), (dict,), (list,), (bytes, Binary), (ObjectId,),
    (bool,), (datetime,), (Timestamp,), (Regex,), (Code,), (MaxKey,),
)  # fmt: skip
_ALIASES = {
    "double": lambda v: type(v) is float,
    "string": lambda v: type(v) is str,
    "object": lambda v: type(v) is dict,
    "array": lambda v: type(v) is list,
    "bool": lambda v: type(v) is bool,
    "null": lambda v: v is None,
    "int": lambda v: type(v) is int and abs(v) < 2**31,
    "long": lambda v: type(v) is Int64,
    "number": lambda v: is_number(v),
    "date": lambda v: type(v) is datetime,
    "objectId": lambda v: type(v) is ObjectId,
}


def bracket(value):
    return next(place for place, kinds in enumerate(_BRACKETS) if type(value) in kinds)


def is_number(value):
    return type(value) in (int, float, Int64, Decimal128)


def number(value):
    """A number as a decimal, exactly; None for what is not a number."""
    found = value.to_decimal() if type(value) is Decimal128 else Decimal(value)
    return None if found.is_nan() else found


def compare(left, right):
    """-1, 0, 1. A missing field counts as null."""
    left, right = (None if value is NOTHING else value for value in (left, right))
    a, b = bracket(left), bracket(right)
    if a != b:
        return -1 if a < b else 1
    if is_number(left):
        return _numbers(number(left), number(right))
    if type(left) is dict:
        return _sequences(list(left.items()), list(right.items()), _fields)
    if type(left) is list:
        return _sequences(left, right, compare)
    if isinstance(left, bytes):
        return _plain(_binary(left), _binary(right))
    if type(left) is Regex:
        return _plain((left.pattern, left.flags), (right.pattern, right.flags))
    if type(left) is str:
        return _plain(left.encode(), right.encode())
    if type(left) in (type(None), MinKey, MaxKey):
        return 0
    return _plain(left, right)


def _plain(left, right):
    return (left > right) - (left < right)


def _numbers(left, right):
    if left is None or right is None:  # not a number is below every number
        return (left is not None) - (right is not None)
    return _plain(left, right)


def _binary(value):
    return (len(value), value.subtype if type(value) is Binary else 0, bytes(value))


def _fields(left, right):
    (name, value), (other_name, other_value) = left, right
    return _plain(bracket(value), bracket(other_value)) or _plain(name, other_name) or compare(value, other_value)


def _sequences(left, right, each):
    for one, other in zip(left, right, strict=False):
        found = each(one, other)
        if found:
            return found
    return _plain(len(left), len(right))


# Filters


def matches(document, query):
    return all(_clause(document, name, operand) for name, operand in query.items())


def _clause(document, name, operand):
    if name == "$and":
        return all(matches(document, part) for part in operand)
    if name == "$or":
        return any(matches(document, part) for part in operand)
    if name == "$nor":
        return not any(matches(document, part) for part in operand)
    if not _has_operators(operand):
        operand = {"$eq": operand}
    return all(_condition(document, name.split("."), operator, value) for operator, value in operand.items())


def _has_operators(operand):
    return type(operand) is dict and any(name.startswith("$") for name in operand)


def _condition(document, path, operator, value):
    negations = {"$ne": "$eq", "$nin": "$in"}
    if operator in negations:
        return not _condition(document, path, negations[operator], value)
    if operator == "$not":
        return not all(_condition(document, path, name, item) for name, item in value.items())
    if operator == "$all":
        return bool(value) and all(_condition(document, path, "$eq", item) for item in value)
    ends = reach(document, path)
    if operator == "$exists":
        return any(end is not NOTHING for end, _ in ends) == value
    if operator in ("$size", "$elemMatch"):
        return any(type(end) is list and _of_array(end, operator, value) for end, _ in ends)
    tried = []
    for end, opened in ends:
        tried.append(end)
        if type(end) is list and opened:
            tried += end
    return any(_of_value(one, operator, value) for one in tried)


def reach(value, path):
    """What the path leads to, each with whether an array there also stands for its elements.

    An array on the way stands for its elements that are documents, and, where the path names a position, for that one.
    """
    if not path:
        return [(value, True)]
    if type(value) is dict:
        return reach(value.get(path[0], NOTHING), path[1:]) if path[0] in value else [(NOTHING, False)]
    if type(value) is not list:
        return [(NOTHING, False)]
    ends = [end for item in value if type(item) is dict for end in reach(item, path)]
    if path[0].isdigit() and int(path[0]) < len(value):
        item = value[int(path[0])]
        if len(path) == 1:
            ends.append((item, False))
        elif type(item) in (dict, list):
            ends += reach(item, path[1:])
    return ends


def _of_array(items, operator, value):
    if operator == "$size":
        return len(items) == value
    if any(name.startswith("$") for name in value):
        return any(all(_element(item, name, operand) for name, operand in value.items()) for item in items)
    documents = [dict(zip(map(str, range(len(i))), i, strict=True)) if type(i) is list else i for i in items]
    return any(type(item) is dict and matches(item, value) for item in documents)


def _element(item, operator, value):
    if operator == "$ne":
        return not _of_value(item, "$eq", value)
    if operator == "$nin":
        return not _of_value(item, "$in", value)
    if operator == "$size":
        return type(item) is list and len(item) == value
    return _of_value(item, operator, value)


def _of_value(found, operator, value):
    if operator == "$in":
        return any(_of_value(found, "$eq", item) for item in value)
    if operator == "$type":
        return found is not NOTHING and _ALIASES[value](found)
    if operator == "$mod":
        return is_number(found) and _modulo(found, *value)
    if operator == "$eq":
        return (found is NOTHING and value is None) or (found is not NOTHING and compare(found, value) == 0)
    return _ordered(found, operator, value)


def _modulo(found, divisor, remainder):
    exact = number(found)
    if exact is None or abs(exact) >= 2**63:
        return False
    whole = int(exact)
    return whole - divisor * int(Decimal(whole) / divisor) == remainder


def _ordered(found, operator, value):
    strict = operator in ("$gt", "$lt")
    if type(value) in (MinKey, MaxKey):
        if type(found) is type(value):
            return not strict
        return (operator in ("$gt", "$gte")) == (type(value) is MinKey)
    if value is None:
        return not strict and (found is None or found is NOTHING)
    if found is NOTHING or bracket(found) != bracket(value):
        return False
    if is_number(value) and (number(value) is None or number(found) is None):
        return not strict and number(value) is None and number(found) is None
    place = compare(found, value)
    return {"$gt": place > 0, "$gte": place >= 0, "$lt": place < 0, "$lte": place <= 0}[operator]


# Sorting


def sorted_by(documents, spec):
    """By the least of the rows a document has; each array on the way stands for each of its elements in turn."""

    def order(left, right):
        for (one, other), direction in zip(zip(left, right, strict=True), spec.values(), strict=True):
            found = _row_values(one, other)
            if found:
                return found * direction
        return 0

    def key(document):
        rows = [[_only(one, path) for path in spec] for one in opened(document, list(spec))]
        return min(map(cmp_to_key(order), rows))

    return sorted(documents, key=key)


EMPTY = object()
"""What an empty array stands for: above MinKey, below null."""


def _row_values(left, right):
    if left is EMPTY or right is EMPTY:
        if left is right:
            return 0
        other = right if left is EMPTY else left
        above = 1 if type(other) is MinKey else -1
        return above if left is EMPTY else -above
    return compare(left, right)


class Parallel(Exception):
    """Two arrays side by side have no common rows."""


class Element:
    """An element in the place of its array: if it is an array too, it is not opened."""

    def __init__(self, value, array):
        self.value, self.array = value, array


def opened(document, paths):
    """The document once for each choice of elements of the arrays its paths lead through."""
    places = {place for path in paths if (place := _array_place(document, path.split("."))) is not None}
    if not places:
        return [document]
    if len(places) > 1:
        raise Parallel
    place = places.pop()
    array = _at(document, place)
    return [one for item in array or [EMPTY] for one in opened(_replaced(document, place, Element(item, array)), paths)]


def _array_place(value, parts, before=()):
    value = _inside(value)
    if type(value) is list:
        if parts and parts[0].isdigit() and int(parts[0]) < len(value):
            return _array_place(value[int(parts[0])], parts[1:], (*before, int(parts[0])))
        return before
    if not parts or type(value) is not dict or parts[0] not in value:
        return None
    return _array_place(value[parts[0]], parts[1:], (*before, parts[0]))


def _inside(value):
    """A document is entered also where it was an element."""
    return value.value if isinstance(value, Element) and type(value.value) is dict else value


def _at(value, place):
    for step in place:
        value = _inside(value)[step]
    return value


def _replaced(value, place, new):
    if not place:
        return new
    if isinstance(value, Element):
        return Element(_replaced(value.value, place, new), value.array)
    copied = dict(value) if type(value) is dict else list(value)
    copied[place[0]] = _replaced(value[place[0]], place[1:], new)
    return copied


def _only(value, path):
    for part in path.split("."):
        value = _inside(value)
        if isinstance(value, Element):
            return NOTHING
        if type(value) is list:
            value = value[int(part)]
        else:
            value = value.get(part, NOTHING) if type(value) is dict else NOTHING
    return _whole(value.value if isinstance(value, Element) else value)


def _whole(value):
    """The value with its arrays back in place."""
    if isinstance(value, Element):
        return value.array
    if type(value) is dict:
        return {name: _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if type(value) is list else value
