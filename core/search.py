"""``search``: documents that hold some words, by the text index or in the searchable fields."""

from collections.abc import Iterable
from typing import Any

from core.access import Principal, readable_fields
from core.coercion import refuse, text
from core.errors import LimitExceeded
from core.filters import OPERATORS
from core.queries import MAX_TEXT, MongoQuery, all_of
from core.specs import ListType, ModelSpec, ScalarType

_MOST_WORDS = 20
_TEXT = ScalarType(name="String")


def search_query(model: ModelSpec, principal: Principal, words: str | None) -> MongoQuery:
    """Documents that hold the words: by the text index, or every word somewhere in the searchable fields.

    The text index covers fixed fields; it is passed over where one of them is hidden from the reader.

    Raises:
        InputError: the words are no text, or the model has nothing to search.
        LimitExceeded: too many of them.
    """
    if words is None or not text(words, ("search",)).strip():
        return {}
    if len(words) > MAX_TEXT:
        raise LimitExceeded(f"search: more than {MAX_TEXT} characters")
    readable = readable_fields(model, principal)
    if model.text_index and _text_fields(model) <= {model.object.by_wire[name].storage for name in readable}:
        return {"$text": {"$search": words}}
    keys = _searchable(model, readable)
    if not keys:
        raise refuse(("search",), "not_searchable", f"{model.name} has no searchable fields")
    if len(words.split()) > _MOST_WORDS:
        raise LimitExceeded(f"search: more than {_MOST_WORDS} words")
    contains = OPERATORS["iContains"].mongo
    return all_of(*({"$or": [{name: contains(word)} for name in keys]} for word in words.split()))


def _text_fields(model: ModelSpec) -> set[str]:
    """Stored keys the text index covers; a wildcard index (``$**``) covers all."""
    indexes: Iterable[Any] = model.document.Settings.indexes  # pyright: ignore[reportAttributeAccessIssue]
    covered = {name.split(".")[0] for index in indexes for name in _text_keys(index)}
    return {one.storage for one in model.object.fields if one.storage} if "$**" in covered else covered


def _searchable(model: ModelSpec, readable: frozenset[str]) -> list[str]:
    """Stored keys of the declared searchable fields; of all text fields where none is declared."""
    fields = [one for one in model.object.fields if one.wire in readable]
    chosen = [one for one in fields if one.searchable] if model.searchable else fields
    return [one.storage for one in chosen if one.storage and one.type in (_TEXT, ListType(item=_TEXT))]


def _text_keys(index: Any) -> list[str]:
    document = getattr(index, "document", None)
    keys: Iterable[Any] = document["key"].items() if document else [(index, 1)] if isinstance(index, str) else index
    return [name for name, kind in keys if kind == "text"]
