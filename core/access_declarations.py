"""Declared access rules that would not do what they seem to stop start-up, naming the place and the remedy."""

from core.access import OPEN, FieldRule
from core.errors import DeclarationError
from core.registries import ModelInfo, OperationMetadata
from core.runs.touched import OWN_COLLECTIONS
from core.specs import ObjectSpec


def check_model_access(info: ModelInfo, found: ObjectSpec, collection: str) -> None:
    """Raises:
    DeclarationError: a rule names no field, hides the key, or the collection is one of Core's own.
    """
    if collection in OWN_COLLECTIONS and not info.builtin:
        raise DeclarationError(
            f"{info.place}: the collection {collection!r} is Core's own; choose another Settings.name"
        )
    if info.access.run is not None:
        raise DeclarationError(
            f"{info.place}: access.run is for operations; a model has read, create, update and delete"
        )
    for name, rule in info.access.fields.items():
        if name not in found.by_name:
            raise DeclarationError(
                f"{info.place}: access.fields names {name!r}, which is no field; a rule stands on a whole field: "
                f"{', '.join(sorted(found.by_name))}"
            )
        if name == "id" and rule.read is not None:
            raise DeclarationError(f"{info.place}: access.fields hides 'id', by which every surface names a document")
        _check_rule(f"{info.place}: access.fields[{name!r}]", rule)


def check_operation_access(metadata: OperationMetadata) -> None:
    """Raises:
    DeclarationError: a rule that means nothing on an operation.
    """
    access = metadata.access
    stray = [
        name
        for name in ("create", "update", "delete", "row_filter", "fields")
        if getattr(access, name) != getattr(OPEN, name)
    ]
    if stray:
        raise DeclarationError(
            f"{metadata.place}: access.{stray[0]} is for models; an operation has run, "
            "and read for who may see its runs"
        )


def _check_rule(place: str, rule: object) -> None:
    if not isinstance(rule, FieldRule):
        raise DeclarationError(f"{place} is {rule!r}; write FieldRule(read={{…}}, write={{…}})")
