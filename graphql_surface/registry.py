"""``registry``: what is declared, for clients that build themselves. It shows what the asking principal may use."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import GraphQLSchema, print_schema
from strawberry.types.field import StrawberryField

from core.access import may, readable_fields, writable_fields
from core.actions.driver import has_transactions
from core.specs import (
    Catalog,
    EnumType,
    FieldSpec,
    ListType,
    ModelSpec,
    ObjectSpec,
    OperationSpec,
    ScalarType,
    TypeSpec,
)
from graphql_surface.builder import CORE, Builder
from graphql_surface.context import Context
from graphql_surface.definitions import GraphQLType, ReadField, ResolvedField, list_of, nullable
from graphql_surface.errors import translated
from graphql_surface.json_schema import JsonSchemas
from graphql_surface.scalars import SCALAR_TYPES
from graphql_surface.selection import fields_under
from graphql_surface.types import innermost, relation_of

_STRING, _BOOLEAN, _JSON = (SCALAR_TYPES[name] for name in ("String", "Boolean", "JSON"))
_NAMING_HINTS = frozenset({"list_fields", "searchable", "primary_field", "fields"})
"""UI hints that hold declared field names; a client of this surface wants the GraphQL ones."""


def registry_field(build: Builder) -> StrawberryField:
    schemas = JsonSchemas(build.catalog)

    async def resolve(source: Any, info: Any, arguments: Mapping[str, Any]) -> Any:
        context: Context = info.context
        schema = info.schema._schema  # pyright: ignore[reportPrivateUsage]
        wants_models = any(one.name == "models" for one in fields_under(info))
        return _Registry(build.catalog, schemas, context, schema, wants_models and await has_transactions())

    return ResolvedField(
        "registry", _registry(build), "The models and operations that are declared, as far as you may use them.",
        translated(resolve, build.catalog),
    )  # fmt: skip


@dataclass(frozen=True)
class _Registry:
    """What one principal sees."""

    catalog: Catalog
    schemas: JsonSchemas
    context: Context
    schema: GraphQLSchema
    is_live: bool
    """A server with transactions has change streams too: https://www.mongodb.com/docs/manual/changeStreams/"""

    def models(self) -> list["_Model"]:
        principal = self.context.principal
        found = (one for one in self.catalog.models.values() if may(one.access, "read", principal, one.name))
        return [_Model(self, one) for one in found]

    def operations(self) -> list["_Operation"]:
        principal = self.context.principal
        found = (one for one in self.catalog.operations.values() if may(one.access, "run", principal, one.name))
        return [_Operation(self, one) for one in found]


@dataclass(frozen=True)
class _Model:
    registry: _Registry
    spec: ModelSpec

    @property
    def writable(self) -> Collection[str]:
        return frozenset() if self.spec.read_only else writable_fields(self.spec, self.registry.context.principal)

    def fields(self) -> list["_Field"]:
        readable = readable_fields(self.spec, self.registry.context.principal)
        found = (one for one in self.spec.object.fields if one.wire in readable or one.wire in self.writable)
        return [_Field(self.registry.catalog, one, one.wire in readable, one.wire in self.writable) for one in found]

    def create_schema(self) -> Any:
        return None if self.spec.read_only else self.registry.schemas.create(self.spec.object, self.writable)

    def update_schema(self) -> Any:
        return None if self.spec.read_only else self.registry.schemas.update(self.spec.object, self.writable)

    def operations(self) -> list[str]:
        found = self.registry.operations()
        return [one.spec.name for one in found if self.spec.name in (*one.spec.models_in, *one.spec.models_out)]


