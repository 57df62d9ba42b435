"""The text score of documents that stages change: https://www.mongodb.com/docs/manual/reference/operator/aggregation/meta/"""

from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import unsupported
from ..evaluation import Score
from .scope import Document, Stage

_CHANGING = frozenset({
    "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith", "$unwind", "$lookup", "$graphLookup",
})  # fmt: skip
"""Stages that make documents of one document each: they have its score."""


def scored_after(name: str, stage: Stage, score: Score, following: Iterable[Any]) -> tuple[Stage, Score]:
    """A stage that changes documents and the score of what it makes; ``following`` are the stages behind it."""
    if name not in _CHANGING or not any(map(_reads_score, following)):
        return stage, _lost
    known: dict[int, tuple[Document, float]] = {}

    def scored(documents: Iterable[Document]) -> Iterator[Document]:
        known.clear()
        for document in documents:
            value = score(document)
            for found in stage([document]):
                one = dict(found)  # known by its identity, which a constant document would share
                known[id(one)] = one, value
                yield one

    return scored, lambda document: known[id(document)][1]


def _reads_score(spec: Any) -> bool:
    if type(spec) is dict:
        return spec.get("$meta") == "textScore" or any(map(_reads_score, spec.values()))
    return isinstance(spec, list | tuple) and any(map(_reads_score, spec))


def _lost(document: Document) -> float:
    raise unsupported("$meta 'textScore' behind a stage that makes documents of many", "expression")
