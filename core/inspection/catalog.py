"""A registry to its ``Catalog``: models and operations, checked against each other."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from beanie import Document
from pydantic import BaseModel

from core import naming
from core.access import ANYONE, TASK_RUN, visible_runs
from core.access_declarations import check_model_access, check_operation_access
from core.errors import DeclarationError
from core.inspection.objects import Objects
from core.registries import ModelInfo, OperationMetadata, Registry
from core.specs import (
    Catalog,
    ModelSpec,
    ObjectSpec,
    ObjectType,
    OperationSpec,
)  # fmt: skip


def take_catalog(registry: Registry) -> Catalog:
    """The immutable description of everything the registry holds.

    Raises:
        DeclarationError: something declared cannot be served.
    """
    return _Inspector(registry).catalog()


class _Inspector:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._objects = Objects({info.document_cls: info for info in registry.models.values()})
        self._fields = naming.Names("GraphQL field")

    def catalog(self) -> Catalog:
        models = {info.name: self._model(info) for info in self._registry.models.values()}
        operations = {found.name: self._operation(found) for found in self._registry.operations.values()}
        if (runs := models.get(TASK_RUN)) is not None:
            access = replace(runs.access, read=ANYONE, row_filter=visible_runs(operations.values()))
            models[TASK_RUN] = replace(runs, access=access)
        return Catalog(models=models, operations=operations, objects=self._objects.found)

    def _model(self, info: ModelInfo) -> ModelSpec:
        document = info.document_cls
        if not (isinstance(document, type) and issubclass(document, Document)):
            raise DeclarationError(f"{info.place}: @datamodel stands on Beanie Document classes")
        found = self._objects.describe(document, info.place)
        singular, resource = _names(info)
        _check_hints(info, found)
        self._claim_names(info, singular, resource)
        settings = getattr(document, "Settings", None)
        collection = getattr(settings, "name", None) or document.__name__
        check_model_access(info, found, collection)
        soft_delete = "deleted_at" in document.model_fields and hasattr(document, "hard_delete")
        found = _as_declared(info, found, soft_delete)
        self._objects.found[document] = found
        return ModelSpec(
            name=info.name,
            object=found,
            document=document,
            collection=collection,
            resource=resource,
            singular=singular,
            plural_type=naming.pascal(resource),
            description=found.description,
            tags=info.tags,
            ui=info.ui_hints,
            read_only=info.read_only,
            access=info.access,
            revision=bool(getattr(settings, "use_revision", False)),
            soft_delete=soft_delete,
            text_index=any("text" in dict(_index_keys(index)).values() for index in getattr(settings, "indexes", ())),
        )

    def _claim_names(self, info: ModelInfo, singular: str, resource: str) -> None:
        for name in (singular, resource, f"{singular}Aggregate"):
            self._fields.claim(name, info.place, "give one of them another name= or plural=")
        for verb in ("create", "update", "delete"):
            self._fields.claim(f"mutation_{verb}One{naming.pascal(singular)}", info.place)
            self._fields.claim(f"mutation_{verb}Many{naming.pascal(resource)}", info.place)

    def _operation(self, metadata: OperationMetadata) -> OperationSpec:
        for kind, names in (("models_in", metadata.models_in), ("models_out", metadata.models_out)):
            for name in names:
                if name not in self._registry.models:
                    raise DeclarationError(
                        f"{metadata.place}: {kind} names the model {name!r}, which is not registered; "
                        f"known: {', '.join(sorted(self._registry.models))}"
                    )
        for kind, schema in (("inputs", metadata.input_schema), ("outputs", metadata.output_schema)):
            if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
                raise DeclarationError(f"{metadata.place}: {kind} must be a pydantic model, not {schema!r}")
        check_operation_access(metadata)
        mutation = naming.camel(metadata.name)
        self._fields.claim(f"mutation_{mutation}", metadata.place, "give the operation another name=")
        run_type = self._objects.names.claim(f"{naming.pascal(metadata.name)}Run", metadata.place)
        input_spec = self._objects.describe(metadata.input_schema, metadata.place)
        output_spec = self._objects.describe(metadata.output_schema, metadata.place)
        return OperationSpec(
            name=metadata.name,
            mutation=mutation,
            run_type=run_type,
            description=metadata.description,
            category=metadata.category,
            tags=metadata.tags,
            input=ObjectType(python=input_spec.python),
            output=ObjectType(python=output_spec.python),
            models_in=metadata.models_in,
            models_out=metadata.models_out,
            async_enabled=metadata.async_enabled,
            timeout=metadata.timeout,
            retries=metadata.retries,
            concurrency=metadata.concurrency,
            access=metadata.access,
            ui=metadata.ui,
            function=metadata.function,
            version=metadata.version,
        )


def _check_hints(info: ModelInfo, found: ObjectSpec) -> None:
    known = {"id", *found.by_name}
    hints = info.ui_hints
    named = [("list_fields", name) for name in hints.get("list_fields", ())]
    named += [("searchable", name) for name in hints.get("searchable", ())]
    sections = [section for section in hints.get("detail_sections", ()) if isinstance(section, Mapping)]
    named += [("detail_sections", name) for section in sections for name in section.get("fields", ())]
    named += [("primary_field", hints[key]) for key in ("primary_field",) if key in hints]
    for hint, name in named:
        if name.split(".")[0] not in known:
            raise DeclarationError(
                f"{info.place}: {hint} names {name!r}, which is no field; known: {', '.join(sorted(known))}"
            )


def _as_declared(info: ModelInfo, found: ObjectSpec, soft_delete: bool) -> ObjectSpec:
    """The class's spec with what ``@datamodel`` says of it. Deleting, not writing, sets the mark of a soft deletion."""
    searchable = set(info.ui_hints.get("searchable", ()))
    fields = tuple(
        replace(
            one,
            searchable=one.name in searchable,
            writable=one.writable and not (soft_delete and one.name == "deleted_at"),
        )
        for one in found.fields
    )
    return replace(found, description=info.description or found.description, fields=fields)


def _names(info: ModelInfo) -> tuple[str, str]:
    """Singular and plural GraphQL names, which must be different and lead to each other."""
    singular = naming.camel(info.name)
    resource = naming.camel(info.plural) if info.plural else naming.plural(singular)
    if resource == singular:
        raise DeclarationError(
            f"{info.place}: its plural is {resource!r} too, so list and get would clash; give plural="
        )
    back = naming.singular(resource)
    if back != singular:
        raise DeclarationError(
            f"{info.place}: Refine's data provider takes {back!r} for the singular of {resource!r}, not {singular!r}; "
            f"rename the model, or give a plural= that leads back to it ({singular + 's'!r} may)"
        )
    return singular, resource


def _index_keys(index: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(index, str):
        return [(index, 1)]
    return index.document["key"].items() if hasattr(index, "document") else index