@dataclass(frozen=True)
class _Field:
    catalog: Catalog
    spec: FieldSpec
    readable: bool
    writable: bool

    @property
    def inner(self) -> TypeSpec:
        return innermost(self.spec.type)

    def enum_values(self) -> list[str] | None:
        return [one.name for one in self.inner.choices] if isinstance(self.inner, EnumType) else None

    def relation(self) -> str | None:
        found = relation_of(self.spec)
        return self.catalog.by_document[found.python].name if found else None

    def fields(self) -> list["_Field"] | None:
        spec = self.catalog.objects.get(getattr(self.inner, "python", object))
        if spec is None or relation_of(self.spec):
            return None
        return [_Field(self.catalog, one, one.readable, one.writable and self.writable) for one in spec.fields]


@dataclass(frozen=True)
class _Operation:
    registry: _Registry
    spec: OperationSpec

    def input_schema(self) -> Any:
        return self.registry.schemas.create(self.registry.catalog.of(self.spec.input))

    def output_schema(self) -> Any:
        return self.registry.schemas.output(self.registry.catalog.of(self.spec.output))


# (name, type, description, reader) of each field


def _registry(build: Builder) -> GraphQLType:
    return build.output("Registry", CORE, "What is declared.", lambda: _rows(
        ("models", list_of(_model_meta(build)), "The models.", lambda found: found.models()),
        ("operations", list_of(_operation_meta(build)), "The operations.", lambda found: found.operations()),
        ("version", _STRING, "Changes when the schema does.", lambda found: _version(found.schema)),
    ))  # fmt: skip


def _model_meta(build: Builder) -> GraphQLType:
    return build.output("ModelMeta", CORE, "A model that is declared.", lambda: _rows(
        ("name", _STRING, "Its name.", lambda found: found.spec.name),
        ("resource", _STRING, "Field that lists it.", lambda found: found.spec.resource),
        ("singular", _STRING, "Field that gets one.", lambda found: found.spec.singular),
        ("typeName", _STRING, "Its GraphQL type.", lambda found: found.spec.type_name),
        ("description", _STRING, "What it is.", lambda found: found.spec.description),
        ("tags", list_of(_STRING), "Words to group it by.", lambda found: list(found.spec.tags)),
        ("ui", nullable(_JSON), "Hints for showing it.", lambda found: _hints(found.spec.ui, found.spec.object)),
        ("readOnly", _BOOLEAN, "Whether it has no mutations.", lambda found: found.spec.read_only),
        ("searchable", _BOOLEAN, "Whether `search` finds something.", lambda found: _is_searchable(found.spec)),
        ("revision", _BOOLEAN, "Whether it has `revisionId` and `ifRevision`.", lambda found: found.spec.revision),
        ("fields", list_of(_field_meta(build)), "Its fields.", lambda found: found.fields()),
        ("createSchema", nullable(_JSON), "JSON Schema of a new one, in GraphQL names.",
         lambda found: found.create_schema()),
        ("updateSchema", nullable(_JSON), "JSON Schema of a change, in GraphQL names.",
         lambda found: found.update_schema()),
        ("operations", list_of(_STRING), "Names of the operations that read or write it.",
         lambda found: found.operations()),
        ("subscriptions", _BOOLEAN, "Whether its changes can be watched.", lambda found: found.registry.is_live),
    ))  # fmt: skip


