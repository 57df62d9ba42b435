"""Aggregation pipelines, compiled once: https://www.mongodb.com/docs/manual/core/aggregation-pipeline/"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .clauses import clauses
from .collation import Collation
from .errors import CommandError, mismatch, unsupported
from .expressions import command_variables
from .stages import buckets, flow, graph, grouping, joining, lookup, shaping, statistics, unwinding
from .stages.accumulation import ACCUMULATORS
from .stages.flow import limit_of, skip_of, sort_and_limit
from .stages.out import check_out
from .stages.scope import Document, Figures, Row, Search, Source, Stage, StageScope, TextIndexes, Views
from .stages.scores import scored_after
from .text import text_score
from .text_fields import TextIndex

__all__ = ["ACCUMULATORS", "STAGES", "Pipeline", "compile_pipeline"]

_ROWS: dict[str, Row] = {
    **flow.ROWS, **grouping.ROWS, **buckets.ROWS, **joining.ROWS, **lookup.ROWS, **graph.ROWS, **shaping.ROWS,
    **unwinding.ROWS, **statistics.ROWS,
}  # fmt: skip
STAGES = (*_ROWS, "$out")
"""The stages offered; ``$out`` is left to the caller."""
_KEEPING = frozenset({"$match", "$sort", "$limit", "$skip", "$sample"})
"""Stages that hand on the very documents they take, so their text score is known."""
_LEADING = frozenset({"$match", "$sort", "$limit", "$skip", "$group", "$bucket", "$sortByCount", "$lookup"})
"""Stages after which a ``$group`` still leads, see ``StageScope``."""
_FIRST = ("$documents", "$changeStream", "$collStats")
_MOST_STAGES = 1000
_REFERENCES = ("$id", "$ref", "$db")


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """``run`` answers the whole pipeline over all documents of the collection.

    A caller with indexes may do the leading part itself (match, then sort, then skip, then limit, those that are not
    None) and hand what it found to ``rest.run``.
    """

    stage: Stage
    leading_match: dict[str, Any] | None = None
    leading_sort: dict[str, Any] | None = None
    leading_skip: int | None = None
    leading_limit: int | None = None
    out: Any = None
    """The argument of a last ``$out``."""
    following: "Pipeline | None" = None

    @property
    def rest(self) -> "Pipeline":
        return self.following or self

    def run(self, documents: Iterable[Document]) -> Iterator[Document]:
        return iter(self.stage(documents))


def compile_pipeline(
    stages: Sequence[Any],
    *,
    collation: Collation | None = None,
    variables: Mapping[str, Any] | None = None,
    sources: Source,
    views: Views = lambda name: (name, ()),
    search: Search | None = None,
    text: TextIndex | None = None,
    text_of: TextIndexes = lambda name: None,
    figures: Figures | None = None,
    step: Callable[[], None] = lambda: None,
) -> Pipeline:
    """``sources`` gives the documents of other collections by name, ``views`` tells which of the names are views,
    ``search`` finds some documents through an index (of a collection's name, a path and values); ``variables`` are
    those of the command's ``let``, ``text`` the fields of the collection's text index, ``text_of`` those of another's,
    ``figures`` what ``$collStats`` tells of the collection; ``step`` is called while long stages go on.
    What is compiled is for one command: documents of other collections are read once.

    Raises CommandError for a malformed pipeline, or what is not offered.
    """
    found = [_parsed(stage) for stage in stages]
    out = check_out(found.pop()[1]) if found and found[-1][0] == "$out" else None
    _check_places(found)
    values = {**command_variables(), **(variables or {})}
    scope = StageScope(
        compile_in=_compile_inner, sources=sources, views=views, search=search, collation=collation, variables=values,
        text=text, text_of=text_of, leads=True, figures=figures, step=step,
    )  # fmt: skip
    leading, rest = _leading(found)
    match = _joined([argument for name, argument in leading if name == "$match"])
    if match is not None:
        scope = replace(scope, score=text_score(match, text))
    first = _compile(leading, scope)
    then = _compile(rest, replace(scope, text=text if not leading else None), handing_on=out is not None)
    last = Pipeline(stage=then, out=out)
    if not leading:
        return last
    return Pipeline(
        stage=lambda documents: then(first(documents)), leading_match=match, out=out, following=last,
        **_leading_order(leading),
    )  # fmt: skip


def _parsed(stage: Any) -> tuple[str, Any]:
    if not isinstance(stage, Mapping):
        raise mismatch("Each element of the 'pipeline' array must be an object")
    if len(stage) != 1:
        message = "A pipeline stage specification object must contain exactly one field."
        raise CommandError("Location40323", message)
    ((name, argument),) = stage.items()
    return name, argument


def _check_places(stages: list[tuple[str, Any]]) -> None:
    if len(stages) > _MOST_STAGES:
        raise CommandError("Location7749501", f"Pipeline length must be no longer than {_MOST_STAGES} stages")
    for place, (name, argument) in enumerate(stages):
        if name in _FIRST and place:
            raise CommandError("Location40602", f"{name} is only valid as the first stage in a pipeline")
        if name == "$match" and place:
            _check_later_match(argument)
        if name == "$out":
            raise CommandError("Location40601", "$out can only be the final stage in the pipeline")


def _check_later_match(query: Any) -> None:
    for name, _ in clauses(query):
        if name == "$text":
            raise CommandError("Location17313", "$match with $text is only allowed as the first pipeline stage")
        dollars = [part for part in name.split(".")[1:] if part.startswith("$") and part not in _REFERENCES]
        if dollars:  # MongoDB refuses some of these, behind stages that change what is below the path
            raise unsupported(f"$match behind other stages on a path with '{dollars[0]}'", "stage")


def _leading(stages: list[tuple[str, Any]]) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """The first stages, as far as they are matches, then at most one sort, one skip and one limit, in this order."""
    place = 0
    while place < len(stages) and stages[place][0] == "$match" and type(stages[place][1]) is dict:
        place += 1
    for name in ("$sort", "$skip", "$limit"):
        if place < len(stages) and stages[place][0] == name:
            place += 1
    return stages[:place], stages[place:]


def _joined(filters: list[Any]) -> dict[str, Any] | None:
    if len(filters) > 1:
        return {"$and": filters}
    return filters[0] if filters else None


def _leading_order(leading: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(leading)
    return {
        "leading_sort": found.get("$sort"),
        "leading_skip": skip_of(found["$skip"]) if "$skip" in found else None,
        "leading_limit": limit_of(found["$limit"]) if "$limit" in found else None,
    }


def _compile_inner(stages: Any, scope: StageScope) -> Stage:
    if type(stages) is not list:
        raise mismatch("A pipeline must be an array of stages")
    found = [_parsed(stage) for stage in stages]
    _check_places(found)
    if found and found[0][0] == "$match":
        scope = replace(scope, score=text_score(found[0][1], scope.text))
    return _compile(found, scope)


def _compile(stages: list[tuple[str, Any]], scope: StageScope, *, handing_on: bool = False) -> Stage:
    """``handing_on`` tells whether the last stage has one behind it."""
    compiled: list[Stage] = []
    place = 0
    while place < len(stages):
        name, argument = stages[place]
        if name == "$sort" and place + 1 < len(stages) and stages[place + 1][0] == "$limit":
            compiled.append(sort_and_limit(argument, limit_of(stages[place + 1][1]), scope))
            place += 2
            continue
        if scope.leads and grouping.leaves_engine(name, argument):
            scope = replace(scope, leads=False)
        stage = _row(name)(argument, scope)
        place += 1
        if name == "$group" and scope.leads and (handing_on or place < len(stages)):
            stage = grouping.handed_on(argument, stage)
        score = scope.score
        if score is not None and name not in _KEEPING:
            stage, score = scored_after(name, stage, score, stages[place:])
        compiled.append(stage)
        if scope.leads and name not in _LEADING:
            scope = replace(scope, leads=False)
        if name not in _KEEPING:
            scope = replace(scope, text=None, score=score)
    return _chained(compiled)


def _row(name: str) -> Row:
    if name not in _ROWS:
        raise unsupported(name, "stage")
    return _ROWS[name]


def _chained(stages: list[Stage]) -> Stage:
    def run(documents: Iterable[Document]) -> Iterator[Document]:
        for stage in stages:
            documents = stage(documents)
        return iter(documents)

    return run
