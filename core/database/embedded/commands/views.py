"""What ``create`` may make a view of: https://www.mongodb.com/docs/manual/core/views/"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..call import Call
from ..catalog import check_namespace
from ..semantics.errors import CommandError, bad
from ..semantics.pipeline import compile_pipeline
from ..semantics.values import encode

View = Mapping[str, Any]
_MOST_BYTES = 16_000_000
DEEPEST = 20
_READERS = {"$lookup": "from", "$graphLookup": "from", "$unionWith": "coll"}
"""Stages that read another collection, and the option that names it."""


def view_of(call: Call) -> View | None:
    """``viewOn`` and ``pipeline`` of the view to create; None for a collection.

    Raises:
        CommandError: MongoDB would not keep such a view.
    """
    source, pipeline = call.command.get("viewOn"), call.command.get("pipeline")
    if source is None:
        if pipeline is not None:
            raise CommandError("InvalidOptions", "'pipeline' requires 'viewOn' to also be specified")
        return None
    if not source:
        raise bad("'viewOn' cannot be empty")
    check_namespace(call.db, source)
    stages = [stage for stage in pipeline or () if stage is not None]
    _check_stages(stages)
    return {"viewOn": source, "pipeline": stages}


def _check_stages(stages: Sequence[Any]) -> None:
    first = next(iter(stages[0]), "") if stages and isinstance(stages[0], Mapping) else ""
    if first == "$documents":
        raise CommandError("InvalidNamespace", "$documents is not for a collection, so not for a view")
    compiled = compile_pipeline(stages, sources=_nothing)
    if compiled.out is not None or first == "$changeStream":
        raise CommandError("OptionNotSupportedOnView", "the pipeline of a view can neither write nor watch changes")
    if sum(len(encode(stage)) for stage in stages) > _MOST_BYTES:
        raise CommandError("ViewPipelineMaxSizeExceeded", f"a view's pipeline has at most {_MOST_BYTES} bytes")


def _nothing(name: str) -> Iterable[dict[str, Any]]:
    return ()


def check_graph(view_named: Callable[[str], View | None], names: Iterable[str]) -> None:
    """Raise CommandError where one of the views reads itself, or lies upon too many others."""
    heights: dict[str, int] = {}
    if max((_height(view_named, name, (), heights) for name in names), default=0) > DEEPEST:
        raise CommandError("ViewDepthLimitExceeded", f"views lie more than {DEEPEST} deep")


def _height(view_named: Callable[[str], View | None], name: str, above: tuple[str, ...], known: dict[str, int]) -> int:
    """How many views lie upon each other, this one among them; each is looked into once."""
    if name in above:
        raise CommandError("GraphContainsCycle", f"view cycle detected: {' => '.join((*above, name))}")
    if name not in known:
        view = view_named(name)
        sources = (view["viewOn"], *_read_by(view["pipeline"])) if view is not None else ()
        below = [_height(view_named, source, (*above, name), known) for source in sources]
        known[name] = 1 + max(below) if below else 0
    return known[name]


def _read_by(stages: Any) -> Iterator[str]:
    """The names of the collections that a pipeline reads beside its own."""
    for name, argument in each_stage(stages):
        source = argument.get(_READERS[name]) if name in _READERS and isinstance(argument, Mapping) else argument
        if name in _READERS and isinstance(source, str):
            yield source


def each_stage(stages: Any) -> Iterator[tuple[str, Any]]:
    """The stages of a pipeline and of those inside it."""
    for stage in stages if isinstance(stages, list) else ():
        for name, argument in stage.items() if isinstance(stage, Mapping) else ():
            yield name, argument
            if isinstance(argument, Mapping):
                for inner in argument.values() if name == "$facet" else (argument.get("pipeline"),):
                    yield from each_stage(inner)
