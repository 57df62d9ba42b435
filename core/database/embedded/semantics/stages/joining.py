"""Stages of several pipelines: https://www.mongodb.com/docs/manual/reference/operator/aggregation/facet/"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from ..errors import CommandError, unparsable
from ..limits import Size
from ..text import has_text
from .lookup import check_collection, makes_documents
from .options import check_type, fields_of
from .scope import Document, Row, Stage, StageScope, refuse_stages


def _union_with(argument: Any, scope: StageScope) -> Stage:
    options = {"coll": argument} if type(argument) is str else argument
    if type(options) is not dict:
        raise unparsable("the $unionWith stage specification must be an object or string")
    options = fields_of("$unionWith", options, ("coll", "pipeline"), ())
    check_type("$unionWith", options, "coll", str)
    check_type("$unionWith", options, "pipeline", list)
    stages = options.get("pipeline", [])
    refuse_stages("$unionWith", stages, "Location31441")
    name = options.get("coll")
    if name is None and not makes_documents(stages):
        raise unparsable("$unionWith without 'coll' needs a pipeline that begins with $documents")
    if name is not None:
        check_collection(name, valid=not makes_documents(stages))
    source, view = scope.views(name) if name is not None else (None, ())
    run = scope.inside(name or "").compile([*view, *stages])
    return lambda documents: chain(documents, _deferred(run, scope, source))


def _deferred(run: Stage, scope: StageScope, source: str | None) -> Iterator[Document]:
    yield from run(scope.sources(source) if source is not None else ())


_UNFIT = frozenset({
    "$facet", "$documents", "$out", "$merge", "$collStats", "$indexStats", "$planCacheStats", "$geoNear",
    "$listSampledQueries", "$listCatalog", "$listSearchIndexes", "$querySettings", "$queryStats",
    "$currentOp", "$changeStream", "$changeStreamSplitLargeEvent", "$search", "$searchBeta", "$searchMeta",
    "$vectorSearch",
})  # fmt: skip
"""Stages that MongoDB has, but not in a ``$facet``."""


def _facet(argument: Any, scope: StageScope) -> Stage:
    if type(argument) is not dict or not argument:
        raise CommandError("Location40169", "the $facet specification must be a non-empty object")
    if scope.faceted:
        raise CommandError("Location40600", "$facet is not allowed to be used within a $facet stage")
    inside = replace(scope, faceted=True, leads=False)
    runs = {name: _facet_run(name, stages, inside) for name, stages in argument.items()}

    def stage(documents: Iterable[Document]) -> Iterator[Document]:
        found, size = list(documents), Size("$facet", "Location4031700")
        yield {name: list(size.counted(run(scope.paced(found)))) for name, run in runs.items()}

    return stage


def _facet_run(name: str, stages: Any, scope: StageScope) -> Stage:
    _check_name(name)
    if type(stages) is not list:
        raise CommandError("Location40170", f"arguments to $facet must be arrays, {name} is not")
    for stage in stages:
        if type(stage) is not dict:
            raise CommandError(
                "Location40171", f"elements of arrays in $facet spec must be objects, {name} has {stage!r}"
            )
    _refuse_unfit(stages, _UNFIT)
    if stages and has_text(stages[0].get("$match")):
        raise CommandError("Location17309", "a $match with $text cannot begin a pipeline of $facet")
    return scope.compile(stages)


def _refuse_unfit(stages: list[Any], unfit: frozenset[str]) -> None:
    """Also in the pipelines of a ``$lookup`` and a ``$unionWith``, which have codes of their own for writing stages."""
    refuse_stages("$facet", stages, "Location40600", unfit)
    for stage in stages:
        for argument in stage.values() if type(stage) is dict else ():
            if type(argument) is dict and type(argument.get("pipeline")) is list:
                _refuse_unfit(argument["pipeline"], _UNFIT - {"$out", "$merge"})


def _check_name(name: str) -> None:
    if not name:
        raise CommandError("Location15998", "the name of a facet must not be empty")
    if name.startswith("$"):
        raise CommandError("Location16410", f"the name of a facet must not start with '$': {name}")
    if "." in name:
        raise CommandError("Location16412", f"the name of a facet must not contain '.': {name}")


ROWS: dict[str, Row] = {
    "$unionWith": _union_with,
    "$facet": _facet,
}
