"""What the operations share: documents by id, keywords as people type them, and who asks."""

from collections.abc import Sequence
from typing import TypeVar

from beanie import Document
from beanie.exceptions import DocumentNotFound
from bson import ObjectId

from core import current_run
from core.access import LOCAL_OWNER
from core.errors import UserError

Found = TypeVar("Found", bound=Document)


async def get_or_fail(model: type[Found], document_id: str) -> Found:
    """The document.

    Raises:
        UserError: there is none with this id; the message says so to the caller.
    """
    try:
        document = await model.get(document_id)
    except DocumentNotFound as error:
        raise UserError(f"{document_id!r} is no id of a {model.__name__}") from error
    if document is None:
        raise UserError(f"there is no {model.__name__} with the id {document_id}")
    return document


def object_ids(model: type[Document], ids: Sequence[str]) -> list[ObjectId]:
    """
    Raises:
        UserError: one of them is malformed.
    """
    wrong = [one for one in ids if not ObjectId.is_valid(one)]
    if wrong:
        raise UserError(f"{wrong[0]!r} is no id of a {model.__name__}")
    return [ObjectId(one) for one in ids]


def as_words(keywords: str | list[str]) -> list[str]:
    """``"python, go"`` and ``["python", "go"]`` mean the same; blanks do not count."""
    parts = keywords.split(",") if isinstance(keywords, str) else keywords
    return [part.strip() for part in parts if part.strip()]


def is_trusted() -> bool:
    """Whether this run was asked for by the local owner, who may name any file and any address as a source."""
    return current_run().principal == LOCAL_OWNER.id
