"""Stages that choose, order and multiply documents: https://www.mongodb.com/docs/manual/reference/operator/aggregation-pipeline/"""

import random
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from itertools import islice
from typing import Any

from ..errors import CommandError
from ..matching import compile_filter
from ..numbers import fits_long, is_whole, to_int, to_long
from ..sorting import SortKey, compile_sort
from ..values import is_number
from .options import known_options
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
    number = _natural("$limit", "Location5107201", argument)
    if not number:
        raise CommandError("Location15958", "the limit must be positive")
    return number


def skip_of(argument: Any) -> int:
    return _natural("$skip", "Location5107200", argument)


def _natural(stage: str, code: str, argument: Any) -> int:
    if not is_number(argument) or not is_whole(argument) or not fits_long(to_int(argument)) or to_int(argument) < 0:
        message = f"invalid argument to {stage} stage: Expected a non-negative 64-bit integer, found {argument!r}"
        raise CommandError(code, message)
    return to_int(argument)


def _limit(argument: Any, scope: StageScope) -> Stage:
    limit = limit_of(argument)
    return lambda documents: islice(documents, limit)


def _skip(argument: Any, scope: StageScope) -> Stage:
    skip = skip_of(argument)
    return lambda documents: islice(documents, skip, None)


def _sample(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise CommandError("Location28745", "the $sample stage specification must be an object")
    if "size" in argument and not is_number(argument["size"]):
        raise CommandError("Location28746", "size argument to $sample must be a number")
    known_options("$sample", argument, ("size",), "Location28748")
    if "size" not in argument:
        raise CommandError("Location28749", "$sample stage must specify a size")
    size = to_long(argument["size"])
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
        if type(found) is not list:
            raise CommandError("Location5858203", "$documents must evaluate to an array of objects")
        if not all(type(item) is dict for item in found):
            raise CommandError("Location40228", "each element of what $documents evaluates to must be an object")
        return scope.paced(found)

    return stage


ROWS: dict[str, Row] = {
    "$match": _match,
    "$sort": _sort,
    "$limit": _limit,
    "$skip": _skip,
    "$sample": _sample,
    "$documents": _documents,
}
