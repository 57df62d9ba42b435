"""What a stage of a pipeline is compiled for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..collation import Collation
from ..evaluation import Evaluate, Score
from ..expressions import compile_expression

Document = dict[str, Any]
Stage = Callable[[Iterable[Document]], Iterator[Document]]
Source = Callable[[str], Iterable[Document]]
"""Gives the documents of another collection of the database."""
Search = Callable[[str, str, list[Any]], Iterable[Document] | None]
"""Gives those where a path leads to one of the values, as ``$in`` says it; None where no index serves."""


@dataclass(frozen=True, kw_only=True)
class StageScope:
    """``compile_in`` compiles the stages of a pipeline inside a stage."""

    compile_in: Callable[[Any, "StageScope"], Stage]
    sources: Source
    search: Search | None = None
    collation: Collation | None = None
    variables: Mapping[str, Any]
    """Read whenever a document passes, so they may change between documents."""
    text: Iterable[str] | None = None
    """Fields of the collection's text index."""
    score: Score | None = None

    def compile(self, stages: Any) -> Stage:
        return self.compile_in(stages, self)

    def expression(self, spec: Any) -> Evaluate:
        return compile_expression(spec, collation=self.collation, names=self.variables.keys(), score=self.score)


Row = Callable[[Any, StageScope], Stage]
