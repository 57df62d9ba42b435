"""``createOneJob`` and its kin of every model that may be written."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from strawberry.types.field import StrawberryField

from core import naming
from core.access import may
from core.errors import Forbidden
from core.specs import ModelSpec
from graphql_surface.builder import CORE, Builder
from graphql_surface.convert import wire_filter, wire_object
from graphql_surface.definitions import (
    GraphQLType,
    ReadField,
    ResolvedField,
    argument,
    input_field,
    list_of,
    nullable,
)
from graphql_surface.errors import translated
from graphql_surface.filters import filter_of
from graphql_surface.inputs import create_input, update_input
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.selection import fields_under
from graphql_surface.types import object_of

Arguments = Mapping[str, Any]
Answer = Callable[[Any, Arguments], Any]
"""(context, the mapping in ``input``) → what the mutation returns."""

_ID, _INT = SCALAR_TYPES["ID"], SCALAR_TYPES["Int"]


def mutation_fields(build: Builder, model: ModelSpec) -> Iterable[StrawberryField]:
    if model.read_only:
        return
    create, update = create_input(build, model), update_input(build, model)
    if create is not None and update is not None:
        yield _create_one(build, model, create)
        yield _create_many(build, model, create)
        yield _update_one(build, model, update)
        yield _update_many(build, model, update)
    yield _delete_one(build, model)
    yield _delete_many(build, model)


def many_field(model: ModelSpec) -> str:
    """Where ``CreateManyJobsInput`` takes the documents: ``jobs``."""
    return model.resource


def _create_one(build: Builder, model: ModelSpec, create: GraphQLType) -> StrawberryField:
    async def answer(context: Any, given: Arguments) -> Any:
        document = wire_object(build.catalog, model.object, given[model.singular])
        return await context.services.data.create(model, context.principal, document)

    return _mutation(
        build, model, f"createOne{model.singular_type}", f"Create one {model.name}.", answer, _document(build, model),
        lambda: [input_field(model.singular, create, f"The new {model.name}.")],
    )  # fmt: skip


def _create_many(build: Builder, model: ModelSpec, create: GraphQLType) -> StrawberryField:
    name = many_field(model)

    async def answer(context: Any, given: Arguments) -> Any:
        documents = [wire_object(build.catalog, model.object, one) for one in given[name]]
        return await context.services.data.create_many(model, context.principal, documents)

    return _mutation(
        build, model, f"createMany{model.plural_type}", f"Create several {model.plural_type}: all of them or none.",
        answer, list_of(_document(build, model)),
        lambda: [input_field(name, list_of(create), f"The new {model.plural_type}.")],
    )  # fmt: skip


def _update_one(build: Builder, model: ModelSpec, update: GraphQLType) -> StrawberryField:
    async def answer(context: Any, given: Arguments) -> Any:
        changes = wire_object(build.catalog, model.object, given["update"])
        return await context.services.data.update(
            model, context.principal, given["id"], changes, if_revision=given.get("ifRevision")
        )

    return _mutation(
        build, model, f"updateOne{model.singular_type}", f"Change the given fields of one {model.name}.", answer,
        _document(build, model),
        lambda: [_key(model), input_field("update", update, "The fields to change."), *_if_revision(model)],
    )  # fmt: skip


def _update_many(build: Builder, model: ModelSpec, update: GraphQLType) -> StrawberryField:
    async def answer(context: Any, given: Arguments) -> Any:
        where = wire_filter(build.catalog, model.object, given["filter"])
        changes = wire_object(build.catalog, model.object, given["update"])
        return await context.services.data.update_many(model, context.principal, where, changes)

    return _mutation(
        build, model, f"updateMany{model.plural_type}", f"Change the given fields of all matching {model.plural_type}.",
        answer, _count(build, "Update", "updated"),
        lambda: [_which(build, model, "change"), input_field("update", update, "The fields to change.")],
    )  # fmt: skip


def _delete_one(build: Builder, model: ModelSpec) -> StrawberryField:
    async def answer(context: Any, given: Arguments) -> Any:
        return await context.services.data.delete(
            model, context.principal, given["id"], if_revision=given.get("ifRevision")
        )

    return _mutation(
        build, model, f"deleteOne{model.singular_type}", f"Delete one {model.name} and return it.", answer,
        _document(build, model), lambda: [_key(model), *_if_revision(model)],
    )  # fmt: skip


def _delete_many(build: Builder, model: ModelSpec) -> StrawberryField:
    async def answer(context: Any, given: Arguments) -> Any:
        where = wire_filter(build.catalog, model.object, given["filter"])
        return await context.services.data.delete_many(model, context.principal, where)

    return _mutation(
        build, model, f"deleteMany{model.plural_type}", f"Delete all {model.plural_type} that match.", answer,
        _count(build, "Delete", "deleted"), lambda: [_which(build, model, "delete")],
    )  # fmt: skip


def _mutation(
    build: Builder, model: ModelSpec, name: str, text: str, answer: Answer, type_: GraphQLType,
    fields: Callable[[], Iterable[StrawberryField]],
) -> StrawberryField:  # fmt: skip
    async def resolve(source: Any, info: Any, arguments: Arguments) -> Any:
        _check_selection(model, info)
        info.context.renew()
        return await answer(info.context, arguments["input"])

    input_ = build.input(f"{naming.pascal(name)}Input", f"the mutation {name}", f"Input of `{name}`.", fields)
    return ResolvedField(
        name, type_, text, translated(resolve, build.catalog, model.object),
        arguments=[argument("input", input_, "What to do.")],
    )  # fmt: skip


def _check_selection(model: ModelSpec, info: Any) -> None:
    """Before anything is written: who may write but not read a model gets the key and counts, nothing else.

    Raises:
        Forbidden: more is selected.
    """
    principal = info.context.principal
    if not may(model.access, "read", principal, model.name):
        more = sorted({one.name for one in fields_under(info)} & model.object.by_graphql.keys() - {"id"})
        if more:
            raise Forbidden(f"you may not read {model.name}: select nothing but id, without {', '.join(more)}")


def _document(build: Builder, model: ModelSpec) -> GraphQLType:
    return object_of(build, model.object)


def _key(model: ModelSpec) -> StrawberryField:
    return input_field("id", _ID, f"Key of the {model.name}.")


def _which(build: Builder, model: ModelSpec, verb: str) -> StrawberryField:
    return input_field("filter", filter_of(build, model.object), f"Which {model.plural_type} to {verb}; `{{}}` is all.")


def _if_revision(model: ModelSpec) -> Iterable[StrawberryField]:
    if model.revision:
        yield input_field("ifRevision", nullable(_ID), "Only if the document still has this revision; else CONFLICT.")


def _count(build: Builder, verb: str, done: str) -> GraphQLType:
    return build.output(f"{verb}ManyResponse", CORE, f"What a many-{verb.lower()} did.", lambda: [
        ReadField(f"{done}Count", _INT, f"How many documents were {done}.", lambda count: count),
    ])  # fmt: skip