def _field_meta(build: Builder) -> GraphQLType:
    own = lambda: nullable(list_of(_field_meta(build)))  # noqa: E731
    return build.output("FieldMeta", CORE, "A field of a model.", lambda: _rows(
        ("name", _STRING, "Its GraphQL name.", lambda found: found.spec.graphql),
        ("kind", _STRING, "Its scalar, or enum, object, union, map or relation.", lambda found: _kind(found.inner)),
        ("nullable", _BOOLEAN, "Whether it may be null.", lambda found: found.spec.nullable),
        ("required", _BOOLEAN, "Whether a new document must give it.", lambda found: found.spec.required),
        ("list", _BOOLEAN, "Whether it is a list.", lambda found: isinstance(found.spec.type, ListType)),
        ("enumValues", nullable(list_of(_STRING)), "Members of its enum.", lambda found: found.enum_values()),
        ("relation", nullable(_STRING), "Name of the model it leads to.", lambda found: found.relation()),
        ("fields", own(), "Fields of the object it holds.", lambda found: found.fields()),
        ("label", _STRING, "Its name for people.", lambda found: found.spec.label),
        ("description", _STRING, "What it is.", lambda found: found.spec.description),
        ("widget", _STRING, "What to edit it with.", lambda found: found.spec.widget),
        ("operators", list_of(_STRING), "What it can be filtered by.", lambda found: list(found.spec.operators)),
        ("sortable", _BOOLEAN, "Whether lists can be sorted by it.", lambda found: found.spec.sortable),
        ("searchable", _BOOLEAN, "Whether `search` looks into it.", lambda found: found.spec.searchable),
        ("readable", _BOOLEAN, "Whether you may read it.", lambda found: found.readable),
        ("writable", _BOOLEAN, "Whether you may set it.", lambda found: found.writable),
    ))  # fmt: skip


def _operation_meta(build: Builder) -> GraphQLType:
    return build.output("OperationMeta", CORE, "An operation that is declared.", lambda: _rows(
        ("name", _STRING, "Its name.", lambda found: found.spec.name),
        ("mutation", _STRING, "Field that runs it.", lambda found: found.spec.mutation),
        ("description", _STRING, "What it does.", lambda found: found.spec.description),
        ("category", _STRING, "What it belongs to.", lambda found: found.spec.category),
        ("tags", list_of(_STRING), "Words to group it by.", lambda found: list(found.spec.tags)),
        ("modelsIn", list_of(_STRING), "Models it reads.", lambda found: list(found.spec.models_in)),
        ("modelsOut", list_of(_STRING), "Models it writes.", lambda found: list(found.spec.models_out)),
        ("asyncEnabled", _BOOLEAN, "Whether it runs in the background too.", lambda found: found.spec.async_enabled),
        ("inputSchema", nullable(_JSON), "JSON Schema of its input, in GraphQL names.",
         lambda found: found.input_schema()),
        ("outputSchema", nullable(_JSON), "JSON Schema of its output, in GraphQL names.",
         lambda found: found.output_schema()),
        ("ui", nullable(_JSON), "Hints for showing it.", lambda found: dict(found.spec.ui)),
    ))  # fmt: skip


def _rows(*rows: tuple[str, GraphQLType, str, Any]) -> Iterable[StrawberryField]:
    return [ReadField(name, type_, text, read) for name, type_, text, read in rows]


def _kind(found: TypeSpec) -> str:
    return found.name if isinstance(found, ScalarType) else type(found).__name__.removesuffix("Type").lower()


def _is_searchable(model: ModelSpec) -> bool:
    """By a text index, by the declared fields, or without any by all text."""
    texts = (one for one in model.object.fields if one.readable and one.type == ScalarType(name="String"))
    return model.text_index or bool(model.searchable) or next(texts, None) is not None


def _hints(ui: Any, spec: ObjectSpec) -> Any:
    """The hints with GraphQL names where they name fields, at any depth."""
    if isinstance(ui, Mapping):
        return {key: _named(one, spec) if key in _NAMING_HINTS else _hints(one, spec) for key, one in ui.items()}
    return [_hints(one, spec) for one in ui] if isinstance(ui, list | tuple) else ui


def _named(names: Any, spec: ObjectSpec) -> Any:
    """A field's name, several, or things by name."""
    if isinstance(names, Mapping):
        return {_named(name, spec): hint for name, hint in names.items()}
    if isinstance(names, list | tuple):
        return [_named(name, spec) for name in names]
    first, *rest = str(names).split(".")
    return ".".join([spec.by_name[first].graphql if first in spec.by_name else first, *rest])


@cache
def _version(schema: GraphQLSchema) -> str:
    return hashlib.sha256(print_schema(schema).encode()).hexdigest()[:12]
