"""How a run relates to others: its attempts, its chain of replays and what they changed; which runs touched a
document; and how runs go on the whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from strawberry.types.field import StrawberryField

from core.runs.lifecycle import TaskRunStatus
from core.runs.model import TaskRun
from core.runs.replay import Difference, differences
from core.runs.stats import MOST_HOURS
from core.specs import Catalog, ModelSpec
from graphql_surface.builder import CORE, Builder
from graphql_surface.convert import graphql_json, wire_filter
from graphql_surface.definitions import GraphQLType, ReadField, Resolve, ResolvedField, argument, list_of, nullable
from graphql_surface.errors import translated
from graphql_surface.filters import filter_of
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.types import object_of
from graphql_surface.values import stored

Arguments = Mapping[str, Any]

_INT, _FLOAT, _STRING, _JSON, _DATETIME = (
    SCALAR_TYPES[name] for name in ("Int", "Float", "String", "JSON", "DateTime")
)
_SHOWN = 20
"""Runs of a document that are returned unless more are asked for."""
_MOST = 100


def history_fields(build: Builder) -> Iterable[StrawberryField]:
    """What TaskRun shows of its relatives."""
    for name, text in (
        ("attempts", "All attempts of the same call, the first one first."),
        ("chain", "The run that this one goes back to, then its replays and theirs."),
    ):
        yield ResolvedField(name, list_of(_task_run(build)), text, translated(_relatives(name), build.catalog))
    yield ResolvedField(
        "diff", nullable(_diff(build)), "What differs from the run it repeats; null where it repeats none.",
        translated(_resolve_diff(build.catalog), build.catalog),
    )  # fmt: skip


def runs_field(build: Builder, model: ModelSpec) -> Iterable[StrawberryField]:
    """``runs`` of a document. A model's own field of that name comes first."""
    if "runs" in model.object.by_graphql:
        return
    yield ResolvedField(
        "runs", list_of(_task_run(build)), f"The newest runs that inserted, updated or deleted the {model.name}.",
        translated(_touched_by(model), build.catalog),
        arguments=[argument("limit", nullable(_INT), f"The most to return; {_SHOWN} without.")],
    )  # fmt: skip


