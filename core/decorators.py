"""``@datamodel`` registers a Beanie document and returns it; ``@operation`` registers a function and returns the
audited callable. Both only describe: what cannot be served is found when the catalog is taken, at start-up.
"""

import functools
import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from beanie import Document
from pydantic import BaseModel

from core.access import OPEN, Access
from core.idioms import add_idioms
from core.registries import ModelInfo, OperationMetadata, current_registry
from core.runs.call import AuditedCallable, call_from_python, in_background, with_options
from core.signatures import input_schema, output_schema

DocumentClass = TypeVar("DocumentClass", bound=type[Document])


def datamodel(
    name: str | None = None,
    description: str = "",
    tags: Iterable[str] = (),
    ui: Mapping[str, Any] | None = None,
    *,
    plural: str | None = None,
    read_only: bool = False,
    access: Access | None = None,
) -> Callable[[DocumentClass], DocumentClass]:
    """Register a Beanie ``Document`` under ``name`` (its class name by default) and return the class.

    Raises:
        DeclarationError: the class is no Beanie document, or the name is taken.
    """

    def register(document: DocumentClass) -> DocumentClass:
        add_idioms(document)
        current_registry().add_model(
            ModelInfo(
                name=name or document.__name__,
                document_cls=document,
                description=description or inspect.cleandoc(document.__dict__.get("__doc__") or ""),
                tags=tuple(tags),
                ui_hints=dict(ui or {}),
                plural=plural,
                read_only=read_only,
                access=access or OPEN,
            )
        )
        return document

    return register


def operation(
    name: str | None = None,
    description: str = "",
    category: str = "general",
    inputs: type[BaseModel] | None = None,
    outputs: type[BaseModel] | None = None,
    tags: Iterable[str] = (),
    models_in: Iterable[str] = (),
    models_out: Iterable[str] = (),
    async_enabled: bool = False,
    *,
    timeout: float | None = None,
    retries: int = 0,
    concurrency: int | None = None,
    access: Access | None = None,
    ui: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], AuditedCallable]:
    """Register a sync or async function and return the awaitable, audited callable (``__wrapped__`` is the function).

    ``inputs`` and ``outputs`` default to the annotations of its one parameter and of its return; a function with
    plain parameters gets an input model made of them. ``timeout`` is in seconds. A sync function runs in a thread.

    Raises:
        DeclarationError: input or output is no pydantic model, or the name is taken.
    """

    def register(function: Callable[..., Any]) -> AuditedCallable:
        operation_name = name or function.__name__

        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            return await call_from_python(metadata, args, kwargs)

        call = cast("AuditedCallable", wrapper)

        metadata = OperationMetadata(
            name=operation_name,
            function=call,
            implementation=function,
            input_schema=inputs or input_schema(function, operation_name),
            output_schema=outputs or output_schema(function, operation_name),
            description=description or inspect.cleandoc(function.__doc__ or ""),
            category=category,
            tags=tuple(tags),
            models_in=tuple(models_in),
            models_out=tuple(models_out),
            async_enabled=async_enabled,
            timeout=timeout,
            retries=retries,
            concurrency=concurrency,
            access=access or OPEN,
            ui=dict(ui or {}),
            version=_version(function),
        )
        call.operation = metadata
        call.with_options = functools.partial(with_options, metadata)
        call.in_background = functools.partial(in_background, metadata)
        current_registry().add_operation(metadata)
        return call

    return register


def _version(function: Callable[..., Any]) -> str:
    """Twelve hex digits that change when the function's source does."""
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):  # typed into a console, or built without sources
        source = function.__code__.co_code.hex()
    return hashlib.sha256(source.encode()).hexdigest()[:12]
