"""Core: declare a model or an operation once, and get GraphQL, REST and a CLI, every run audited.

The public names stand here and are loaded when first used, so that importing a part of Core (the embedded database's
process, the CLI's ``--help``) stays fast. https://peps.python.org/pep-0562/
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.access import Access, FieldRule, Principal
    from core.base import DataModelBase, OperationBase
    from core.decorators import datamodel, operation
    from core.errors import UserError
    from core.registries import ModelRegistry, OperationRegistry
    from core.runs.context import current_run
    from core.runs.model import TaskRun
    from core.settings import Settings

_HOMES = {
    "Access": "core.access",
    "DataModelBase": "core.base",
    "FieldRule": "core.access",
    "ModelRegistry": "core.registries",
    "OperationBase": "core.base",
    "OperationRegistry": "core.registries",
    "Principal": "core.access",
    "Settings": "core.settings",
    "TaskRun": "core.runs.model",
    "UserError": "core.errors",
    "current_run": "core.runs.context",
    "datamodel": "core.decorators",
    "operation": "core.decorators",
}

__all__ = [
    "Access",
    "DataModelBase",
    "FieldRule",
    "ModelRegistry",
    "OperationBase",
    "OperationRegistry",
    "Principal",
    "Settings",
    "TaskRun",
    "UserError",
    "current_run",
    "datamodel",
    "operation",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
