"""The schema as text, and what a change of it breaks."""

from graphql import build_schema, find_breaking_changes
from strawberry.printer import print_schema

from core.specs import Catalog
from graphql_surface.schema import schema_of


def to_sdl(catalog: Catalog) -> str:
    """The SDL, sorted: the order of declarations makes no difference.

    Raises:
        DeclarationError: generated names clash.
    """
    return print_schema(schema_of(catalog, sort=True)) + "\n"


def breaking_changes(old: str, new: str) -> list[str]:
    """What clients of the schema ``old`` can no longer do with ``new``, one sentence each.

    Raises:
        GraphQLError: one of them is no SDL.
    """
    found = find_breaking_changes(build_schema(old), build_schema(new))
    return sorted(f"{change.type.name}: {change.description}" for change in found)
