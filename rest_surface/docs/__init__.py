"""Swagger UI from our own files: ``sources`` is built into ``built``, which is part of the package."""

from rest_surface.docs.page import mount_docs

__all__ = ["mount_docs"]
