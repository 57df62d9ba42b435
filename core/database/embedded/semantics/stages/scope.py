"""What a stage of a pipeline is compiled for."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..collation import Collation
from ..errors import CommandError
from ..evaluation import Evaluate, Score, Unread
from ..expressions import compile_expression
from ..text_fields import TextIndex

Document = dict[str, Any]
Stage = Callable[[Iterable[Document]], Iterator[Document]]
Source = Callable[[str], Iterable[Document]]
"""Gives the documents of another collection of the database."""
Views = Callable[[str], tuple[str, Sequence[Any]]]
"""Gives the collection that a name leads to, and the stages of the views on the way."""
Search = Callable[[str, str, list[Any]], Iterable[Document] | None]
"""Gives those where a path leads to one of the values, as ``$in`` says it; None where no index serves."""
TextIndexes = Callable[[str], TextIndex | None]
"""Gives another collection's text index."""
Figures = Callable[[Mapping[str, Any]], Document]
"""Gives what ``$collStats`` tells of the collection, by its options."""

_DEEPEST = 20
_HANDFUL = 64


@dataclass(frozen=True, kw_only=True)
class StageScope:
    """``compile_in`` compiles the stages of a pipeline inside a stage."""

    compile_in: Callable[[Any, "StageScope"], Stage]
    sources: Source
    views: Views
    search: Search | None = None
    collation: Collation | None = None
    variables: Mapping[str, Any]
    """Read whenever a document passes, so they may change between documents."""
    text: TextIndex | None = None
    """The collection's text index."""
    text_of: TextIndexes = lambda name: None
    score: Score | None = None
    leads: bool = False
    """Whether MongoDB would run the stage in its newer engine, whose errors have other codes."""
    faceted: bool = False
    figures: Figures | None = None
    """Of the command's own collection."""
    step: Callable[[], None] = lambda: None
    """Called every so often while documents pass that no scan reads, so that long commands end and take turns."""
    depth: int = 0
    """How many pipelines this one stands in."""

    def paced(self, documents: Iterable[Document]) -> Iterator[Document]:
        for place, document in enumerate(documents):
            if not place % _HANDFUL:
                self.step()
            yield document

    def compile(self, stages: Any) -> Stage:
        return self.compile_in(stages, self)

    def inside(self, collection: str, variables: Mapping[str, Any] | None = None) -> "StageScope":
        """The scope of a pipeline in a stage, on another collection."""
        if self.depth >= _DEEPEST:
            raise CommandError(
                "MaxSubPipelineDepthExceeded", f"Maximum number of nested sub-pipelines exceeded. Limit is {_DEEPEST}"
            )
        return replace(
            self, variables=self.variables if variables is None else variables, text=self.text_of(collection),
            score=None, leads=False, figures=None, depth=self.depth + 1,
        )  # fmt: skip

    def expression(self, spec: Any) -> Evaluate:
        return compile_expression(spec, collation=self.collation, names=self.variables.keys(), score=self.score)

    def constant(self, spec: Any) -> Any:
        """The value of an expression that reads neither a document nor the time; raises LookupError where it does."""
        timeless = {name: value for name, value in self.variables.items() if name != "NOW"}
        found = self.expression(spec)(Unread(), timeless)
        if isinstance(found, Unread):
            raise LookupError
        return found


Row = Callable[[Any, StageScope], Stage]


def refuse_stages(stage: str, stages: Any, code: str, unfit: Collection[str] = ("$out", "$merge")) -> None:
    """Raise CommandError for a stage that cannot stand in a pipeline of ``stage``."""
    for inner in stages:
        name = next(iter(inner), "") if type(inner) is dict else ""
        if name in unfit:
            raise CommandError(code, f"{name} is not allowed within a {stage} stage")
