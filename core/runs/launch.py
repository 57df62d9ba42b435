"""From a call to a recorded run: validate, record, then execute it here or leave it to a runner."""

import hashlib
import logging
import math
from typing import Any

from beanie import PydanticObjectId
from pydantic import BaseModel, ValidationError
from pymongo.errors import DuplicateKeyError

from core.database.connection import ensure_database
from core.errors import InputError, LimitExceeded, OperationFailed, OperationTimeout, RunCancelled
from core.registries import OperationMetadata
from core.runs import idempotency, store
from core.runs.context import run_or_none
from core.runs.dispatch import Dispatcher, InDatabase
from core.runs.execution import perform
from core.runs.heartbeat import heartbeat
from core.runs.lifecycle import TaskRunStatus
from core.runs.model import TaskRun
from core.runs.options import Execution, RunMode, RunOptions
from core.runs.persistence import insistently
from core.runs.prefect_context import prefect_ids
from core.runs.returned import load_all, output_of
from core.runs.stored import MASK, Redaction, Stored, stored
from core.settings import Settings
from core.validation import field_errors

log = logging.getLogger("core.runs")


async def launch(
    operation: OperationMetadata,
    data: Any,
    *,
    principal: str,
    trigger: str,
    settings: Settings,
    options: RunOptions,
    dispatcher: Dispatcher | None = None,
    replay_of: TaskRun | None = None,
) -> Execution:
    """Run the operation. What it raises reaches the caller as it is, with ``task_run_id`` on it.

    Raises:
        InputError: ``data`` does not validate, or the operation has no background mode; there is no run then.
        LimitExceeded: the input is too large to be recorded.
        Conflict: the idempotency key stands for another call.
        OperationFailed, OperationTimeout, RunCancelled: the first call of this key ended so.
        Unavailable: the database does not answer.
    """
    validated = validate_input(operation, data)
    kept = _kept_input(operation, validated, settings)
    _check(operation, kept, options)
    await ensure_database()
    run = _new_run(operation, kept, principal, trigger, options, replay_of)
    try:
        await _record(run, settings)
    except DuplicateKeyError as error:
        if not idempotency.is_key_taken(error):
            raise
        return await answer_of(operation, await idempotency.first_run(run, options))
    if options.mode is RunMode.BACKGROUND:
        try:
            await (dispatcher or InDatabase()).dispatch(run)
        except Exception:  # the run is recorded, and so will be executed: its caller must not hear otherwise
            log.exception("run %s was not dispatched; a runner will claim it", run.id)
        return Execution(run=run, output=None)
    output = await perform(operation, validated, run, settings, Redaction(kept.secrets))
    return Execution(run=run, output=output)


def validate_input(operation: OperationMetadata, data: Any) -> BaseModel:
    """The input model; an instance of it as it is.

    Raises:
        InputError: the data does not validate; says which fields.
    """
    if isinstance(data, operation.input_schema):
        return data
    try:
        return operation.input_schema.model_validate(data)
    except ValidationError as error:
        raise InputError(f"the input of {operation.name} is not valid", field_errors=field_errors(error)) from error
    except RecursionError:
        raise InputError(f"the input of {operation.name} is nested too deep") from None


async def answer_of(operation: OperationMetadata, run: TaskRun) -> Execution:
    """A run that is recorded, as the answer of a call.

    Raises:
        OperationFailed, OperationTimeout, RunCancelled: it ended without success.
    """
    if run.status.is_final and run.status is not TaskRunStatus.SUCCESS:
        kinds: dict[str | None, type[OperationFailed]] = {"TIMEOUT": OperationTimeout, "CANCELLED": RunCancelled}
        kind = kinds.get(run.error_code, OperationFailed)
        raise kind(f"{run.operation_name} {run.status.value}; its run says why", task_run_id=str(run.id))
    return Execution(run=run, output=await output_of(operation, run, load_all))


def _kept_input(operation: OperationMetadata, data: BaseModel, settings: Settings) -> Stored:
    try:
        kept = stored(data)
    except ValueError as error:
        raise InputError(f"the input of {operation.name} cannot be recorded: {error}") from error
    size = len(kept.text.encode())
    if size > settings.max_input_bytes:
        raise LimitExceeded(
            f"the input of {operation.name} has {size:,} bytes as JSON; {settings.max_input_bytes:,} are allowed "
            "(CORE_MAX_INPUT_BYTES)"
        )
    return kept


def _check(operation: OperationMetadata, kept: Stored, options: RunOptions) -> None:
    if options.timeout is not None and not (0 < options.timeout < math.inf):
        raise InputError("a timeout is a number of seconds above 0")
    key = options.idempotency_key
    if key is not None and not (0 < len(key) <= idempotency.LONGEST_KEY and key.isprintable()):
        raise InputError(f"an idempotency key has 1 to {idempotency.LONGEST_KEY} printable characters")
    if MASK in kept.secrets:
        raise InputError(f"{', '.join(kept.hidden)}: give it anew; secrets are not stored, so this is only the mask")
    if options.mode is not RunMode.BACKGROUND:
        return
    if not operation.async_enabled:
        raise InputError(f"{operation.name} does not run in the background; declare it with async_enabled=True")
    if kept.hidden:
        raise InputError(
            f"{', '.join(kept.hidden)}: secrets are never stored, so they cannot wait for a runner; run "
            f"{operation.name} without background mode"
        )


def _new_run(
    operation: OperationMetadata,
    kept: Stored,
    principal: str,
    trigger: str,
    options: RunOptions,
    replay_of: TaskRun | None,
) -> TaskRun:
    background = options.mode is RunMode.BACKGROUND
    orchestration = prefect_ids()
    parent = run_or_none()
    run_id = PydanticObjectId()
    return TaskRun(
        id=run_id,
        operation_name=operation.name,
        status=TaskRunStatus.PENDING if background else TaskRunStatus.RUNNING,
        mode=options.mode.value,
        input_dump=kept.value,
        input_hash=hashlib.sha256(kept.text.encode()).hexdigest()[:32],
        trigger="prefect" if orchestration.get("orchestrated") and trigger == "python" else trigger,
        principal=principal,
        operation_version=operation.version,
        idempotency_key=options.idempotency_key,
        timeout=min((one for one in (operation.timeout, options.timeout) if one is not None), default=None),
        max_attempts=operation.retries + 1 if background else 1,
        logical_run_id=run_id,
        replay_of=replay_of.id if replay_of else None,
        parent=PydanticObjectId(parent.id) if parent else None,
        worker=None if background else heartbeat().worker,
        fence=0 if background else 1,
        **orchestration,
    )


async def _record(run: TaskRun, settings: Settings) -> None:
    async def insert() -> None:
        if run.status is TaskRunStatus.PENDING:
            await store.insert_pending(run)
        else:
            await store.insert_running(run, lease=settings.run_lease)

    try:
        await insistently(insert, settings.database_timeout, limit=settings.query_timeout)
    except DuplicateKeyError as error:
        taken = idempotency.is_key_taken(error)
        if not taken or not await idempotency.release_expired(run, settings.idempotency_hours):
            raise
        await insistently(insert, settings.database_timeout, limit=settings.query_timeout)
