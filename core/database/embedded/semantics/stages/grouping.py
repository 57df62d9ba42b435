"""Stages that make one document of many: https://www.mongodb.com/docs/manual/reference/operator/aggregation/group/"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from ..errors import CommandError, only_options, unsupported
from ..evaluation import Evaluate
from ..keys import encode_key
from ..numbers import is_whole, to_int, whole
from ..values import MISSING, is_number, rank
from .accumulation import Plan, compile_accumulator
from .scope import Document, Row, Stage, StageScope

Outputs = list[tuple[str, Plan]]
_COUNT = {"count": {"$sum": 1}}


class _Group:
    """The accumulators of one group; ``add`` takes a document."""

    def __init__(self, outputs: Outputs, scope: StageScope) -> None:
        self._fields = [(name, plan.evaluate, plan.make()) for name, plan in outputs]
        self._steps = [(evaluate, accumulator.add) for _, evaluate, accumulator in self._fields]
        self._variables = scope.variables

    def add(self, document: Document) -> None:
        for evaluate, add in self._steps:
            add(evaluate(document, self._variables))

    def result(self, identifier: Any) -> Document:
        return {"_id": identifier, **{name: accumulator.result() for name, _, accumulator in self._fields}}


def _outputs(spec: dict[str, Any], scope: StageScope) -> Outputs:
    for name in spec:
        if "." in name:
            raise CommandError("Location40235", f"The field name '{name}' cannot contain '.'")
        if name.startswith("$"):
            raise CommandError("Location40236", f"The field name '{name}' cannot be an operator name")
    return [(name, compile_accumulator(name, item, scope)) for name, item in spec.items()]


def _group(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise CommandError("Location15947", "a group's fields must be specified in an object")
    if "_id" not in argument:
        raise CommandError("Location15955", "a group specification must include an _id")
    identify = scope.expression(argument["_id"])
    outputs = _outputs({name: item for name, item in argument.items() if name != "_id"}, scope)

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        for identifier, group in _grouped(documents, identify, outputs, scope):
            yield group.result(identifier)

    return stage


def _grouped(
    documents: Iterable[Document], identify: Evaluate, outputs: Outputs, scope: StageScope
) -> Iterable[tuple[Any, _Group]]:
    groups: dict[bytes, tuple[Any, _Group]] = {}
    for document in documents:
        identifier = identify(document, scope.variables)
        if identifier is MISSING:
            identifier = None
        key = encode_key(identifier, scope.collation)
        found = groups.get(key)
        if found is None:
            found = groups[key] = (identifier, _Group(outputs, scope))
        found[1].add(document)
    return groups.values()


def _sort_by_count(argument: Any, scope: StageScope) -> Stage:
    is_expression = (type(argument) is str and argument.startswith("$")) or (
        type(argument) is dict and next(iter(argument), "").startswith("$")
    )
    if not is_expression:
        message = "the sortByCount field must be defined as a $-prefixed path or an expression inside an object"
        raise CommandError("Location40149" if type(argument) is str else "Location40147", message)
    return scope.compile([{"$group": {"_id": argument, **_COUNT}}, {"$sort": {"count": -1}}])


def _count(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not str or not argument:
        raise CommandError("Location40156", "the count field must be a non-empty string")
    if argument.startswith("$") or "." in argument:
        code = "Location40158" if argument.startswith("$") else "Location40160"
        raise CommandError(code, f"the count field cannot begin with '$' or contain '.': {argument}")

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        count = sum(1 for _ in documents)
        if count:
            yield {argument: whole(count, 0)}

    return stage


# Buckets


def _bucket(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict or not {"groupBy", "boundaries"} <= argument.keys():
        raise CommandError("Location40198", "$bucket requires 'groupBy' and 'boundaries' to be specified.")
    only_options("$bucket", argument, ("groupBy", "boundaries", "default", "output"))
    boundaries = scope.expression(argument["boundaries"])({}, scope.variables)
    keys = _boundary_keys(boundaries, scope)
    default = argument.get("default", MISSING)
    outside = scope.expression(default)({}, scope.variables) if default is not MISSING else MISSING
    value = scope.expression(argument["groupBy"])
    outputs = _outputs(argument.get("output", _COUNT), scope)

    def identify(document: Document, variables: Any) -> Any:
        found = value(document, variables)
        place = bisect_right(keys, encode_key(found, scope.collation)) - 1
        if 0 <= place < len(keys) - 1:
            return boundaries[place]
        if outside is MISSING:
            message = "$switch could not find a matching branch for an input, and no default was specified."
            raise CommandError("Location40066", message)
        return outside

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        groups = _grouped(documents, identify, outputs, scope)
        for identifier, group in sorted(groups, key=lambda row: encode_key(row[0], scope.collation)):
            yield group.result(identifier)

    return stage


def _boundary_keys(boundaries: Any, scope: StageScope) -> list[bytes]:
    if type(boundaries) is not list or len(boundaries) < 2:
        raise CommandError("Location40192", "The $bucket 'boundaries' field must be an array of at least 2 values")
    if len({rank(boundary) for boundary in boundaries}) > 1:
        raise CommandError("Location40193", "All values in the 'boundaries' option to $bucket must have the same type.")
    keys = [encode_key(boundary, scope.collation) for boundary in boundaries]
    if any(one >= other for one, other in pairwise(keys)):
        raise CommandError("Location40194", "The 'boundaries' option to $bucket must be sorted in ascending order.")
    return keys


def _bucket_auto(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict or not {"groupBy", "buckets"} <= argument.keys():
        raise CommandError("Location40246", "$bucketAuto requires 'groupBy' and 'buckets' to be specified")
    if "granularity" in argument:
        raise unsupported("$bucketAuto with granularity", "stage")
    only_options("$bucketAuto", argument, ("groupBy", "buckets", "output"))
    count = argument["buckets"]
    if not is_number(count) or not is_whole(count) or to_int(count) <= 0:
        raise CommandError("Location40243", "The $bucketAuto 'buckets' field must be greater than 0")
    value = scope.expression(argument["groupBy"])
    outputs = _outputs(argument.get("output", _COUNT), scope)

    def keyed(document: Document) -> tuple[bytes, Any, Document]:
        found = value(document, scope.variables)
        found = None if found is MISSING else found
        return encode_key(found, scope.collation), found, document

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        found = sorted(map(keyed, documents), key=lambda row: row[0])
        buckets = _divided(found, to_int(count))
        for bucket, following in zip(buckets, [*buckets[1:], None], strict=True):
            group = _Group(outputs, scope)
            for _, _, document in bucket:
                group.add(document)
            yield group.result({"min": bucket[0][1], "max": (following[0] if following else bucket[-1])[1]})

    return stage


def _divided(found: list[tuple[bytes, Any, Document]], count: int) -> list[list[tuple[bytes, Any, Document]]]:
    """Parts of about the same size; equal values stay together, the last part takes what remains."""
    size = max(1, int(len(found) / count + 0.5))
    buckets: list[list[tuple[bytes, Any, Document]]] = []
    start = 0
    while start < len(found):
        end = len(found) if len(buckets) == count - 1 else min(start + size, len(found))
        while end < len(found) and found[end][0] == found[end - 1][0]:
            end += 1
        buckets.append(found[start:end])
        start = end
    return buckets


ROWS: dict[str, Row] = {
    "$group": _group,
    "$sortByCount": _sort_by_count,
    "$count": _count,
    "$bucket": _bucket,
    "$bucketAuto": _bucket_auto,
}
