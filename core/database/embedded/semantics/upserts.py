"""What an upsert takes from its query: https://www.mongodb.com/docs/manual/reference/method/db.collection.update/#upsert-behavior"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bson import Regex

from .errors import CommandError
from .matching import is_operators
from .update_paths import Path, parse_path, put
from .values import copy


def upsert_base(query: Mapping[str, Any], *, replacement: bool = False) -> dict[str, Any]:
    """The fields that the query's equality conditions name; a replacement takes none but ``_id``.

    Raises CommandError where two conditions contradict each other.
    """
    document: dict[str, Any] = {}
    known: list[Path] = []
    for text, value in _equalities(query):
        path = parse_path(text)
        if replacement and path != ("_id",):
            if path[0] == "_id":
                message = f"field at '_id' must be exactly specified, field at sub-path '{text}' found"
                raise CommandError("NotExactValueField", message)
            continue
        _check_once(path, known)
        known.append(path)
        put(document, path, copy(value))
    return document


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
        elif not name.startswith("$"):
            for value in _values(operand):
                yield name, value


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
        elif name == "$all" or (name == "$in" and len(argument) == 1):
            found += [value for value in argument if _is_plain(value)]
    return found


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Regex | re.Pattern) and not is_operators(value)
