"""Which fields a request selects, so that only those are read."""

from collections.abc import Iterator, Sequence
from typing import Any

from strawberry.types.nodes import SelectedField, Selection

from core.specs import ModelSpec
from graphql_surface.context import Context


def selected(selections: Sequence[Selection]) -> Iterator[SelectedField]:
    """Fields one level down, fragments opened, those left out by @skip and @include left out."""
    for one in selections:
        if not _included(one):
            continue
        if isinstance(one, SelectedField):
            yield one
        else:
            yield from selected(one.selections)


def fields_under(info: Any, *path: str) -> list[SelectedField]:
    """The fields selected below ``path`` of the field being resolved: ``fields_under(info, "nodes")``."""
    found = list(selected([child for one in info.selected_fields for child in one.selections]))
    for name in path:
        found = list(selected([child for one in found if one.name == name for child in one.selections]))
    return found


_ALWAYS_READ = frozenset({"__typename", "revisionId"})


def wire_names(context: Context, model: ModelSpec, fields: Sequence[SelectedField]) -> frozenset[str]:
    """What to read of a document for these fields: what the principal may not see has its error at the field. A field
    that is none of the model's (``TaskRun.input``) may be made of any."""
    known = model.object.by_graphql
    readable = context.readable(model)
    if any(one.name not in known and one.name not in _ALWAYS_READ for one in fields):
        return readable
    return frozenset(known[one.name].wire for one in fields if one.name in known and known[one.name].wire in readable)


def _included(one: Selection) -> bool:
    skip = one.directives.get("skip", {}).get("if", False)
    return not skip and bool(one.directives.get("include", {}).get("if", True))
