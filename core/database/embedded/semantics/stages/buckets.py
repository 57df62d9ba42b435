"""``$bucket`` and ``$bucketAuto``: https://www.mongodb.com/docs/manual/reference/operator/aggregation/bucket/"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

from ..errors import CommandError, unsupported
from ..evaluation import Evaluate
from ..keys import encode_key
from ..numbers import is_whole, to_int
from ..values import MISSING, is_number, rank
from .grouping import COUNT, Group, compile_outputs, engine_errors, grouped, handed_on
from .options import is_expression, known_options
from .scope import Document, Row, Stage, StageScope

Check = Callable[[Any, StageScope], None]


def _bucket(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise CommandError("Location40201", "Argument to $bucket stage must be an object")
    for name, value in argument.items():
        known_options("$bucket", (name,), _BUCKET_CHECKS, "Location40197")
        _BUCKET_CHECKS[name](value, scope)
    if not {"groupBy", "boundaries"} <= argument.keys():
        raise CommandError("Location40198", "$bucket requires 'groupBy' and 'boundaries' to be specified.")
    boundaries, keys = _boundaries(argument["boundaries"], scope)
    default = _default(argument, scope)
    _check_outside(default, keys, scope)
    identify = _identify(scope.expression(argument["groupBy"]), boundaries, keys, default, scope)
    with engine_errors(scope):
        outputs = compile_outputs(argument.get("output", COUNT), scope)

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        with engine_errors(scope):
            groups = grouped(documents, identify, outputs, scope)
            for identifier, group in sorted(groups, key=lambda row: encode_key(row[0], scope.collation)):
                yield group.result(identifier)

    return handed_on(argument.get("output", {}), stage) if scope.leads else stage


def _check_group_by(code: str) -> Check:
    def check(value: Any, scope: StageScope) -> None:
        if not is_expression(value):
            message = "the 'groupBy' field must be defined as a $-prefixed path or an expression object"
            raise CommandError(code, message)

    return check


def _check_object(code: str) -> Check:
    def check(value: Any, scope: StageScope) -> None:
        if type(value) is not dict:
            raise CommandError(code, "the 'output' field must be an object")

    return check


def _check_boundaries(value: Any, scope: StageScope) -> None:
    if type(value) is not list:
        raise CommandError("Location40200", "The $bucket 'boundaries' field must be an array")
    _boundaries(value, scope)


def _check_default(value: Any, scope: StageScope) -> None:
    _default({"default": value}, scope)


_BUCKET_CHECKS: dict[str, Check] = {
    "groupBy": _check_group_by("Location40202"),
    "boundaries": _check_boundaries,
    "default": _check_default,
    "output": _check_object("Location40196"),
}
"""The options in the order of the command: the first that is wrong makes the error."""


def _boundaries(listed: list[Any], scope: StageScope) -> tuple[list[Any], list[bytes]]:
    """The boundaries, and their keys."""
    try:
        found = [scope.constant(item) for item in listed]
    except LookupError:
        message = "The $bucket 'boundaries' field must be an array of constant values"
        raise CommandError("Location40191", message) from None
    if len(found) < 2:
        raise CommandError("Location40192", "The $bucket 'boundaries' field must have at least 2 values")
    if len(set(map(rank, found))) > 1:
        raise CommandError("Location40193", "All values in the 'boundaries' option to $bucket must have the same type.")
    keys = [encode_key(item, scope.collation) for item in found]
    if any(one >= other for one, other in pairwise(keys)):
        raise CommandError("Location40194", "The 'boundaries' option to $bucket must be sorted in ascending order.")
    return found, keys


def _default(options: dict[str, Any], scope: StageScope) -> Any:
    """MISSING where there is none."""
    if "default" not in options:
        return MISSING
    try:
        found = scope.constant(options["default"])
    except LookupError:
        raise CommandError("Location40195", "The $bucket 'default' field must be a constant expression") from None
    return None if found is MISSING else found


def _check_outside(default: Any, keys: list[bytes], scope: StageScope) -> None:
    if default is not MISSING and keys[0] <= encode_key(default, scope.collation) < keys[-1]:
        message = (
            "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest"
        )
        raise CommandError("Location40199", message)


def _identify(value: Evaluate, boundaries: list[Any], keys: list[bytes], default: Any, scope: StageScope) -> Evaluate:
    def identify(document: Document, variables: Any) -> Any:
        place = bisect_right(keys, encode_key(value(document, variables), scope.collation)) - 1
        if 0 <= place < len(keys) - 1:
            return boundaries[place]
        if default is MISSING:
            message = "$switch could not find a matching branch for an input, and no default was specified."
            raise CommandError("Location40066", message)
        return default

    return identify


# $bucketAuto

Keyed = tuple[bytes, Any, Document]
"""A document with its value and that value's key."""


