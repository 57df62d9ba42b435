"""REST: documents under ``/models/{name}/``, operations under ``/operations/{name}/``, described by OpenAPI."""

from rest_surface.models import mount_model_routes
from rest_surface.operations import mount_operation_route
from rest_surface.surface import RestSurface

__all__ = ["RestSurface", "mount_model_routes", "mount_operation_route"]
