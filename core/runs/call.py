"""Operations called from Python: ``await create_item(name="x")``, with options, or left to a runner."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from pydantic import BaseModel

from core.access import LOCAL_OWNER
from core.errors import InputError
from core.registries import OperationMetadata
from core.runs.context import run_or_none
from core.runs.launch import launch, validate_input
from core.runs.model import TaskRun
from core.runs.options import Execution, RunMode, RunOptions
from core.settings import default_settings
from core.signatures import takes_model


class AuditedCallable(Protocol):
    """What ``@operation`` returns. Awaiting a call of it gives the output; ``__wrapped__`` is the author's function."""

    operation: OperationMetadata

    def __call__(self, *args: Any, **kwargs: Any) -> Awaitable[Any]: ...

    def with_options(
        self, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> Callable[..., Awaitable[Any]]:
        """The operation as a callable with options: ``await create_item.with_options(timeout=5)(name="x")``."""
        ...

    def in_background(
        self, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> Callable[..., Awaitable[TaskRun]]:
        """The operation as a callable that answers with a pending run."""
        ...


async def call_from_python(metadata: OperationMetadata, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> BaseModel:
    """What awaiting the decorated function does: the operation's own exception reaches the caller, with
    ``task_run_id`` set on it and named in its notes.

    Raises:
        InputError: the arguments do not validate; there is no run then.
    """
    execution = await _launched(metadata, args, kwargs, RunOptions())
    assert execution.output is not None, "a run without a key answers with its own output"
    return execution.output


def with_options(
    metadata: OperationMetadata, *, idempotency_key: str | None = None, timeout: float | None = None
) -> Callable[..., Awaitable[Any]]:
    """The operation as a callable with options: ``await create_item.with_options(idempotency_key="k")(name="x")``.

    A call whose key was used before answers with the first call's output; None where that was too large to keep.
    """
    options = RunOptions(idempotency_key=idempotency_key, timeout=timeout)

    async def call(*args: Any, **kwargs: Any) -> Any:
        return (await _launched(metadata, args, kwargs, options)).output

    return functools.wraps(metadata.implementation)(call)


def in_background(
    metadata: OperationMetadata, *, idempotency_key: str | None = None, timeout: float | None = None
) -> Callable[..., Awaitable[TaskRun]]:
    """The operation as a callable that answers with the pending run: ``run = await index.in_background()(path="x")``.
    A server or a ``jobhunter worker`` executes it.

    Raises (when called):
        InputError: the operation was not declared with ``async_enabled=True``.
    """
    options = RunOptions(mode=RunMode.BACKGROUND, idempotency_key=idempotency_key, timeout=timeout)

    async def call(*args: Any, **kwargs: Any) -> TaskRun:
        return (await _launched(metadata, args, kwargs, options)).run

    return functools.wraps(metadata.implementation)(call)


async def _launched(
    metadata: OperationMetadata, args: tuple[Any, ...], kwargs: Mapping[str, Any], options: RunOptions
) -> Execution:
    around = run_or_none()
    return await launch(
        metadata,
        _bound_input(metadata, args, kwargs),
        principal=around.principal if around else LOCAL_OWNER.id,
        trigger="python",
        settings=default_settings(),
        options=options,
    )


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
