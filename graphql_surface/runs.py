"""Operations and their runs: a mutation for each, its run as a query, and what a TaskRun shows beyond its fields."""

from collections.abc import Iterable, Mapping
from typing import Any

from strawberry.types.field import StrawberryField

from core.errors import InputError, NotFound
from core.runs.model import TaskRun
from core.runs.options import Execution, RunMode, RunOptions
from core.specs import OperationSpec
from graphql_surface.builder import CORE, Builder, sentence
from graphql_surface.convert import graphql_json, wire_json, wire_object
from graphql_surface.definitions import GraphQLType, ReadField, ResolvedField, argument, input_field, list_of, nullable
from graphql_surface.errors import translated
from graphql_surface.inputs import is_required, object_input
from graphql_surface.references import reference_fields
from graphql_surface.run_history import history_fields
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.types import object_of
from graphql_surface.values import stored

Arguments = Mapping[str, Any]

_ID, _INT, _FLOAT, _STRING, _JSON, _DATETIME = (
    SCALAR_TYPES[name] for name in ("ID", "Int", "Float", "String", "JSON", "DateTime")
)


def operation_field(build: Builder, operation: OperationSpec) -> StrawberryField:
    """The mutation. Nullable, so that one that fails spares its siblings."""
    spec = build.catalog.of(operation.input)

    async def resolve(source: Any, info: Any, arguments: Arguments) -> Any:
        context = info.context
        data = wire_object(build.catalog, spec, arguments.get("input") or {})
        options = _options(arguments.get("run"))
        context.renew()
        execution = await context.services.runs.start(
            operation, data, principal=context.principal, trigger="graphql", options=options
        )
        return _payload(execution)

    input_ = object_input(build, spec)
    return ResolvedField(
        operation.mutation,
        nullable(run_type(build, operation)),
        sentence(operation.description, f"Run {operation.name}."),
        translated(resolve, build.catalog, spec),
        arguments=[
            argument("input", input_ if is_required(spec) else nullable(input_), "What to do it with."),
            argument("run", nullable(run_options(build)), "How to run it."),
        ],
    )


def run_field(build: Builder, operation: OperationSpec) -> StrawberryField:
    """``createItemRun(id)``: a run of this operation with its typed output, any time later."""

    async def resolve(source: Any, info: Any, arguments: Arguments) -> Any:
        context = info.context
        try:
            execution = await context.services.runs.outcome(arguments["id"], context.principal)
        except NotFound:
            return None
        return _payload(execution) if execution.run.operation_name == operation.name else None

    return ResolvedField(
        f"{operation.mutation}Run", nullable(run_type(build, operation)),
        f"A run of {operation.name} with its output; null where there is none you may see.",
        translated(resolve, build.catalog), arguments=[_run_id()],
    )  # fmt: skip


def control_fields(build: Builder) -> Iterable[StrawberryField]:
    """``cancelTaskRun`` and ``replayTaskRun``."""
    yield ResolvedField(
        "cancelTaskRun", task_run(build),
        "Ask a run to stop: a pending one at once, a running one as soon as it can; one that is done stays as it is.",
        translated(_cancel, build.catalog), arguments=[_run_id()],
    )  # fmt: skip
    yield ResolvedField(
        "replayTaskRun", task_run(build), "Run the stored input, or a changed one, again as a new run.",
        translated(_replay(build), build.catalog),
        arguments=[
            _run_id(),
            argument("input", nullable(_JSON), "Instead of the stored input, in the form the mutation takes."),
            argument("run", nullable(run_options(build)), "How to run it."),
        ],
    )  # fmt: skip


def task_run_fields(build: Builder) -> Iterable[StrawberryField]:
    """What TaskRun has beyond its stored fields, and in place of some of them."""
    catalog = build.catalog

    def as_given(key: str, side: str) -> Any:
        def read(source: Mapping[str, Any]) -> Any:
            operation = catalog.operations.get(source.get("operation_name", ""))
            value = source.get(key)
            return graphql_json(catalog, catalog.of(getattr(operation, side)), value) if operation else value

        return read

    yield ReadField(
        "input", nullable(_JSON), "The input, in the form the mutation takes.", as_given("input_dump", "input")
    )
    yield ReadField(
        "output", nullable(_JSON), "The output, in the form the mutation gives.", as_given("output", "output")
    )
    yield from reference_fields(build)
    yield from history_fields(build)
    for name, text in (("replays", "Runs that repeat this one."), ("children", "Runs that this one called.")):
        yield ResolvedField(name, list_of(task_run(build)), text, translated(_related_runs(name), catalog))
    yield ResolvedField(
        "logs", list_of(log_line(build)), "Its journal: what it logged and how far it said it was.",
        translated(_logs, catalog),
        arguments=[
            argument("after", nullable(_STRING), "Only lines after the one of this `seq`."),
            argument("limit", nullable(_INT), "The most lines to return; 100 without."),
        ],
    )  # fmt: skip


