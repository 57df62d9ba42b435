"""Stages of several pipelines: https://www.mongodb.com/docs/manual/reference/operator/aggregation/facet/"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from ..errors import CommandError, only_options, unparsable
from .scope import Document, Row, Stage, StageScope


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


ROWS: dict[str, Row] = {
    "$unionWith": _union_with,
    "$facet": _facet,
}
