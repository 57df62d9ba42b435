"""Links between documents, given by hand."""

from typing import Any

from beanie import Document, Link


def link_to(document: Document) -> Any:
    """A ``Link`` to a stored document, for a field that is one: only the reference is written."""
    return Link(document.to_ref(), document_class=type(document))
