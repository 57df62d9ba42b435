"""``aggregate`` with ``$changeStream``: what is watched, and the stages that shape its events."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..call import Call
from ..changes import INTERNAL, Scope
from ..engine import Engine
from ..semantics.errors import CommandError
from ..semantics.expressions import command_variables
from ..semantics.pipeline import compile_pipeline
from ..stream_options import StreamOptions
from ..streams import Event, Shape, Stream
from .aggregation import EVERYTHING

Reply = dict[str, Any]
_ALLOWED = frozenset({"$match", "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith", "$redact"})


def is_stream(stages: Sequence[Any]) -> bool:
    return bool(stages) and isinstance(stages[0], Mapping) and "$changeStream" in stages[0]


def open_stream(engine: Engine, call: Call, stages: Sequence[Any], size: int | None) -> Reply:
    level = (call.mapping("readConcern") or {}).get("level")
    if level not in (None, "majority"):
        raise CommandError("InvalidOptions", f"$changeStream needs read concern level 'majority', not '{level}'")
    options = StreamOptions.from_spec(stages[0]["$changeStream"])
    scope, namespace = _scope(engine, call, everything=options.everything)
    stream = Stream(namespace, scope, options, _shape(call, stages[1:]), engine, call)
    batch, more = stream.first_batch(engine, call, size)
    return engine.cursors.first(call, stream, batch, keep=not stream.finished, **more)


def _scope(engine: Engine, call: Call, *, everything: bool) -> tuple[Scope, str]:
    """What is watched, and its name."""
    name = call.collection if type(call.target) is str else None
    if everything:
        if call.db != "admin" or name is not None:
            raise CommandError(
                "InvalidOptions", "allChangesForCluster is only for {aggregate: 1} on the admin database"
            )
        return (None, None), f"admin.{EVERYTHING}"
    if call.db in INTERNAL:
        raise CommandError("InvalidNamespace", f"$changeStream may not be opened on the internal {call.db} database")
    if name is None:
        return (call.db, None), f"{call.db}.{EVERYTHING}"
    if name.startswith("system."):
        raise CommandError("InvalidNamespace", f"$changeStream may not be opened on the internal {call.db}.{name}")
    with engine.reading(call) as reading:
        engine.collection(reading.sqlite, call)  # which refuses a view
    return (call.db, name), f"{call.db}.{name}"


def _shape(call: Call, stages: Sequence[Any]) -> Shape:
    if any(isinstance(stage, Mapping) and "$changeStream" in stage for stage in stages):
        raise CommandError("Location40602", "$changeStream is only valid as the first stage in a pipeline")
    variables = command_variables(call.mapping("let"))
    pipeline = compile_pipeline(stages, collation=call.collation, variables=variables, sources=_nothing)
    for name in [next(iter(stage)) for stage in stages]:
        if name not in _ALLOWED:
            raise CommandError("IllegalOperation", f"{name} is not permitted in a $changeStream pipeline")

    def shape(event: Event) -> Iterable[Event]:
        return pipeline.run([event])

    return shape if stages else lambda event: (event,)


def _nothing(name: str) -> Iterable[Event]:
    """No stage that reads another collection is permitted."""
    return ()
