"""``$unwind``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/unwind/"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bson import Int64

from ..errors import CommandError
from ..projection_tree import Path, split_path
from ..values import MISSING, type_name
from .options import known_options
from .scope import Document, Row, Stage, StageScope


def _unwind(argument: Any, scope: StageScope) -> Stage:
    options = {"path": argument} if type(argument) is str else argument
    if type(options) is not dict:
        raise CommandError(
            "Location15981",
            f"expected either a string or an object as specification for $unwind stage, got {type_name(argument)}",
        )
    _check_types(options)
    parts = _array_path(options.get("path", ""))
    index = _index_path(options["includeArrayIndex"]) if "includeArrayIndex" in options else None
    keep = options.get("preserveNullAndEmptyArrays") is True

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            yield from scope.paced(_unwound(document, parts, index, keep))

    return stage


_TYPES: dict[str, tuple[type, str]] = {
    "path": (str, "Location28808"),
    "preserveNullAndEmptyArrays": (bool, "Location28809"),
    "includeArrayIndex": (str, "Location28810"),
}
"""Each option with its type, and the code for another one."""


def _check_types(options: dict[str, Any]) -> None:
    for name, value in options.items():
        known_options("$unwind", (name,), _TYPES, "Location28811")
        wanted, code = _TYPES[name]
        if type(value) is not wanted or (value == "" and name == "includeArrayIndex"):
            expected = "a boolean" if wanted is bool else "a non-empty string"
            message = f"expected {expected} for the {name} option to $unwind stage, got {type_name(value)}"
            raise CommandError(code, message)


def _array_path(path: str) -> Path:
    if not path:
        raise CommandError("Location28812", "no path specified to $unwind stage")
    if not path.startswith("$"):
        raise CommandError("Location28818", f"path option to $unwind stage should be prefixed with a '$': {path}")
    if "\0" in path:
        raise CommandError("Location16419", "field path must not contain embedded null characters")
    return split_path(path[1:])


def _index_path(name: str) -> Path:
    if name.startswith("$"):
        raise CommandError(
            "Location28822", f"includeArrayIndex option to $unwind stage should not be prefixed with a '$': {name}"
        )
    return split_path(name)


def _unwound(document: Document, parts: Path, index: Path | None, keep: bool) -> Iterator[Document]:
    value = _at(document, parts)
    if type(value) is list and value:
        for place, item in enumerate(value):
            yield _indexed(with_value(document, parts, item), index, Int64(place))
    elif type(value) is list or value is None or value is MISSING:
        if keep:
            found = with_value(document, parts, MISSING) if type(value) is list else document
            yield _indexed(found, index, None)
    else:
        yield _indexed(document, index, None)


def _at(value: Any, parts: Path) -> Any:
    for part in parts:
        value = value.get(part, MISSING) if type(value) is dict else MISSING
    return value


def _indexed(document: Document, index: Path | None, place: Any) -> Document:
    return document if index is None else with_value(document, index, place)


def with_value(document: Any, parts: Sequence[str], value: Any) -> Document:
    """The document with the value at the path (MISSING takes the field away); the original stays as it is."""
    out = dict(document) if type(document) is dict else {}
    name, *rest = parts
    found = with_value(out.get(name, {}), rest, value) if rest else value
    if found is MISSING:
        out.pop(name, None)
    else:
        out[name] = found
    return out


ROWS: dict[str, Row] = {"$unwind": _unwind}
