"""Whether an actual value is what a unified test expects: the rules of the format's "Evaluating Matches".

https://github.com/mongodb/specifications/blob/master/source/unified-test-format/unified-test-format.md
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bson import Binary, Decimal128, Int64, ObjectId, Regex, Timestamp

from .entities import Entities

_TYPES: dict[str, Callable[[Any], bool]] = {
    "double": lambda value: type(value) is float,
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "binData": lambda value: isinstance(value, bytes),
    "objectId": lambda value: isinstance(value, ObjectId),
    "bool": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, datetime),
    "null": lambda value: value is None,
    "regex": lambda value: isinstance(value, Regex),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool | Int64),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "decimal": lambda value: isinstance(value, Decimal128),
    "timestamp": lambda value: isinstance(value, Timestamp),
    "number": lambda value: isinstance(value, int | float | Decimal128) and not isinstance(value, bool),
}
_MISSING = object()


class Mismatch(AssertionError):
    """What was expected, what was found, and where."""


class Matcher:
    """``entities`` are those of the test, for the operators that name one."""

    def __init__(self, entities: Entities) -> None:
        self._entities = entities

    def check(self, expected: Any, actual: Any, *, root: bool = False, path: str = "") -> None:
        """``root`` documents may hold fields that are not expected."""
        if isinstance(expected, Mapping) and len(expected) == 1 and next(iter(expected)).startswith("$$"):
            ((operator, argument),) = expected.items()
            return _OPERATORS[operator](self, argument, actual, path)
        if isinstance(expected, Mapping):
            return self._document(expected, actual, root, path)
        if isinstance(expected, list):
            if not isinstance(actual, list) or len(actual) != len(expected):
                raise Mismatch(f"{path}: expected {expected!r}, found {actual!r}")
            for place, item in enumerate(expected):
                self.check(item, actual[place], root=root and not path, path=f"{path}[{place}]")
            return None
        if not _same(expected, actual):
            raise Mismatch(f"{path}: expected {expected!r}, found {actual!r}")
        return None

    def _document(self, expected: Mapping[str, Any], actual: Any, root: bool, path: str) -> None:
        if not isinstance(actual, Mapping):
            raise Mismatch(f"{path}: expected {expected!r}, found {actual!r}")
        for name, value in expected.items():
            self.check(value, actual.get(name, _MISSING), path=f"{path}.{name}")
        extra = set(actual) - set(expected)
        if extra and not root:
            raise Mismatch(f"{path}: fields {sorted(extra)} were not expected")

    def _exists(self, wanted: bool, actual: Any, path: str) -> None:
        if (actual is not _MISSING) != wanted:
            raise Mismatch(f"{path}: {'missing' if wanted else f'there: {actual!r}'}")

    def _type(self, names: Any, actual: Any, path: str) -> None:
        if not any(_TYPES[name](actual) for name in (names if isinstance(names, list) else [names])):
            raise Mismatch(f"{path}: {actual!r} is no {names}")

    def _unset_or(self, expected: Any, actual: Any, path: str) -> None:
        if actual is not _MISSING and actual is not None:
            self.check(expected, actual, path=path)

    def _entity(self, name: str, actual: Any, path: str) -> None:
        self.check(self._entities[name], actual, path=path)

    def _lsid(self, name: str, actual: Any, path: str) -> None:
        self.check(self._entities.lsids[name], actual, path=path)

    def _at_most(self, bound: Any, actual: Any, path: str) -> None:
        if not actual <= bound:
            raise Mismatch(f"{path}: {actual!r} is more than {bound!r}")

    def _hex(self, text: str, actual: Any, path: str) -> None:
        if bytes(actual) != bytes.fromhex(text):
            raise Mismatch(f"{path}: {actual!r} is not {text}")


_OPERATORS: Mapping[str, Callable[[Matcher, Any, Any, str], None]] = {
    "$$exists": Matcher._exists,
    "$$type": Matcher._type,
    "$$unsetOrMatches": Matcher._unset_or,
    "$$matchesEntity": Matcher._entity,
    "$$sessionLsid": Matcher._lsid,
    "$$lte": Matcher._at_most,
    "$$matchesHexBytes": Matcher._hex,
}


def _same(expected: Any, actual: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool) or expected is None:
        return expected is actual
    if isinstance(expected, Binary):
        return bytes(expected) == bytes(actual)
    return bool(expected == actual)
