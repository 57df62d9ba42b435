"""What ``createIndexes`` may ask for, checked and in one form; how ``listIndexes`` shows it.

https://www.mongodb.com/docs/manual/reference/command/createIndexes/
"""

from collections.abc import Mapping
from typing import Any

from .indexes import Index
from .semantics.collation import Collation
from .semantics.errors import CommandError, mismatch, unsupported
from .semantics.matching import compile_filter, is_operators
from .semantics.values import exact, is_number

_OPTIONS = frozenset({
    "v", "key", "name", "unique", "sparse", "partialFilterExpression", "collation", "background", "weights",
    "default_language", "language_override", "textIndexVersion", "ns", "hidden",
})  # fmt: skip
_KEPT = ("unique", "sparse")
_PARTIAL = frozenset({"$eq", "$exists", "$gt", "$gte", "$lt", "$lte", "$type"})
_MOST_FIELDS = 32


def parse_index(spec: Any) -> dict[str, Any]:
    """The specification to store: options at their default left out.

    Raises:
        CommandError: malformed, or a kind or option that is not offered.
    """
    if type(spec) is not dict or type(spec.get("key")) is not dict or not spec["key"]:
        raise CommandError("FailedToParse", "Error in specification: an index needs a non-empty 'key' object")
    if type(spec.get("name")) is not str or not spec["name"]:
        raise CommandError("FailedToParse", "Error in specification: an index needs a 'name'")
    for name in spec:
        if name not in _OPTIONS:
            raise unsupported(f"'{name}' of an index", "option")
    if spec.get("hidden"):
        raise unsupported("'hidden' of an index", "option")
    key = {path: _kind(path, kind) for path, kind in spec["key"].items()}
    if len(key) > _MOST_FIELDS:
        raise CommandError("CannotCreateIndex", f"an index has at most {_MOST_FIELDS} fields")
    found: dict[str, Any] = {"v": 2, "key": key, "name": spec["name"]}
    for name in _KEPT:
        if _flag(spec, name):
            found[name] = True
    if "text" in key.values():
        _check_text(spec, key)
    _add_collation(spec, found)
    _add_partial(spec, found)
    return found


def _kind(path: str, kind: Any) -> Any:
    if path == "$**" or path.endswith(".$**"):
        raise CommandError(
            "CannotCreateIndex",
            f"the embedded database does not offer wildcard indexes ({path}); set MONGODB_URI to use MongoDB",
        )
    if not path or path.startswith("$") or not all(path.split(".")):
        raise CommandError(
            "CannotCreateIndex", f"Index keys cannot be empty, start with '$' or have empty parts: {path!r}"
        )
    if kind == "text":
        return kind
    if type(kind) is str:
        raise CommandError(
            "CannotCreateIndex",
            f"the embedded database does not offer {kind} indexes ({path}); set MONGODB_URI to use MongoDB",
        )
    if not is_number(kind) or not exact(kind):
        raise CommandError(
            "CannotCreateIndex", f"Values in the index key pattern must be 1, -1 or 'text': {path}: {kind!r}"
        )
    return 1 if exact(kind) > 0 else -1


def _flag(spec: Mapping[str, Any], name: str) -> bool:
    found = spec.get(name, False)
    if type(found) is not bool and not is_number(found):
        raise mismatch(f"The field '{name}' has value {name}: {found!r}, which is not convertible to bool")
    return bool(found)


def _check_text(spec: Mapping[str, Any], key: Mapping[str, Any]) -> None:
    if set(key.values()) != {"text"}:
        raise CommandError(
            "CannotCreateIndex",
            "the embedded database does not offer text indexes with other fields beside; set MONGODB_URI",
        )
    if any(exact(weight) != 1 for weight in (spec.get("weights") or {}).values()):
        raise unsupported("'weights' of a text index", "option")
    if spec.get("default_language", "none") not in ("none", "english", "en"):
        raise unsupported(f"default_language {spec['default_language']!r} of a text index", "option")
    for name in ("unique", "sparse", "partialFilterExpression", "collation"):
        if spec.get(name):
            raise unsupported(f"'{name}' of a text index", "option")


def _add_collation(spec: Mapping[str, Any], found: dict[str, Any]) -> None:
    collation = Collation.from_spec(spec.get("collation"))
    if collation is not None:
        found["collation"] = collation.spec


def _add_partial(spec: Mapping[str, Any], found: dict[str, Any]) -> None:
    partial = spec.get("partialFilterExpression")
    if partial is None:
        return
    if type(partial) is not dict:
        raise mismatch("'partialFilterExpression' must be an object")
    if found.get("sparse"):
        raise CommandError("CannotCreateIndex", "cannot mix 'partialFilterExpression' and 'sparse' options")
    _check_partial(partial)
    compile_filter(partial)
    found["partialFilterExpression"] = partial


def _check_partial(partial: Mapping[str, Any]) -> None:
    """Only conditions that hold for a document because they hold for one of its values."""
    for name, operand in partial.items():
        if name == "$and" and type(operand) is list:
            for inner in operand:
                _check_partial(inner)
        elif name.startswith("$"):
            raise CommandError("CannotCreateIndex", f"unsupported expression in partial index: {name}")
        elif is_operators(operand):
            refused = operand.keys() - _PARTIAL
            if refused or not operand.get("$exists", True):
                raise CommandError("CannotCreateIndex", f"unsupported expression in partial index: {name}: {operand!r}")


def listed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The index as ``listIndexes`` shows it: a text index by the fields it keeps its words under."""
    index = Index(number=0, spec=spec)
    if index.text_fields is None:
        return dict(spec)
    return {
        "v": 2, "key": {"_fts": "text", "_ftsx": 1}, "name": index.name, "weights": dict.fromkeys(index.text_fields, 1),
        "default_language": "none", "language_override": "language", "textIndexVersion": 3,
    }  # fmt: skip
