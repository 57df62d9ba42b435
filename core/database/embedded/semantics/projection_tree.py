"""The shape that ``find`` projections and the stages ``$project``, ``$addFields``, ``$unset`` give to documents.

A specification is parsed to leaves (a path and what happens there), the leaves make a tree, and each kind of tree
compiles to a function. https://www.mongodb.com/docs/manual/reference/operator/aggregation/project/
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .errors import CommandError
from .evaluation import Evaluate, Variables
from .paths import REFERENCE_FIELDS
from .values import MISSING

Path = tuple[str, ...]
Tree = dict[str, Any]
"""Names to subtrees or leaves."""
Shape = Callable[[dict[str, Any]], dict[str, Any]]
Add = Callable[[dict[str, Any], dict[str, Any], Variables], dict[str, Any]]
"""A function of the document to add to, the document expressions read, and the variables."""

_DEEPEST_PATH = 200


def split_path(path: str) -> Path:
    """The names of a dotted path; raises CommandError for one that no field can have."""
    parts = tuple(path.split("."))
    if not path:
        raise CommandError("Location40352", "FieldPath cannot be constructed with empty string")
    if not parts[-1]:
        raise CommandError("Location40353", f"FieldPath must not end with a '.': {path!r}")
    if not all(parts):
        raise CommandError("Location15998", f"FieldPath field names may not be empty strings: {path!r}")
    if any(part.startswith("$") and part not in REFERENCE_FIELDS for part in parts):
        message = f"FieldPath field names may not start with '$': {path!r}. Consider using $getField or $setField."
        raise CommandError("Location16410", message)
    if "\0" in path:
        raise CommandError("Location16411", f"FieldPath field names may not contain '\\0': {path!r}")
    if len(parts) > _DEEPEST_PATH:
        raise CommandError("Overflow", f"FieldPath is too long; it may have {_DEEPEST_PATH} parts")
    return parts


def leaves(spec: Mapping[str, Any], prefix: Path = ()) -> Iterable[tuple[Path, Any]]:
    """Paths and their values; an object that is no operator stands for the paths below it."""
    for name, value in spec.items():
        path = (*prefix, *split_path(name))
        if type(value) is dict and not value:
            message = f"An empty sub-projection is not a valid value. Found empty object at path {'.'.join(path)}"
            raise CommandError("Location51270", message)
        if type(value) is dict and not next(iter(value)).startswith("$"):
            yield from leaves(value, path)
        else:
            yield path, value


def plant(found: Iterable[tuple[Path, Any]]) -> Tree:
    """The tree of the leaves; raises CommandError where one path leads through another."""
    tree: Tree = {}
    for path, leaf in found:
        grow(tree, path, leaf)
    return tree


def grow(tree: Tree, path: Path, leaf: Any) -> None:
    """Put one leaf into the tree; raises CommandError as ``plant``."""
    node = tree
    for depth, part in enumerate(path[:-1]):
        node = node.setdefault(part, {})
        if type(node) is not dict:
            raise _collision(path, path[depth + 1 :])
    if path[-1] in node:
        raise _collision(path, ())
    node[path[-1]] = leaf


def branch(tree: Tree, path: Path) -> None:
    """Make room for leaves below the path; raises CommandError where a leaf stands there."""
    node = tree
    for depth, part in enumerate(path):
        node = node.setdefault(part, {})
        if type(node) is not dict:
            raise _collision(path, path[depth + 1 :])


def _collision(path: Path, rest: Path) -> CommandError:
    if rest:
        return CommandError("Location31249", f"Path collision at {'.'.join(path)} remaining portion {'.'.join(rest)}")
    return CommandError("Location31250", f"Path collision at {'.'.join(path)}")


# Inclusion and exclusion


def include(tree: Tree) -> Shape:
    """Keep the fields whose leaf is True. A leaf that computes a field keeps only the documents around it."""
    if all(rule is True for rule in tree.values()):
        wanted = frozenset(tree)
        return lambda document: {name: value for name, value in document.items() if name in wanted}
    rules = {
        name: _on_value(include(rule), _replaced if _computes(rule) else _dropped) if type(rule) is dict else None
        for name, rule in tree.items()
        if rule is True or type(rule) is dict
    }

    def apply(document: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, value in document.items():
            if name in rules:
                rule = rules[name]
                found = value if rule is None else rule(value)
                if found is not MISSING:
                    out[name] = found
        return out

    return apply


def exclude(tree: Tree) -> Shape:
    """Drop what the tree names."""
    dropped = frozenset(name for name, rule in tree.items() if type(rule) is not dict)
    rules = {name: _on_value(exclude(rule), _kept) for name, rule in tree.items() if type(rule) is dict}
    if not rules:
        return lambda document: {name: value for name, value in document.items() if name not in dropped}

    def apply(document: dict[str, Any]) -> dict[str, Any]:
        return {
            name: rules[name](value) if name in rules else value
            for name, value in document.items()
            if name not in dropped
        }

    return apply


def _on_value(shape: Shape, others: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The shape of a document, or of each element of an array; ``others`` says what becomes of any other value."""

    def apply(value: Any) -> Any:
        if type(value) is dict:
            return shape(value)
        if type(value) is list:
            return [found for found in map(apply, value) if found is not MISSING]
        return others(value)

    return apply


def _kept(value: Any) -> Any:
    return value


def _dropped(value: Any) -> Any:
    return MISSING


def _replaced(value: Any) -> Any:
    """A document takes the place of the value, for the computed fields to come."""
    return {}


def _computes(tree: Tree) -> bool:
    return any(_computes(rule) if type(rule) is dict else rule is not True for rule in tree.values())


# Computed fields


def add_fields(tree: Tree) -> Add:
    """Set what the tree's leaves (``Evaluate`` functions) give; a MISSING value removes the field."""
    rules: list[tuple[str, Evaluate | None, Add | None]] = [
        (name, None, add_fields(rule)) if type(rule) is dict else (name, rule, None) for name, rule in tree.items()
    ]

    def apply(document: dict[str, Any], root: dict[str, Any], variables: Variables) -> dict[str, Any]:
        out = dict(document)
        for name, evaluate, below in rules:
            if evaluate is not None:
                value = evaluate(root, variables)
            else:
                value = _add_below(below, out.get(name, MISSING), root, variables)
            if value is MISSING:
                out.pop(name, None)
            else:
                out[name] = value
        return out

    return apply


def _add_below(add: Any, value: Any, root: dict[str, Any], variables: Variables) -> Any:
    """Fields of a document, of each element of an array; any other value is replaced by a document."""
    if type(value) is list:
        return [_add_below(add, item, root, variables) for item in value]
    return add(value if type(value) is dict else {}, root, variables)
