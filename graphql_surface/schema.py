"""The schema of a catalog: every model and operation under the contract's names."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

from core import naming
from core.renderers import Services
from core.runs.model import TaskRun
from core.specs import Catalog
from graphql_surface.builder import CORE, Builder
from graphql_surface.definitions import GraphQLType, object_type
from graphql_surface.executor import Executor
from graphql_surface.mutations import mutation_fields
from graphql_surface.queries import query_fields
from graphql_surface.registry import registry_field
from graphql_surface.run_history import runs_field, stats_field
from graphql_surface.runs import control_fields, operation_field, run_field, task_run_fields
from graphql_surface.scalars import SCALAR_MAP
from graphql_surface.subscriptions import model_subscriptions, run_subscriptions


def build_schema(services: Services) -> strawberry.Schema:
    """The schema of ``services.catalog``; requests bring a ``Context``.

    Raises:
        DeclarationError: generated names clash.
    """
    return schema_of(services.catalog)


def schema_of(catalog: Catalog, *, sort: bool = False) -> strawberry.Schema:
    """The same from the declarations alone: the SDL needs no database. ``sort`` puts everything in order of names."""
    with _collector_paused():
        build = Builder(catalog)
        build.extend(TaskRun, lambda: task_run_fields(build))
        for model in catalog.models.values():
            if model.document is not TaskRun:
                build.extend(model.document, partial(runs_field, build, model))
        query = _root("Query", "Everything that can be read.", _queries(build))
        mutation = _root("Mutation", "Everything that changes something.", _mutations(build))
        subscription = _root("Subscription", "Everything that can be watched.", _subscriptions(build))
        build.fill()
        return strawberry.Schema(
            query,
            mutation,
            subscription,
            config=StrawberryConfig(scalar_map=SCALAR_MAP, sort_schema=sort),
            execution_context_class=Executor,
        )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Nothing made here is garbage, and looking for it took more than half of the time, growing faster than the schema
    (``bench/startup.py``)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


Defined = Iterable[tuple[str, StrawberryField]]
"""Fields with whoever defines them."""


def _root(name: str, description: str, fields: Defined) -> GraphQLType:
    names = naming.Names(f"field of {name}")
    return object_type(name, description, [_claimed(names, definer, field) for definer, field in fields])


def _claimed(names: naming.Names, definer: str, field: StrawberryField) -> StrawberryField:
    names.claim(field.python_name, definer, "give one of them another name=")
    return field


def _queries(build: Builder) -> Defined:
    yield CORE, registry_field(build)
    yield CORE, stats_field(build)
    for model in build.catalog.models.values():
        yield from ((f"model {model.name}", field) for field in query_fields(build, model))
    for operation in build.catalog.operations.values():
        yield f"operation {operation.name}", run_field(build, operation)


def _mutations(build: Builder) -> Defined:
    yield from ((CORE, field) for field in control_fields(build))
    for model in build.catalog.models.values():
        yield from ((f"model {model.name}", field) for field in mutation_fields(build, model))
    for operation in build.catalog.operations.values():
        yield f"operation {operation.name}", operation_field(build, operation)


def _subscriptions(build: Builder) -> Defined:
    yield from ((CORE, field) for field in run_subscriptions(build))
    for model in build.catalog.models.values():
        yield from ((f"model {model.name}", field) for field in model_subscriptions(build, model))
