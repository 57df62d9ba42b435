"""GraphiQL from our own files: ``sources`` is built into ``built``, which is part of the package."""

from graphql_surface.playground.page import playground_page, playground_route

__all__ = ["playground_page", "playground_route"]