def _bucket_auto(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise CommandError("Location40240", "The argument to $bucketAuto must be an object")
    for name, value in argument.items():
        known_options("$bucketAuto", (name,), _AUTO_CHECKS, "Location40245")
        _AUTO_CHECKS[name](value, scope)
    if not {"groupBy", "buckets"} <= argument.keys():
        raise CommandError("Location40246", "$bucketAuto requires 'groupBy' and 'buckets' to be specified")
    count, value = to_int(argument["buckets"]), scope.expression(argument["groupBy"])
    outputs = compile_outputs(argument.get("output") or COUNT, scope)
    if any(plan.by_group for _, plan in outputs):
        raise CommandError("Location4544714", "Can't refer to the group key in $bucketAuto")

    def keyed(document: Document) -> Keyed:
        found = value(document, scope.variables)
        found = None if found is MISSING else found
        return encode_key(found, scope.collation), found, document

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        found = sorted(map(keyed, documents), key=lambda row: row[0])
        buckets = _divided(found, count)
        following = [bucket[0][1] for bucket in buckets[1:]] + [bucket[-1][1] for bucket in buckets[-1:]]
        for bucket, end in zip(buckets, following, strict=True):
            group = Group(outputs, scope)
            for _, _, document in bucket:
                group.add(document)
            yield group.result({"min": bucket[0][1], "max": end})

    return stage


def _check_buckets(value: Any, scope: StageScope) -> None:
    if not is_number(value):
        raise CommandError("Location40241", "The $bucketAuto 'buckets' field must be a numeric value")
    if not is_whole(value) or not -(2**31) <= to_int(value) < 2**31:
        raise CommandError("Location40242", "The $bucketAuto 'buckets' field must be representable as a 32-bit integer")
    if to_int(value) <= 0:
        raise CommandError("Location40243", "The $bucketAuto 'buckets' field must be greater than 0")


def _check_granularity(value: Any, scope: StageScope) -> None:
    if type(value) is not str:
        raise CommandError("Location40261", "The $bucketAuto 'granularity' field must be a string")
    raise unsupported("$bucketAuto with granularity", "stage")


_AUTO_CHECKS: dict[str, Check] = {
    "groupBy": _check_group_by("Location40239"),
    "buckets": _check_buckets,
    "output": _check_object("Location40244"),
    "granularity": _check_granularity,
}


def _divided(found: list[Keyed], count: int) -> list[list[Keyed]]:
    """Parts of about the same size; equal values stay together, the last part takes what remains."""
    size = max(1, int(len(found) / count + 0.5))
    buckets: list[list[Keyed]] = []
    start = 0
    while start < len(found):
        end = len(found) if len(buckets) == count - 1 else min(start + size, len(found))
        while end < len(found) and found[end][0] == found[end - 1][0]:
            end += 1
        buckets.append(found[start:end])
        start = end
    return buckets


ROWS: dict[str, Row] = {
    "$bucket": _bucket,
    "$bucketAuto": _bucket_auto,
}
