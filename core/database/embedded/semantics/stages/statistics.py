"""``$collStats``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/collStats/"""

from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import CommandError, mismatch, unsupported
from ..values import type_name
from .scope import Document, Row, Stage, StageScope

_OFFERED = ("storageStats", "count")
_REFUSED = ("latencyStats", "queryExecStats", "operationStats")


def _collection_statistics(argument: Any, scope: StageScope) -> Stage:
    """One document of figures; the documents of the collection are not read."""
    if type(argument) is not dict:
        raise CommandError("Location5447000", f"$collStats must take a nested object but found: {argument!r}")
    options = {name: value for name, value in argument.items() if value is not None}
    for name in argument:
        if name not in (*_OFFERED, *_REFUSED):
            raise CommandError("Location40415", f"BSON field '$collStats.{name}' is an unknown field.")
        if name in options:
            _check(name, options[name])
    if scope.figures is None:
        raise unsupported("$collStats in a view or within another stage", "stage")
    found = scope.figures(options)

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        return iter([found])

    return stage


def _check(name: str, value: Any) -> None:
    if type(value) is not dict:
        message = f"BSON field '$collStats.{name}' is the wrong type '{type_name(value)}', expected type 'object'"
        raise mismatch(message)
    if name in _REFUSED:
        raise unsupported(f"{name} of $collStats", "stage")
    if name == "count" and value:
        raise CommandError("Location31170", "the option 'count' of $collStats must be an empty object")


ROWS: dict[str, Row] = {"$collStats": _collection_statistics}
