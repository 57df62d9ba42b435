"""Which fields a document has over REST and on the command line."""

from core.specs import FieldSpec, ListType, ModelSpec, RelationType


def document_fields(model: ModelSpec) -> dict[str, FieldSpec]:
    """By wire name, all readable fields but back links: those are stored with the other model, whose list a filter on
    the link narrows (``/models/Job/?filter={"company": {"id": {"eq": "…"}}}``)."""
    return {one.wire: one for one in model.object.fields if one.readable and not _is_back_link(one)}


def links_of(model: ModelSpec) -> dict[str, FieldSpec]:
    """The fields that hold ids of other documents."""
    return {one.wire: one for one in model.object.fields if isinstance(_item(one), RelationType)}


def _is_back_link(field: FieldSpec) -> bool:
    item = _item(field)
    return isinstance(item, RelationType) and item.back is not None


def _item(field: FieldSpec) -> object:
    return field.type.item if isinstance(field.type, ListType) else field.type
