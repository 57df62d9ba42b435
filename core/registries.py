"""Where declarations are kept. Open while modules are imported; surfaces build from a ``Catalog`` taken at start.

``ModelRegistry.get("Job")`` and ``OperationRegistry.list_all()`` read the current ``Registry``: the process's own, or
the one of an ``isolated_registry()`` block, for tests and for a second application in one process.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from beanie import Document
from pydantic import BaseModel

from core.access import OPEN, Access
from core.errors import DeclarationError


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What ``@datamodel`` declared. ``ui_hints`` is its ``ui`` argument, extended by ``extend_ui``."""

    name: str
    document_cls: type[Document]
    description: str = ""
    tags: tuple[str, ...] = ()
    ui_hints: dict[str, Any] = field(default_factory=dict[str, Any])
    plural: str | None = None
    read_only: bool = False
    access: Access = OPEN
    builtin: bool = False
    """Core's own (TaskRun): part of every registry."""

    @property
    def place(self) -> str:
        return f"model {self.name} ({self.document_cls.__module__}.{self.document_cls.__qualname__})"

    def extend_ui(self, fields: Mapping[str, Mapping[str, Any]]) -> None:
        """Merge field hints of an adapter (``{"workload": {"label": …, "widget": …}}``) into ``ui_hints["fields"]``."""
        known: dict[str, Any] = self.ui_hints.setdefault("fields", {})
        for name, hints in fields.items():
            known[name] = {**known.get(name, {}), **hints}


@dataclass(frozen=True, kw_only=True)
class OperationMetadata:
    """What ``@operation`` declared. ``function`` is the audited callable, its ``__wrapped__`` the author's own.

    ``timeout`` is in seconds; ``concurrency`` is the most runs of it at once over all runners; ``retries`` are the
    further attempts of a background run that was interrupted or failed. ``sensitive`` names input and output fields
    that are never stored.
    """

    name: str
    function: Callable[..., Awaitable[Any]]
    implementation: Callable[..., Any]
    input_schema: type[BaseModel]
    output_schema: type[BaseModel]
    description: str = ""
    category: str = "general"
    tags: tuple[str, ...] = ()
    models_in: tuple[str, ...] = ()
    models_out: tuple[str, ...] = ()
    async_enabled: bool = False
    timeout: float | None = None
    retries: int = 0
    concurrency: int | None = None
    access: Access = OPEN
    ui: dict[str, Any] = field(default_factory=dict[str, Any])
    version: str = ""

    @property
    def place(self) -> str:
        return f"operation {self.name} ({self.implementation.__module__}.{self.implementation.__qualname__})"


class Registry:
    """Models and operations by name, in the order of their declaration."""

    def __init__(self) -> None:
        self.models: dict[str, ModelInfo] = {}
        self.operations: dict[str, OperationMetadata] = {}

    def add_model(self, info: ModelInfo) -> None:
        _add(self.models, info.name, info)

    def add_operation(self, metadata: OperationMetadata) -> None:
        _add(self.operations, metadata.name, metadata)


_Entry = TypeVar("_Entry", ModelInfo, OperationMetadata)


def _add(entries: dict[str, _Entry], name: str, entry: _Entry) -> None:
    known = entries.get(name)
    # The same place again is a module imported a second time: the newer definition stands.
    if known is not None and known.place != entry.place:
        raise DeclarationError(f"{entry.place} has the name of {known.place}; give one of them another name=")
    entries[name] = entry


_current = Registry()


def current_registry() -> Registry:
    return _current


@contextmanager
def isolated_registry() -> Iterator[Registry]:
    """Declarations inside the block go to a registry of their own, which holds only Core's built-in models."""
    global _current
    outer, _current = _current, Registry()
    _current.models.update({name: info for name, info in outer.models.items() if info.builtin})
    try:
        yield _current
    finally:
        _current = outer


class ModelRegistry:
    """The models of the current registry."""

    @classmethod
    def get(cls, name: str) -> ModelInfo | None:
        return _current.models.get(name)

    @classmethod
    def list_all(cls) -> list[ModelInfo]:
        return list(_current.models.values())


class OperationRegistry:
    """The operations of the current registry."""

    @classmethod
    def get(cls, name: str) -> OperationMetadata | None:
        return _current.operations.get(name)

    @classmethod
    def list_all(cls) -> list[OperationMetadata]:
        return list(_current.operations.values())

    @classmethod
    def by_category(cls, category: str) -> list[OperationMetadata]:
        return [found for found in _current.operations.values() if found.category == category]
