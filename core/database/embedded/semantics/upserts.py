"""What an upsert takes from its query: https://www.mongodb.com/docs/manual/reference/method/db.collection.update/#upsert-behavior"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bson import Regex

from .errors import CommandError
from .matching import is_operators
from .update_paths import Path, parse_path, put
from .values import copy, equal


def upsert_base(query: Mapping[str, Any], *, replacement: bool = False) -> dict[str, Any]:
    """The fields that the query's equality conditions name; a replacement takes none but ``_id``.

    Raises CommandError where two conditions contradict each other.
    """
    document: dict[str, Any] = {}
    known: list[Path] = []
    for text, value in _equalities(query):
        path = _path(text)
        if replacement and path != ("_id",):
            if path[0] == "_id":
                message = f"field at '_id' must be exactly specified, field at sub-path '{text}' found"
                raise CommandError("NotExactValueField", message)
            continue
        _check_once(path, known)
        known.append(path)
        put(document, path, copy(value))
    return document


def _path(text: str) -> Path:
    """As updates read one, but that a query's names may be empty."""
    parts = tuple(text.split("."))
    return parts if "" in parts else parse_path(text)


def _check_once(path: Path, known: list[Path]) -> None:
    for other in known:
        shorter = min(len(path), len(other))
        if path[:shorter] == other[:shorter]:
            names = f"path '{'.'.join(path)}' is matched twice"
            if path != other:
                names = f"both paths '{'.'.join(path)}' and '{'.'.join(other)}' are matched"
            raise CommandError("NotSingleValueField", f"cannot infer query fields to set, {names}")


def _equalities(query: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, operand in query.items():
        if name == "$and" or (name == "$or" and len(operand) == 1):
            for part in operand:
                yield from _equalities(part)
        elif name == "$or":
            yield from _agreed(operand)
        elif not name.startswith("$"):
            for value in _values(operand):
                yield name, value


def _agreed(alternatives: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, Any]]:
    """What alternatives come to that all name one value of one field, as those of one ``$in`` would."""
    paths, values = set[str](), list[Any]()
    for one in alternatives:
        path: str = next(iter(one), "")
        operand: Any = one.get(path)
        name, argument = next(iter(operand.items())) if _is_one_operator(operand) else ("$eq", operand)
        if len(one) != 1 or path.startswith("$") or name not in ("$eq", "$in"):
            return
        paths.add(path)
        values += argument if name == "$in" else [argument]
    if len(paths) == 1 and _is_one(values):
        yield paths.pop(), values[0]


def _is_one_operator(operand: Any) -> bool:
    return is_operators(operand) and len(operand) == 1


def _is_one(values: list[Any]) -> bool:
    return bool(values) and all(_is_plain(value) and equal(value, values[0]) for value in values)


def _values(operand: Any) -> Iterable[Any]:
    """The values a condition fixes: none or one, unless it contradicts itself."""
    if isinstance(operand, Regex | re.Pattern):
        return []
    if not is_operators(operand):
        return [operand]
    found: list[Any] = []
    for name, argument in operand.items():
        if name == "$eq":
            found.append(argument)
        elif name == "$all":
            found += [value for value in argument if _is_plain(value)]
        elif name == "$in" and _is_one(argument):
            found.append(argument[0])
    return found


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Regex | re.Pattern) and not is_operators(value)
