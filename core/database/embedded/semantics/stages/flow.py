"""Stages that choose, order and multiply documents: https://www.mongodb.com/docs/manual/reference/operator/aggregation-pipeline/"""

import random
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import islice
from typing import Any

from bson import Int64

from ..errors import CommandError, only_options
from ..matching import compile_filter
from ..numbers import is_whole, to_int
from ..projection_tree import Path, split_path
from ..sorting import SortKey, compile_sort
from ..values import MISSING, is_number, type_name
from .scope import Document, Row, Stage, StageScope


def _match(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise CommandError("Location15959", "the match filter must be an expression in an object")
    match = compile_filter(argument, collation=scope.collation, variables=scope.variables, text=scope.text)
    return lambda documents: filter(match, documents)


def sort_key(argument: Any, scope: StageScope) -> SortKey:
    if type(argument) is not dict:
        raise CommandError("Location15973", "the $sort key specification must be an object")
    if not argument:
        raise CommandError("Location15976", "$sort stage must have at least one sort key")
    return compile_sort(argument, scope.collation, score=scope.score)


def _sort(argument: Any, scope: StageScope) -> Stage:
    key = sort_key(argument, scope)
    return lambda documents: iter(sorted(documents, key=key))


def sort_and_limit(argument: Any, limit: int, scope: StageScope) -> Stage:
    """``$sort`` before ``$limit``: only so many documents are kept."""
    key = sort_key(argument, scope)
    return lambda documents: iter(nsmallest(limit, documents, key=key))


def limit_of(argument: Any) -> int:
    number = _whole(argument, "Location5107201", "the limit must be specified as a number")
    if number <= 0:
        raise CommandError("Location15958", "the limit must be positive")
    return number


def skip_of(argument: Any) -> int:
    number = _whole(argument, "Location5107200", "invalid argument to $skip stage: Expected a number")
    if number < 0:
        raise CommandError(
            "Location5107200", f"invalid argument to $skip stage: Expected a non-negative number in: {number}"
        )
    return number


def _whole(argument: Any, code: str, message: str) -> int:
    if not is_number(argument) or not is_whole(argument):
        raise CommandError(code, message)
    return to_int(argument)


def _limit(argument: Any, scope: StageScope) -> Stage:
    limit = limit_of(argument)
    return lambda documents: islice(documents, limit)


def _skip(argument: Any, scope: StageScope) -> Stage:
    skip = skip_of(argument)
    return lambda documents: islice(documents, skip, None)


def _sample(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict or argument.keys() != {"size"}:
        raise CommandError("Location28745", "the $sample stage specification must be an object with the option 'size'")
    size = _whole(argument["size"], "Location28746", "size argument to $sample must be a number")
    if size <= 0:
        raise CommandError("Location28747", "size argument to $sample must be a positive integer")

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        found = list(documents)
        return iter(random.sample(found, min(size, len(found))))

    return stage


def _documents(argument: Any, scope: StageScope) -> Stage:
    """Documents of the command itself; what comes before does not count."""
    listed = scope.expression(argument)

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        found = listed({}, scope.variables)
        if type(found) is not list or not all(type(item) is dict for item in found):
            raise CommandError("Location5858203", "$documents must evaluate to an array of objects")
        return iter(found)

    return stage


# $unwind


def _unwind(argument: Any, scope: StageScope) -> Stage:
    options = {"path": argument} if type(argument) is str else argument
    if type(options) is not dict:
        raise CommandError(
            "Location15981",
            f"expected either a string or an object as specification for $unwind stage, got {type_name(argument)}",
        )
    only_options("$unwind", options, ("path", "includeArrayIndex", "preserveNullAndEmptyArrays"))
    path = options.get("path")
    if type(path) is not str:
        raise CommandError("Location28808", "no path specified to $unwind stage")
    if not path.startswith("$"):
        raise CommandError("Location28818", f"path option to $unwind stage should be prefixed with a '$': {path}")
    index = _index_path(options.get("includeArrayIndex"))
    keep = options.get("preserveNullAndEmptyArrays", False)
    if type(keep) is not bool:
        raise CommandError(
            "Location28809", "expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage"
        )
    parts = split_path(path[1:])

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            yield from _unwound(document, parts, index, keep)

    return stage


def _index_path(name: Any) -> Path | None:
    if name is None:
        return None
    if type(name) is not str or not name or name.startswith("$"):
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


ROWS: dict[str, Row] = {
    "$match": _match,
    "$sort": _sort,
    "$limit": _limit,
    "$skip": _skip,
    "$sample": _sample,
    "$unwind": _unwind,
    "$documents": _documents,
}
