"""Paths as updates follow them: made where they are missing, refused where a value stands in the way.

https://www.mongodb.com/docs/manual/reference/operator/update/#behavior
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from .errors import CommandError, bad
from .values import MISSING, identical, type_name

Path = tuple[str, ...]
_MOST_NULLS = 1_500_000
"""How many elements past its end an array may be written."""


def parse_path(path: str) -> Path:
    """The names of the path; raises CommandError for one that no update may use."""
    parts = tuple(path.split("."))
    if not all(parts):
        message = f"The update path '{path}' contains an empty field name, which is not allowed."
        raise CommandError("EmptyFieldName", message)
    if parts[0] == "$" or parts[0].startswith("$["):
        raise bad(f"Cannot have positional (i.e. '{parts[0]}') element in the first position in path '{path}'")
    if parts.count("$") > 1:
        raise bad(f"Too many positional (i.e. '$') elements found in path '{path}'")
    return parts


def is_positional(part: str) -> bool:
    """``$``, ``$[]`` or ``$[identifier]``."""
    return part == "$" or (part.startswith("$[") and part.endswith("]"))


def check_conflicts(paths: Iterable[Path]) -> None:
    """Raise CommandError where two of the paths are the same, or one leads through another."""
    ordered = sorted(paths)
    for one, other in pairwise(ordered):
        if other[: len(one)] == one:
            message = f"Updating the path '{'.'.join(other)}' would create a conflict at '{'.'.join(one)}'"
            raise CommandError("ConflictingUpdateOperators", message)


def check_ways(paths: Iterable[Path]) -> None:
    """Raise CommandError where ``$[]`` or ``$[identifier]`` stands beside another kind of name."""
    ways: dict[Path, bool] = {}
    for path in paths:
        for depth, part in enumerate(path):
            flexible = is_positional(part) and part != "$"
            if ways.setdefault(path[:depth], flexible) != flexible:
                conflict = f"would create a conflict at '{'.'.join(path[:depth])}'"
                raise CommandError("ConflictingUpdateOperators", f"Updating the path '{'.'.join(path)}' {conflict}")


def application_order(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Updates apply in the order of their field names, numbers by value: new fields appear so."""
    return tuple((0, int(part), "") if _is_place(part) else (1, 0, part) for part in path)


def _is_place(part: str) -> bool:
    """Whether it names an element of an array: updates, other than queries, take leading zeros."""
    return part.isascii() and part.isdigit()


def value_at(document: Any, path: Path) -> Any:
    """The value there, or MISSING."""
    for part in path:
        document = _child(document, part)
    return document


def _child(value: Any, part: str) -> Any:
    if type(value) is dict:
        return value.get(part, MISSING)
    if type(value) is list and _is_place(part) and int(part) < len(value):
        return value[int(part)]
    return MISSING


def put(document: dict[str, Any], path: Path, value: Any) -> int | None:
    """Set the value, making documents on the way; where on the path the first thing was new, if any was."""
    node: Any = document
    created: int | None = None
    for depth, part in enumerate(path):
        child = _child(node, part)
        if child is MISSING and created is None:
            created = depth
        if depth == len(path) - 1:
            _set(node, path, depth, value)
        elif child is MISSING:
            child = {}
            _set(node, path, depth, child)
        node = child
    return created


def _set(node: Any, path: Path, depth: int, value: Any) -> None:
    part = path[depth]
    if type(node) is dict:
        node[part] = value
    elif type(node) is list and _is_place(part):
        _set_element(node, int(part), value)
    else:
        raise not_viable(node, path, depth)


def _set_element(items: list[Any], place: int, value: Any) -> None:
    between = place - len(items)
    if between > _MOST_NULLS:
        raise CommandError("CannotBackfillArray", f"can't backfill more than {_MOST_NULLS} elements")
    items.extend([None] * (between + 1))
    items[place] = value


def not_viable(node: Any, path: Path, depth: int) -> CommandError:
    place = f"{path[depth - 1]}: {node!r}" if depth else repr(node)
    return CommandError("PathNotViable", f"Cannot create field '{path[depth]}' in element {{{place}}}")


def check_names(paths: Iterable[Path], old: dict[str, Any], new: dict[str, Any]) -> None:
    """Raise CommandError for a field of the document itself, set or made, whose name begins with a dollar."""
    for name, *rest in paths:
        if name.startswith("$") and name in new and _is_put(name, bool(rest), old, new):
            message = f"The dollar ($) prefixed field '{name}' in '{name}' is not valid for storage."
            raise CommandError("DollarPrefixedFieldName", message)


def _is_put(name: str, within: bool, old: dict[str, Any], new: dict[str, Any]) -> bool:
    return name not in old or not (within or identical(old[name], new[name]))


def check_viable(document: Any, path: Path) -> None:
    """Raise CommandError where no field could be made at the path, though nothing is going to be."""
    for depth, part in enumerate(path):
        if type(document) is not dict and not (type(document) is list and _is_place(part)):
            raise not_viable(document, path, depth)
        document = _child(document, part)
        if document is MISSING:
            return


def remove(document: dict[str, Any], path: Path) -> None:
    """Take the field away; an element of an array becomes null, so that the others keep their places."""
    parent = value_at(document, path[:-1])
    if type(parent) is dict:
        parent.pop(path[-1], None)
    elif _child(parent, path[-1]) is not MISSING:
        parent[int(path[-1])] = None


def must_be_array(value: Any, path: Path, text: str) -> list[Any]:
    """The array that ``$[]`` and ``$[identifier]`` go through."""
    where = ".".join(path)
    if value is MISSING:
        raise bad(f"The path '{where}' must exist in the document in order to apply array updates.")
    if type(value) is not list:
        raise bad(f"Cannot apply array updates to non-array element {where}: {type_name(value)} (in '{text}')")
    return value
