"""Which documents a run touched: shown under the reader's rules, one query a model."""

from collections.abc import Iterable, Mapping
from typing import Any

from strawberry.types.field import StrawberryField

from core.specs import ModelSpec
from graphql_surface.builder import CORE, Builder
from graphql_surface.convert import graphql_json
from graphql_surface.definitions import GraphQLType, ReadField, ResolvedField, argument, list_of, nullable
from graphql_surface.errors import translated
from graphql_surface.scalars import SCALAR_TYPES

_ID, _INT, _STRING, _JSON = (SCALAR_TYPES[name] for name in ("ID", "Int", "String", "JSON"))
_SHOWN = 100
"""References of a run that are returned unless more are asked for."""


def reference_fields(build: Builder) -> Iterable[StrawberryField]:
    def read(source: Mapping[str, Any], info: Any, arguments: Mapping[str, Any]) -> Any:
        limit = arguments.get("limit")
        return (source.get("result_refs") or [])[: _SHOWN if limit is None else max(0, limit)]

    yield ResolvedField(
        "resultRefs", list_of(document_ref(build)), "Documents the run inserted, updated or deleted, in their order.",
        translated(read, build.catalog),
        arguments=[argument("limit", nullable(_INT), f"The most to return; {_SHOWN} without.")],
    )  # fmt: skip


def document_ref(build: Builder) -> GraphQLType:
    action = build.enum("RefAction", CORE, "What a run did to a document.", lambda: (
        ("INSERT", "insert", "It was made."),
        ("UPDATE", "update", "It was changed."),
        ("DELETE", "delete", "It was deleted."),
    ))  # fmt: skip
    return build.output("DocumentRef", CORE, "A document, or several by a filter, that a run touched.", lambda: (
        ReadField("model", _STRING, "Name of its model, or of its collection where that is no model.", _get("model")),
        ReadField("id", nullable(_ID), "Its key; null where the database does not say which one it was.", _get("id")),
        ReadField("action", action, "What was done to it.", _get("action")),
        ReadField("filter", nullable(_JSON), "The filter of a write to several.", _get("filter")),
        ReadField("count", nullable(_INT), "How many it were; null where that is not known.", _get("count")),
        ResolvedField("document", nullable(_JSON), "The document as it is now, as far as you may see it.",
                      translated(_document(build), build.catalog)),
    ))  # fmt: skip


def _document(build: Builder) -> Any:
    async def resolve(source: Mapping[str, Any], info: Any, arguments: Mapping[str, Any]) -> Any:
        model = build.catalog.models.get(source.get("model", ""))
        if model is None or source.get("id") is None:
            return None
        found = await info.context.loaders.document(model, None).load(source["id"])
        return None if found is None else _as_json(build, model, found, info.context.readable(model))

    return resolve


def _as_json(build: Builder, model: ModelSpec, raw: Mapping[str, Any], readable: frozenset[str]) -> Any:
    """The document in GraphQL names."""
    return graphql_json(build.catalog, model.object, build.rows.shape(model.object, raw, readable))


def _get(key: str) -> Any:
    def read(source: Mapping[str, Any]) -> Any:
        return source.get(key)

    return read
