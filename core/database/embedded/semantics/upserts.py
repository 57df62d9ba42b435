"""What an upsert takes from its query: https://www.mongodb.com/docs/manual/reference/method/db.collection.update/#upsert-behavior"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bson import Regex

from .errors import CommandError
from .matching import is_operators
from .update_paths import check_viable, parse_path, put, value_at
from .values import MISSING, copy


def upsert_base(query: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the query's equality conditions name; raises CommandError where two contradict each other."""
    document: dict[str, Any] = {}
    for path, value in _equalities(query):
        parts = parse_path(path)
        if value_at(document, parts) is not MISSING:
            raise CommandError(
                "NotSingleValueField", f"cannot infer query fields to set, path '{path}' is matched twice"
            )
        check_viable(document, parts)
        put(document, parts, copy(value))
    return document


def _equalities(query: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, operand in query.items():
        if name == "$and" or (name == "$or" and len(operand) == 1):
            for part in operand:
                yield from _equalities(part)
        elif not name.startswith("$"):
            for value in _values(operand):
                yield name, value


def _values(operand: Any) -> Iterable[Any]:
    """The value a condition fixes, if it does: a list of one, or empty."""
    if isinstance(operand, Regex | re.Pattern):
        return []
    if not is_operators(operand):
        return [operand]
    found: list[Any] = []
    for name, argument in operand.items():
        if name == "$eq":
            found.append(argument)
        elif name in ("$in", "$all") and len(argument) == 1 and _is_plain(argument[0]):
            found.append(argument[0])
    return found


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Regex | re.Pattern) and not is_operators(value)