def task_run(build: Builder) -> GraphQLType:
    return object_of(build, build.catalog.objects[TaskRun])


def raw_run(run: TaskRun) -> Mapping[str, Any]:
    """A run in the form documents are read in."""
    return stored(run)


def run_type(build: Builder, operation: OperationSpec) -> GraphQLType:
    return build.output(
        operation.run_type, f"the operation {operation.name}", f"A run of {operation.name}.",
        lambda: (
            ReadField("taskRun", task_run(build), "The record of the run.", lambda source: source["run"]),
            ReadField("output", nullable(object_of(build, build.catalog.of(operation.output))),
                      "What it returned; null while it is pending or running.", lambda source: source["output"]),
        ),
    )  # fmt: skip


def run_options(build: Builder) -> GraphQLType:
    mode = build.enum("RunMode", CORE, "Whether to wait for a run.", lambda: (
        ("WAIT", RunMode.WAIT.value, "Answer when it has ended, with its output."),
        ("BACKGROUND", RunMode.BACKGROUND.value, "Answer at once with the pending run, of an async_enabled operation."),
    ))  # fmt: skip
    return build.input("RunOptions", CORE, "How to run an operation.", lambda: (
        input_field("mode", nullable(mode), "Whether to wait for it.", default=RunMode.WAIT.value),
        input_field("idempotencyKey", nullable(_STRING), "Runs of the operation with one key happen once."),
        input_field("timeoutSeconds", nullable(_FLOAT), "Seconds it may take; only shortens the operation's own time."),
    ))  # fmt: skip


def log_line(build: Builder) -> GraphQLType:
    return build.output("TaskRunLog", CORE, "A line of a run's journal.", lambda: (
        ReadField("seq", _INT, "Number of the line in its run, from 1.", lambda line: line.seq),
        ReadField("at", _DATETIME, "When it was written.", lambda line: line.at),
        ReadField("level", _STRING, "From debug over info and warning to critical.", lambda line: line.level),
        ReadField("message", _STRING, "What it says.", lambda line: line.message),
        ReadField("progress", nullable(_FLOAT), "How far the run is, from 0 to 1.", lambda line: line.progress),
    ))  # fmt: skip


async def _cancel(source: Any, info: Any, arguments: Arguments) -> Any:
    context = info.context
    return raw_run(await context.services.runs.cancel(arguments["id"], context.principal))


def _replay(build: Builder) -> Any:
    async def resolve(source: Any, info: Any, arguments: Arguments) -> Any:
        context = info.context
        runs, given = context.services.runs, arguments.get("input")
        if given is not None:
            run = await runs.get(arguments["id"], context.principal)
            given = _changed_input(build, run, given)
        execution = await runs.replay(
            arguments["id"], context.principal, input=given, trigger="graphql", options=_options(arguments.get("run"))
        )
        return raw_run(execution.run)

    return resolve


def _changed_input(build: Builder, run: TaskRun, given: Any) -> Any:
    operation = build.catalog.operations.get(run.operation_name)
    if operation is None:
        raise NotFound(f"there is no operation {run.operation_name!r} any more")
    if not isinstance(given, Mapping):
        raise InputError("the input of a run is an object")
    return wire_json(build.catalog, build.catalog.of(operation.input), given)


def _related_runs(name: str) -> Any:
    async def resolve(source: Mapping[str, Any], info: Any, arguments: Arguments) -> Any:
        context = info.context

        async def batch(ids: Any) -> Mapping[str, list[TaskRun]]:
            return await getattr(context.services.runs, name)(ids, context.principal)

        found = await context.loaders.batched(("runs", name), batch).load(str(source["_id"]))
        return [raw_run(run) for run in found or ()]

    return resolve


async def _logs(source: Mapping[str, Any], info: Any, arguments: Arguments) -> Any:
    context = info.context
    limit = arguments.get("limit")
    return await context.services.runs.logs(
        source["_id"], context.principal, arguments.get("after"), 100 if limit is None else max(0, min(limit, 1000))
    )


def _options(given: Arguments | None) -> RunOptions:
    given = given or {}
    return RunOptions(
        mode=RunMode(given.get("mode") or RunMode.WAIT),
        idempotency_key=given.get("idempotencyKey"),
        timeout=given.get("timeoutSeconds"),
    )


def _payload(execution: Execution) -> Mapping[str, Any]:
    return {"run": raw_run(execution.run), "output": stored(execution.output)}


def _run_id() -> Any:
    return argument("id", _ID, "Key of the run.")
