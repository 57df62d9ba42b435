"""What a case file says about one kind of value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beanie import Document
from pydantic import Field, create_model

Filter = tuple[Mapping[str, Any], Sequence[int]]
"""A comparison, and the places in ``values`` of the documents it finds."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A field ``value`` of some type, what goes in and out of it, and what filters find.

    ``values`` are GraphQL inputs, in ascending order where the type is sortable; ``shown`` is what comes out, the same
    by default. ``selection`` follows the field's name in a query. ``filters`` names every operator of the type at least
    once. ``refused`` are inputs with a part of the message they get. Every document has ``value``; a further one is
    made without it, and is found by ``null_filters``.
    """

    annotation: Any
    values: Sequence[Any]
    filters: Sequence[Filter] = ()
    shown: Sequence[Any] | None = None
    selection: str = ""
    sortable: bool = True
    refused: Sequence[tuple[Any, str]] = ()
    documents: Sequence[type[Document]] = ()
    """Further documents the annotation needs."""
    field_options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    nullable: bool = True

    @property
    def outputs(self) -> Sequence[Any]:
        return self.values if self.shown is None else self.shown

    def document(self, name: str = "Thing") -> type[Document]:
        """A model with the field ``value``, declared nullable, and ``name`` to tell documents apart."""
        annotation: Any = self.annotation | None if self.nullable else self.annotation
        default = Field(default=None, **self.field_options)
        return create_model(name, __base__=Document, __module__=__name__, name=(str, ...), value=(annotation, default))
