"""Keys of documents: a model's own id type, from what a request says to what is stored."""

from functools import cache
from typing import Any
from uuid import UUID

from beanie import Document
from bson import Binary, ObjectId
from pydantic import TypeAdapter, ValidationError

from core.coercion import refuse, text
from core.errors import FieldPath
from core.specs import ModelSpec


def id_to_storage(model: ModelSpec, value: Any, path: FieldPath = ("id",)) -> Any:
    """The stored key of a document of the model.

    Raises:
        InputError: the value is no id of the model.
    """
    try:
        known = value if isinstance(value, (ObjectId, UUID, int)) else text(value, path)
        found = _adapter(model.document).validate_python(known)
    except ValidationError:
        raise refuse(path, "invalid_id", f"not an id of {model.name}") from None
    return Binary.from_uuid(found) if isinstance(found, UUID) else found


@cache
def _adapter(document: type[Document]) -> TypeAdapter[Any]:
    annotation: Any = document.model_fields["id"].annotation
    return TypeAdapter(annotation)
