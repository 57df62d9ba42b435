"""What ``createIndexes`` may ask for, checked and in one form; how ``listIndexes`` shows it.

https://www.mongodb.com/docs/manual/reference/command/createIndexes/
"""

from collections.abc import Mapping
from typing import Any

from bson import Decimal128, Regex

from .indexes import Index
from .options import ANY, FLAG, NUMBER, OBJECT, TEXT, Option, given
from .semantics.collation import Collation
from .semantics.errors import REMEDY, CommandError, bad, unparsable, unsupported
from .semantics.evaluation import truthy
from .semantics.matching import compile_filter, is_operators
from .semantics.values import encode, equal, exact, is_nan, is_number
from .semantics.words import ENGLISH, language

_OPTIONS: Mapping[str, Option] = {
    "key": given(OBJECT), "name": given(TEXT), "v": given(NUMBER), "ns": ANY, "background": ANY, "dropDups": ANY,
    "unique": given(FLAG), "sparse": given(FLAG), "hidden": given(FLAG), "partialFilterExpression": given(OBJECT),
    "collation": given(OBJECT), "weights": ANY, "default_language": given(TEXT), "language_override": given(TEXT),
    "textIndexVersion": given(NUMBER),
}  # fmt: skip
_REFUSED = frozenset({
    "expireAfterSeconds", "wildcardProjection", "storageEngine", "prepareUnique", "clustered", "2dsphereIndexVersion",
    "bits", "min", "max", "bucketSize", "coarsestIndexedLevel", "finestIndexedLevel",
})  # fmt: skip
"""Options of MongoDB that are not offered."""
_OF_ID = frozenset({"key", "name", "v", "ns", "collation"})
_OF_TEXT = ("weights", "default_language", "language_override", "textIndexVersion")
_SHOWN = ("sparse", "background")
"""Options that stay as they were given, though the one that is false and the other do nothing."""
_PARTIAL = frozenset({"$eq", "$exists", "$gt", "$gte", "$lt", "$lte", "$type", "$in", "$all"})
_MOST_FIELDS = 32
Clause = tuple[str, str, Any]
"""An operator, the path it is for, and its argument."""