def stats_field(build: Builder) -> StrawberryField:
    runs = build.catalog.by_document[TaskRun]

    async def resolve(source: Any, info: Any, arguments: Arguments) -> Any:
        context = info.context
        where = wire_filter(build.catalog, runs.object, arguments.get("filter"))
        return await context.services.runs.stats(context.principal, where)

    return ResolvedField(
        "taskRunStats", _stats(build), "How runs go: in all, by operation and by hour.",
        translated(resolve, build.catalog, runs.object),
        arguments=[argument("filter", nullable(filter_of(build, runs.object)), "Which runs to count.")],
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Diff:
    """Differences in GraphQL form, and the run they are counted from."""

    original: Mapping[str, Any]
    input: list[Difference]
    output: list[Difference]


def _task_run(build: Builder) -> GraphQLType:
    return object_of(build, build.catalog.objects[TaskRun])


def _relatives(name: str) -> Resolve:
    async def resolve(source: Mapping[str, Any], info: Any, arguments: Arguments) -> Any:
        context = info.context
        return [stored(run) for run in await getattr(context.services.runs, name)(source["_id"], context.principal)]

    return resolve


def _touched_by(model: ModelSpec) -> Resolve:
    async def resolve(source: Mapping[str, Any], info: Any, arguments: Arguments) -> Any:
        context, limit = info.context, arguments.get("limit")
        limit = _SHOWN if limit is None else max(0, min(limit, _MOST))

        async def batch(ids: Any) -> Mapping[str, list[TaskRun]]:
            return await context.services.runs.touched_by_many(model.name, ids, context.principal, limit)

        found = await context.loaders.batched(("touched by", model.name, limit), batch).load(str(source["_id"]))
        return [stored(run) for run in found or ()]

    return resolve


def _resolve_diff(catalog: Catalog) -> Resolve:
    async def resolve(source: Mapping[str, Any], info: Any, arguments: Arguments) -> Any:
        if source.get("replay_of") is None:
            return None
        context = info.context
        found = await context.services.runs.diff(source["_id"], context.principal)
        operation = catalog.operations.get(found.replay.operation_name)

        def shown(value: Any, side: str) -> Any:
            return graphql_json(catalog, catalog.of(getattr(operation, side)), value) if operation else value

        return _Diff(
            original=stored(found.original),
            input=list(differences(*(shown(run.input_dump, "input") for run in (found.original, found.replay)))),
            output=list(differences(*(shown(run.output, "output") for run in (found.original, found.replay)))),
        )

    return resolve


def _diff(build: Builder) -> GraphQLType:
    return build.output("TaskRunDiff", CORE, "What a replay changed.", lambda: (
        ReadField("original", _task_run(build), "The run it repeats.", lambda diff: diff.original),
        ReadField("input", list_of(_difference(build)), "Where the inputs differ.", lambda diff: diff.input),
        ReadField("output", list_of(_difference(build)), "Where the outputs differ.", lambda diff: diff.output),
    ))  # fmt: skip


def _difference(build: Builder) -> GraphQLType:
    kind = build.enum("DifferenceKind", CORE, "How two values differ.", lambda: (
        ("ADDED", "added", "Only the later one has it."),
        ("REMOVED", "removed", "Only the earlier one has it."),
        ("CHANGED", "changed", "Both have it, with other values."),
    ))  # fmt: skip
    return build.output("TaskRunDifference", CORE, "One place where two values differ.", lambda: (
        ReadField("path", list_of(_STRING), "Keys and list positions that lead there.",
                  lambda found: [str(step) for step in found.path]),
        ReadField("kind", kind, "How they differ.", lambda found: found.kind),
        ReadField("before", nullable(_JSON), "The earlier value.", lambda found: found.before),
        ReadField("after", nullable(_JSON), "The later value.", lambda found: found.after),
    ))  # fmt: skip


def _stats(build: Builder) -> GraphQLType:
    return build.output("TaskRunStats", CORE, "How runs go.", lambda: (
        ReadField("total", _summary(build), "All of them together.", lambda stats: stats.total),
        ReadField("operations", list_of(_summary(build)), "By operation, by name.", lambda stats: stats.operations),
        ReadField("hours", list_of(_summary(build)),
                  f"By the hour they were recorded in, oldest first: the newest {MOST_HOURS} hours that have runs.",
                  lambda stats: stats.hours),
    ))  # fmt: skip


def _summary(build: Builder) -> GraphQLType:
    def fields() -> Iterable[StrawberryField]:
        yield ReadField("operationName", nullable(_STRING), "The operation, where one is counted.",
                        lambda found: found.operation_name)  # fmt: skip
        yield ReadField("hour", nullable(_DATETIME), "The hour, where one is counted.", lambda found: found.hour)
        yield ReadField("count", _INT, "How many there are.", lambda found: found.count)
        for status in TaskRunStatus:
            yield ReadField(status.value, _INT, f"How many are {status.value}.", _of_status(status))
        yield ReadField("successRate", nullable(_FLOAT), "The part of those that ended which succeeded, from 0 to 1.",
                        lambda found: found.success_rate)  # fmt: skip
        yield ReadField("medianMs", nullable(_FLOAT), "Milliseconds that half of them took at most.",
                        lambda found: found.median_ms)  # fmt: skip
        yield ReadField("p95Ms", nullable(_FLOAT), "Milliseconds that 95 of 100 took at most.",
                        lambda found: found.p95_ms)  # fmt: skip

    return build.output("TaskRunSummary", CORE, "Runs of one kind, counted.", fields)


def _of_status(status: TaskRunStatus) -> Any:
    return lambda found: found.by_status.get(status, 0)
