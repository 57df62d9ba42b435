"""Live data: runs as they go, and documents as they are created, changed and deleted."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from strawberry.types.field import StrawberryField

from core.runs.model import TaskRun
from core.specs import EnumType, ModelSpec, ScalarType
from graphql_surface.builder import CORE, Builder
from graphql_surface.convert import wire_filter
from graphql_surface.definitions import GraphQLType, ReadField, ResolvedField, argument, input_field, nullable
from graphql_surface.errors import translated
from graphql_surface.filters import filter_of
from graphql_surface.runs import log_line, raw_run, task_run
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.types import innermost, object_of, output_type

Arguments = Mapping[str, Any]

_ID, _STRING = SCALAR_TYPES["ID"], SCALAR_TYPES["String"]


def run_subscriptions(build: Builder) -> Iterable[StrawberryField]:
    runs = build.catalog.by_document[TaskRun]
    run_id = argument("id", _ID, "Key of the run.")
    yield ResolvedField(
        "taskRun", task_run(build), "A run as it is, then after every change, until it has ended.",
        translated(_watch, build.catalog), arguments=[run_id], subscription=True,
    )  # fmt: skip
    yield ResolvedField(
        "taskRuns", _run_event(build), "Every run that is recorded or changes.",
        translated(_watch_all(build, runs), build.catalog, runs.object),
        arguments=[argument("filter", nullable(filter_of(build, runs.object)), "Which runs to tell of.")],
        subscription=True,
    )  # fmt: skip
    yield ResolvedField(
        "taskRunLogs", log_line(build), "The journal of a run: past lines at once, others as they come.",
        translated(_watch_logs, build.catalog),
        arguments=[run_id, argument("after", nullable(_STRING), "Only lines after the one of this `seq`.")],
        subscription=True,
    )  # fmt: skip


def model_subscriptions(build: Builder, model: ModelSpec) -> Iterable[StrawberryField]:
    """The names the stock Refine live provider knows."""
    name, document = model.singular_type, object_of(build, model.object)
    yield _changes(build, model, "created", f"created{name}", f"Create{name}", document, _document)
    yield _changes(build, model, "updated", f"updatedOne{name}", f"UpdateOne{name}", document, _document)
    yield _changes(
        build, model, "deleted", f"deletedOne{name}", f"DeleteOne{name}", _deleted(build, model), _key(build, model)
    )  # fmt: skip


def _changes(
    build: Builder, model: ModelSpec, kind: str, name: str, input_name: str, type_: GraphQLType,
    shown: Callable[[Any], Any],
) -> StrawberryField:  # fmt: skip
    async def resolve(source: Any, info: Any, arguments: Arguments) -> AsyncIterator[Any]:
        context = info.context
        where = wire_filter(build.catalog, model.object, (arguments.get("input") or {}).get("filter"))
        async with context.services.feed.subscribe(model, context.principal, filter=where, kinds=(kind,)) as changes:
            async for change in changes:
                context.renew()
                yield shown(change)

    input_ = build.input(
        f"{input_name}SubscriptionFilterInput", f"the subscriptions of model {model.name}",
        f"Which {model.plural_type} to tell of.",
        lambda: [input_field("filter", nullable(filter_of(build, model.object)), "Conditions on the document.")],
    )  # fmt: skip
    return ResolvedField(
        name, type_, f"Every {model.name} that is {kind} from now on.",
        translated(resolve, build.catalog, model.object),
        arguments=[argument("input", nullable(input_), f"Which {model.plural_type} to tell of.")], subscription=True,
    )  # fmt: skip


def _deleted(build: Builder, model: ModelSpec) -> GraphQLType:
    """``@refinedev/nestjs-query`` asks it for the plain fields of its list too: there they are, and null."""

    def fields() -> Iterable[StrawberryField]:
        yield ReadField("id", _ID, "Key it had.", lambda found: found["id"])
        for field in model.object.fields:
            if field.readable and field.storage != "_id" and isinstance(innermost(field.type), ScalarType | EnumType):
                yield ReadField(field.graphql, nullable(output_type(build, field.type)), "Null: the document is gone.")

    return build.output(
        f"{model.singular_type}DeleteResponse", f"the subscriptions of model {model.name}", f"A deleted {model.name}.",
        fields,
    )  # fmt: skip


def _document(change: Any) -> Any:
    return change.document


def _key(build: Builder, model: ModelSpec) -> Callable[[Any], Any]:
    read = build.rows.dumper(model.object, model.object.by_name["id"])
    return lambda change: {"id": read({"_id": change.id})}


async def _watch(source: Any, info: Any, arguments: Arguments) -> AsyncIterator[Any]:
    context = info.context
    async with aclosing(context.services.runs.watch(arguments["id"], context.principal)) as states:
        async for run in states:
            context.renew()
            yield raw_run(run)


async def _watch_logs(source: Any, info: Any, arguments: Arguments) -> AsyncIterator[Any]:
    context = info.context
    runs, after = context.services.runs, arguments.get("after")
    async with aclosing(runs.watch_logs(arguments["id"], context.principal, after)) as lines:
        async for line in lines:
            yield line


def _watch_all(build: Builder, runs: ModelSpec) -> Any:
    async def resolve(source: Any, info: Any, arguments: Arguments) -> AsyncIterator[Any]:
        context = info.context
        where = wire_filter(build.catalog, runs.object, arguments.get("filter"))
        kinds = ("created", "updated")
        async with context.services.feed.subscribe(runs, context.principal, filter=where, kinds=kinds) as changes:
            async for change in changes:
                context.renew()
                yield change

    return resolve


def _run_event(build: Builder) -> GraphQLType:
    kinds = build.enum("TaskRunEventType", CORE, "What happened to a run.", lambda: (
        ("CREATED", "created", "It was recorded."), ("UPDATED", "updated", "It changed."),
    ))  # fmt: skip
    return build.output("TaskRunEvent", CORE, "A run that was recorded or changed.", lambda: (
        ReadField("type", kinds, "What happened.", lambda change: change.kind),
        ReadField("taskRun", task_run(build), "The run as it is now.", lambda change: change.document),
    ))  # fmt: skip
