"""Stages that bring in other documents: https://www.mongodb.com/docs/manual/reference/operator/aggregation/lookup/"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import Any

from bson import Int64

from ..errors import CommandError, only_options, unparsable
from ..keys import encode_key
from ..numbers import is_whole, to_int
from ..operators.conditions import check_variable
from ..paths import candidates, index_values
from ..projection_tree import split_path
from ..values import MISSING, UNDEFINED, is_number
from .flow import with_value
from .scope import Document, Row, Stage, StageScope

Join = Callable[[Document], list[Document]]
"""Gives the documents that belong to one."""


class _Index:
    """Documents by the values at a path, as equality in a filter finds them."""

    def __init__(self, documents: Iterable[Document], path: str, scope: StageScope) -> None:
        self._scope = scope
        self._documents = list(documents)
        self._places: dict[bytes, list[int]] = {}
        parts = tuple(path.split("."))
        for place, document in enumerate(self._documents):
            for key in {encode_key(value, scope.collation) for value in candidates(document, parts)}:
                self._places.setdefault(key, []).append(place)

    def find(self, values: Iterable[Any]) -> list[Document]:
        keys = {encode_key(value, self._scope.collation) for value in values}
        places = {place for key in keys for place in self._places.get(key, ())}
        return [self._documents[place] for place in sorted(places)]


def _local_values(document: Document, path: str) -> list[Any]:
    """The values to look for: those in an array one by one, null where there are none."""
    found = [value for value in index_values(document, path) if value is not MISSING and value is not UNDEFINED]
    return found or [None]


def _lookup(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise unparsable("the $lookup stage specification must be an object")
    only_options("$lookup", argument, ("from", "localField", "foreignField", "let", "pipeline", "as"))
    name, target = _collection(argument, "$lookup"), argument.get("as")
    if type(target) is not str:
        raise unparsable("must specify 'as' field for a $lookup")
    by_fields = "localField" in argument or "foreignField" in argument
    if by_fields and not (type(argument.get("localField")) is str and type(argument.get("foreignField")) is str):
        raise unparsable("$lookup requires both or neither of 'localField' and 'foreignField' to be specified")
    if not by_fields and "pipeline" not in argument:
        raise unparsable("$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified")
    parts = split_path(target)
    # The other collection is read once for a command, also where this lookup stands inside another.
    make_join = cache(_joining(name, argument, scope))

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            yield with_value(document, parts, make_join()(document))

    return stage


def _collection(argument: dict[str, Any], stage: str) -> str:
    if type(argument.get("from")) is not str:
        raise unparsable(f"missing 'from' option to {stage} stage specification")
    return argument["from"]


def _joining(name: str, argument: dict[str, Any], scope: StageScope) -> Callable[[], Join]:
    """A function that makes the join, once the stage runs."""
    refine = _refining(argument, scope)
    if "localField" not in argument:

        def make_scan() -> Join:
            found = list(scope.sources(name))
            return lambda document: refine(document, found)

        return make_scan
    local, foreign = argument["localField"], argument["foreignField"]
    for path in (local, foreign):
        split_path(path)

    def make() -> Join:
        index = _Index(scope.sources(name), foreign, scope)
        return lambda document: refine(document, index.find(_local_values(document, local)))

    return make


def _refining(argument: dict[str, Any], scope: StageScope) -> Callable[[Document, list[Document]], list[Document]]:
    """What ``let`` and ``pipeline`` make of the documents found."""
    if "pipeline" not in argument:
        return lambda document, found: found
    let = argument.get("let", {})
    if type(let) is not dict:
        raise unparsable("$lookup argument 'let' must be an object")
    for name in let:
        check_variable(name)
    bound = [(name, scope.expression(spec)) for name, spec in let.items()]
    variables = {**scope.variables, **dict.fromkeys(let, MISSING)}
    run = replace(scope, variables=variables, text=None, score=None).compile(argument["pipeline"])

    def refine(document: Document, found: list[Document]) -> list[Document]:
        # Outer variables may have changed too, where this lookup stands inside another.
        variables.update(scope.variables)
        variables.update({name: value(document, scope.variables) for name, value in bound})
        return list(run(found))

    return refine


def _union_with(argument: Any, scope: StageScope) -> Stage:
    options = {"coll": argument} if type(argument) is str else argument
    if type(options) is not dict:
        raise unparsable("the $unionWith stage specification must be an object or string")
    only_options("$unionWith", options, ("coll", "pipeline"))
    name = options.get("coll")
    if type(name) is not str:
        raise unparsable("the embedded database needs a 'coll' in $unionWith")
    run = replace(scope, text=None, score=None).compile(options.get("pipeline", []))
    return lambda documents: chain(documents, _deferred(run, scope, name))


def _deferred(run: Stage, scope: StageScope, name: str) -> Iterator[Document]:
    yield from run(scope.sources(name))


def _facet(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict or not argument:
        raise CommandError("Location40169", "the $facet specification must be a non-empty object")
    runs: dict[str, Stage] = {}
    for name, stages in argument.items():
        if type(stages) is not list:
            raise CommandError("Location40170", f"arguments to $facet must be arrays, {name} is not")
        if any(type(stage) is dict and ({"$facet", "$documents"} & stage.keys()) for stage in stages):
            raise CommandError(
                "Location40600", "$facet and $documents are not allowed to be used within a $facet stage"
            )
        runs[name] = scope.compile(stages)

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        found = list(documents)
        yield {name: list(run(found)) for name, run in runs.items()}

    return stage


# $graphLookup

_GRAPH_OPTIONS = (
    "from", "startWith", "connectFromField", "connectToField", "as", "maxDepth", "depthField",
    "restrictSearchWithMatch",
)  # fmt: skip


def _graph_lookup(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict:
        raise unparsable("the $graphLookup stage specification must be an object")
    only_options("$graphLookup", argument, _GRAPH_OPTIONS)
    name = _collection(argument, "$graphLookup")
    for option in ("connectFromField", "connectToField", "as"):
        if type(argument.get(option)) is not str:
            raise CommandError("Location40100", f"$graphLookup requires the string option '{option}'")
    if "startWith" not in argument:
        raise CommandError("Location40105", "$graphLookup requires 'startWith'")
    start, target = scope.expression(argument["startWith"]), split_path(argument["as"])
    restrict = replace(scope, text=None, score=None).compile([{"$match": argument.get("restrictSearchWithMatch", {})}])
    depth = _depth(argument.get("maxDepth"))

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        index = _Index(restrict(scope.sources(name)), argument["connectToField"], scope)
        for document in documents:
            first = start(document, scope.variables)
            found = _reached(first if type(first) is list else [first], index, argument, depth)
            yield with_value(document, target, found)

    return stage


def _depth(value: Any) -> float:
    if value is None:
        return float("inf")
    if not is_number(value) or not is_whole(value) or to_int(value) < 0:
        raise CommandError("Location40101", f"maxDepth requires a nonnegative argument, found: {value!r}")
    return to_int(value)


def _reached(frontier: list[Any], index: _Index, argument: dict[str, Any], limit: float) -> list[Document]:
    """Breadth first; each document once, at its least depth."""
    path, depth_field = argument["connectFromField"], argument.get("depthField")
    known: dict[bytes, Document] = {}
    depth = 0
    while frontier and depth <= limit:
        following: list[Any] = []
        for document in index.find(frontier):
            key = encode_key(document["_id"])
            if key not in known:
                known[key] = {**document, depth_field: Int64(depth)} if depth_field else document
                following += _local_values(document, path)
        frontier, depth = following, depth + 1
    return list(known.values())


ROWS: dict[str, Row] = {
    "$lookup": _lookup,
    "$unionWith": _union_with,
    "$facet": _facet,
    "$graphLookup": _graph_lookup,
}