def parse_index(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The specification to store: options at their default left out.

    Raises:
        CommandError: malformed, or a kind or option that is not offered.
    """
    _check_options(spec)
    key = _key(spec["key"])
    found: dict[str, Any] = {"v": 2, "key": key, "name": _name(spec["name"], key)}
    if _of_id(key):
        return _id_index(spec, found)
    if truthy(spec.get("unique")):
        found["unique"] = True
    found |= {name: spec[name] for name in _SHOWN if name in spec}
    _add_text(spec, key, found)
    _add_collation(spec, found)
    _add_partial(spec, found)
    return found


def _check_options(spec: Mapping[str, Any]) -> None:
    for name, value in spec.items():
        if name in _REFUSED:
            raise unsupported(f"'{name}' of an index", "option")
        if name not in _OPTIONS:
            message = f"The field '{name}' is not valid for an index specification"
            raise CommandError("InvalidIndexSpecificationOption", message)
        _OPTIONS[name].check(f"createIndexes.indexes.{name}", value)
    for name in ("key", "name"):
        if name not in spec:
            raise unparsable(f"The '{name}' field is a required property of an index specification")
    if truthy(spec.get("hidden")) and not _of_id(spec["key"]):
        raise unsupported("'hidden' of an index", "option")
    if not equal(spec.get("v", 2), 2):
        raise CommandError(
            "CannotCreateIndex", f"the embedded database offers indexes of version 2, not {spec['v']}; {REMEDY}"
        )


def _key(key: Mapping[str, Any]) -> dict[str, Any]:
    if not key:
        raise CommandError("CannotCreateIndex", "Index keys cannot be empty.")
    if len(key) > _MOST_FIELDS:
        raise CommandError("Location13103", f"an index has at most {_MOST_FIELDS} fields")
    return {path: _kind(path, kind) for path, kind in key.items()}


def _name(name: str, key: Mapping[str, Any]) -> str:
    if name == "*":
        raise bad("The index name '*' is not valid.")
    if not name or "\0" in name:
        raise CommandError("CannotCreateIndex", f"an index cannot be called {name!r}")
    if name == "_id_" and not _of_id(key):
        raise bad("The index name '_id_' is reserved for the _id index")
    return name


def _of_id(key: Mapping[str, Any]) -> bool:
    return list(key) == ["_id"] and is_number(key["_id"])


def _id_index(spec: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Every collection has it; what may be said of it is little."""
    if not equal(spec["key"]["_id"], 1):
        raise bad(f"The field 'key' for an _id index must be {{_id: 1}}, but got {spec['key']}")
    for name in spec:
        if name not in _OF_ID:
            message = f"The field '{name}' is not valid for an _id index specification"
            raise CommandError("InvalidIndexSpecificationOption", message)
    if Collation.from_spec(dict(spec.get("collation") or {})) is not None:
        raise bad("The _id index must have the same collation as the collection")
    return found | {"name": "_id_"}


def _kind(path: str, kind: Any) -> Any:
    if path == "$**" and kind == "text":
        return kind
    if path == "$**" or path.endswith(".$**"):
        raise CommandError(
            "CannotCreateIndex",
            f"the embedded database does not offer wildcard indexes ({path}); set MONGODB_URI to use MongoDB",
        )
    if path == "_fts":
        raise CommandError("CannotCreateIndex", "Index key contains an illegal field name: '_fts'")
    first, *others = path.split(".")
    if first.startswith("$") or not all((first, *others)) or any(_is_dollar(part) for part in others):
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
    if not is_number(kind) or is_nan(kind) or not exact(kind):
        raise CommandError(
            "CannotCreateIndex", f"Values in the index key pattern must be 1, -1 or 'text': {path}: {kind!r}"
        )
    if type(kind) is Decimal128 or abs(exact(kind)) != 1:
        raise CommandError(
            "CannotCreateIndex", f"the embedded database offers keys of 1 and -1, not {path}: {kind}; {REMEDY}"
        )
    return kind


def _is_dollar(part: str) -> bool:
    return part.startswith("$") and part not in ("$ref", "$id", "$db")  # those of references


def _add_text(spec: Mapping[str, Any], key: Mapping[str, Any], found: dict[str, Any]) -> None:
    given_options = [name for name in _OF_TEXT if name in spec]
    if "text" not in key.values():
        if given_options:
            raise CommandError("CannotCreateIndex", f"'{given_options[0]}' is only for a text index")
        return
    _check_text_options(spec)
    if set(key.values()) != {"text"}:
        raise CommandError(
            "CannotCreateIndex",
            "the embedded database does not offer text indexes with other fields beside; set MONGODB_URI",
        )
    if not all(equal(weight, 1) for weight in spec.get("weights", {}).values()):
        raise unsupported("'weights' of a text index", "option")
    if Collation.from_spec(dict(spec.get("collation") or {})) is not None:
        raise CommandError("CannotCreateIndex", "a text index has the simple collation only")
    for name in ("unique", "sparse", "partialFilterExpression"):
        if spec.get(name):
            raise unsupported(f"'{name}' of a text index", "option")
    found["default_language"] = language(spec.get("default_language") or ENGLISH, "CannotCreateIndex")
    found["language_override"] = spec.get("language_override", "language")


def _check_text_options(spec: Mapping[str, Any]) -> None:
    weights, version = spec.get("weights", {}), spec.get("textIndexVersion", 3)
    if type(weights) in (str, list) or spec.get("language_override") == "":
        raise CommandError("CannotCreateIndex", "weights must be an object and language_override not be empty")
    given(OBJECT).check("createIndexes.indexes.weights", weights)
    if type(version) is Decimal128 or version not in (1, 2, 3):
        raise CommandError("CannotCreateIndex", f"bad textIndexVersion: {version}")
    if version != 3:
        raise unsupported(f"textIndexVersion {version} of a text index", "option")


def _add_collation(spec: Mapping[str, Any], found: dict[str, Any]) -> None:
    given_collation = spec.get("collation")
    if given_collation is None:
        return
    if not given_collation:
        raise bad("The field 'collation' of an index cannot be empty")
    collation = Collation.from_spec(given_collation)
    if collation is not None:
        found["collation"] = collation.spec


def _add_partial(spec: Mapping[str, Any], found: dict[str, Any]) -> None:
    partial = spec.get("partialFilterExpression")
    if partial is None:
        return
    if truthy(found.get("sparse")):
        raise CommandError("CannotCreateIndex", "cannot mix 'partialFilterExpression' and 'sparse' options")
    for name, code in (("$expr", "QueryFeatureNotAllowed"), ("$text", "BadValue")):
        if name in partial:
            raise CommandError(code, f"{name} is not allowed in the filter of a partial index")
    compile_filter(partial)
    _check_partial(partial)
    found["partialFilterExpression"] = partial


def _check_partial(partial: Mapping[str, Any]) -> None:
    """Only conditions that hold for a document because they hold for one of its values."""
    for name, operand in partial.items():
        if name in ("$and", "$or"):
            for inner in operand:
                _check_partial(inner)
        elif name.startswith("$"):
            raise CommandError("CannotCreateIndex", f"unsupported expression in partial index: {name}")
        elif isinstance(operand, Regex) or (is_operators(operand) and not _holds_for_one(operand)):
            raise CommandError("CannotCreateIndex", f"unsupported expression in partial index: {name}: {operand!r}")


def _holds_for_one(operators: Mapping[str, Any]) -> bool:
    known = not operators.keys() - _PARTIAL and truthy(operators.get("$exists", True))
    return known and not any(isinstance(item, Regex) for item in operators.get("$all", ()))


# Comparing


def same_index(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two specifications, by whatever name, tell of one index: of such a collection has but one."""
    return _signature(one) == _signature(other)


def _signature(spec: Mapping[str, Any]) -> tuple[Any, ...]:
    partial = spec.get("partialFilterExpression")
    key = spec["key"]
    if "text" in key.values():
        return ("text",)
    return (
        tuple(key.items()), encode({"": spec.get("collation")}), spec.get("unique"), truthy(spec.get("sparse")),
        None if partial is None else _clauses(partial),
    )  # fmt: skip


def _clauses(partial: Mapping[str, Any]) -> list[Clause]:
    """The conditions of a filter, whichever way they are joined: MongoDB sorts them by operator and path only."""
    found: list[Clause] = []
    for name, operand in partial.items():
        if name == "$and":
            for inner in operand:
                found += _clauses(inner)
        elif name == "$or":
            found.append((name, "", sorted(_clauses(inner) for inner in operand)))
        else:
            for operator, argument in operand.items() if is_operators(operand) else (("$eq", operand),):
                found.append((operator, name, encode({"": argument})))
    return sorted(found, key=lambda clause: clause[:2])


def options_of(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of an index beside its place, to tell whether two agree."""
    told = ("v", "name", "key", "partialFilterExpression", *_SHOWN)
    kept = {name: value for name, value in spec.items() if name not in told} | {"sparse": truthy(spec.get("sparse"))}
    return kept | ({"key": spec["key"]} if "text" in spec["key"].values() else {})


# Showing


def listed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The index as ``listIndexes`` shows it: a text index by the fields it keeps its words under."""
    index = Index(number=0, spec=spec)
    if index.text is None:
        return dict(spec)
    return {
        "v": 2, "key": {"_fts": "text", "_ftsx": 1}, "name": index.name, "weights": dict.fromkeys(index.text.fields, 1),
        "default_language": index.text.language, "language_override": index.text.override, "textIndexVersion": 3,
    }  # fmt: skip
