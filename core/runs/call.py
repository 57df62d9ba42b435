"""Running an operation: record, execute, close. Every surface and every Python call comes through ``execute``."""

import asyncio
import inspect
import json
import traceback
from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pydantic import BaseModel, ValidationError

from core.access import LOCAL_OWNER, Principal
from core.database.connection import ensure_database
from core.errors import InputError, OperationFailed, OperationTimeout, RunCancelled, UserError
from core.registries import ModelRegistry, OperationMetadata
from core.runs.lifecycle import TaskRunStatus
from core.runs.model import TaskRun, now
from core.runs.options import Execution
from core.runs.prefect_context import prefect_ids
from core.runs.touched import Touch, TouchLog, collecting
from core.settings import default_settings
from core.signatures import takes_model
from core.validation import field_errors


async def call_from_python(metadata: OperationMetadata, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> BaseModel:
    """What awaiting the decorated function does: the operation's own exception reaches the caller, with
    ``task_run_id`` set on it and named in its notes.

    Raises:
        InputError: the arguments do not validate; there is no run then.
    """
    execution = await _run(metadata, _bound_input(metadata, args, kwargs), trigger="python", principal=LOCAL_OWNER)
    assert execution.output is not None
    return execution.output


async def execute(metadata: OperationMetadata, data: Any, *, trigger: str, principal: Principal) -> Execution:
    """What a surface does: ``data`` is JSON-like in declared names, or an instance of the input model.

    Raises:
        InputError: ``data`` does not validate; there is no run then.
        OperationFailed, OperationTimeout, RunCancelled: the run ended without success; ``task_run_id`` names it.
    """
    validated = validate_input(metadata, data)
    try:
        return await _run(metadata, validated, trigger=trigger, principal=principal)
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise
    except OperationFailed:
        raise
    except BaseException as error:
        run_id = getattr(error, "task_run_id", None)
        if run_id is None:
            raise
        message = str(error) if isinstance(error, UserError) else f"{metadata.name} failed; its run says why"
        raise OperationFailed(message, task_run_id=run_id) from error


def validate_input(metadata: OperationMetadata, data: Any) -> BaseModel:
    if isinstance(data, metadata.input_schema):
        return data
    try:
        return metadata.input_schema.model_validate(data)
    except ValidationError as error:
        raise InputError(f"the input of {metadata.name} is not valid", field_errors=field_errors(error)) from error


def _bound_input(metadata: OperationMetadata, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> BaseModel:
    if takes_model(metadata.implementation):
        parameter = next(iter(inspect.signature(metadata.implementation).parameters))
        if len(args) == 1 and not kwargs:
            return validate_input(metadata, args[0])
        if not args and set(kwargs) == {parameter} and parameter not in metadata.input_schema.model_fields:
            return validate_input(metadata, kwargs[parameter])
        if args:
            raise InputError(f"{metadata.name} takes one {metadata.input_schema.__name__}, or its fields by name")
        return validate_input(metadata, dict(kwargs))
    try:
        bound = inspect.signature(metadata.implementation).bind(*args, **kwargs)
    except TypeError as error:
        raise InputError(f"{metadata.name}: {error}") from error
    return validate_input(metadata, bound.arguments)


async def _run(metadata: OperationMetadata, data: BaseModel, *, trigger: str, principal: Principal) -> Execution:
    await ensure_database()
    orchestration = prefect_ids()
    run = TaskRun(
        id=ObjectId(),  # pyright: ignore[reportArgumentType]
        operation_name=metadata.name,
        status=TaskRunStatus.RUNNING,
        started_at=now(),
        input_dump=data.model_dump(mode="json", by_alias=True),
        trigger="prefect" if orchestration.get("orchestrated") and trigger == "python" else trigger,
        principal=principal.id,
        operation_version=metadata.version,
        **orchestration,
    )
    await run.insert()
    with collecting() as touched:
        try:
            output = await _within_timeout(metadata, data)
            kept, truncated = _kept(metadata, output)
        except BaseException as error:
            failure = _named(error, run)
            run.mark_failed(failure, traceback.format_exc(), _code(failure))
            _keep_refs(run, touched)
            await _uninterrupted(_close(run))
            if failure is error:
                raise
            raise failure from error
    run.mark_success(output=kept)
    run.output_truncated = truncated
    _keep_refs(run, touched)
    await _uninterrupted(_close(run))
    return Execution(run=run, output=output)


async def _within_timeout(metadata: OperationMetadata, data: BaseModel) -> BaseModel:
    clock = asyncio.timeout(metadata.timeout)
    try:
        async with clock:
            result = await _called(metadata, data)
    except TimeoutError as error:
        if clock.expired():
            raise OperationTimeout(f"{metadata.name} took longer than {metadata.timeout:g} s") from error
        raise
    return metadata.output_schema.model_validate(result, from_attributes=True)


async def _called(metadata: OperationMetadata, data: BaseModel) -> Any:
    function = metadata.implementation
    arguments: dict[str, Any] = {}
    positional: tuple[Any, ...] = (data,)
    if not takes_model(function):
        positional = ()
        arguments = {name: getattr(data, name) for name in type(data).model_fields}
    if inspect.iscoroutinefunction(function):
        return await function(*positional, **arguments)
    return await asyncio.to_thread(function, *positional, **arguments)


def _kept(metadata: OperationMetadata, output: BaseModel) -> tuple[Any, bool]:
    """The output as the run stores it, and whether it was too large for that."""
    try:
        text = output.model_dump_json(by_alias=True)
    except Exception as error:
        raise TypeError(f"the output of {metadata.name} cannot be stored: {error}") from error
    if len(text) > default_settings().max_output_bytes:
        return None, True
    return json.loads(text), False


def _named(error: BaseException, run: TaskRun) -> BaseException:
    """The error with the run's id on it, so that whoever catches it can look the run up."""
    try:
        error.task_run_id = str(run.id)  # type: ignore[attr-defined]
        error.add_note(f"task run {run.id}")
    except AttributeError:  # an exception class with slots
        return OperationFailed(str(error), task_run_id=str(run.id))
    return error


_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (asyncio.CancelledError, RunCancelled.code),
    (OperationTimeout, OperationTimeout.code),
)


def _code(error: BaseException) -> str:
    return next((code for kind, code in _CODES if isinstance(error, kind)), OperationFailed.code)


def _keep_refs(run: TaskRun, touched: TouchLog) -> None:
    models = {info.document_cls.get_collection_name(): info.name for info in ModelRegistry.list_all()}

    def as_ref(touch: Touch) -> dict[str, Any]:
        return touch.as_ref(models.get(touch.collection, touch.collection))

    run.result_refs = [as_ref(touch) for touch in list(touched.touches.values())[:1000]]
    run.result_refs_total = len(touched.touches)


_CLOSING = (
    "status", "finished_at", "duration_ms", "output", "output_truncated", "result_refs", "result_refs_total",
    "error_code", "error_message", "error_traceback",
)  # fmt: skip


async def _close(run: TaskRun) -> None:
    changes = {name: getattr(run, name) for name in _CLOSING}
    changes["status"] = run.status.value
    await TaskRun.get_pymongo_collection().update_one({"_id": run.id, "status": "running"}, {"$set": changes})


async def _uninterrupted(work: Any) -> None:
    """Await to the end whatever is cancelled meanwhile, then let the cancellation go on."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except BaseException:
            break
    task.result()
    if cancelled is not None:
        raise cancelled
