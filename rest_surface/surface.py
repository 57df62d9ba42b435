"""Everything REST on one application: metadata, documents, operations, and what describes them."""

from fastapi import FastAPI

from core.access import TASK_RUN
from core.renderers import Services
from rest_surface.docs import mount_docs
from rest_surface.metadata import mount_metadata
from rest_surface.models import mount_model_routes
from rest_surface.operations import mount_operation_route
from rest_surface.routes import UnknownName


class RestSurface:
    """The REST routes of every model and operation."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: FastAPI) -> None:
        services = self._services
        mount_metadata(app, services)
        # In the order in which the documentation shows them: what the application is about, then its runs.
        for model in sorted(services.catalog.models.values(), key=lambda model: model.name == TASK_RUN):
            mount_model_routes(app, model, services)
        for operation in services.catalog.operations.values():
            mount_operation_route(app, operation, services)
        mount_docs(app, services)
        app.router.routes.append(UnknownName(services))
