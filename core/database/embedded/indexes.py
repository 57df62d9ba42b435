"""An index: what it covers, and the keys it holds for a document.

https://www.mongodb.com/docs/manual/indexes/ describes the kinds; those outside the tables below are refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from .semantics.collation import Collation
from .semantics.evaluation import truthy
from .semantics.index_rows import index_rows
from .semantics.keys import encode_compound, encode_key, invert
from .semantics.matching import Match, compile_filter
from .semantics.text_fields import TextIndex
from .semantics.values import MISSING, UNDEFINED, equal

Document = dict[str, Any]
Key = Mapping[str, Any]
ID_SPEC: Mapping[str, Any] = {"v": 2, "key": {"_id": 1}, "name": "_id_"}


@dataclass(frozen=True, kw_only=True)
class Index:
    """``multikey`` names the fields under which some document holds, or held, an array."""

    number: int
    spec: Mapping[str, Any]
    multikey: frozenset[str] = frozenset()

    @cached_property
    def name(self) -> str:
        return self.spec["name"]

    @cached_property
    def key(self) -> dict[str, Any]:
        return dict(self.spec["key"])

    @cached_property
    def is_id(self) -> bool:
        return self.key == {"_id": 1}

    @cached_property
    def unique(self) -> bool:
        return bool(self.spec.get("unique")) or self.is_id

    @cached_property
    def sparse(self) -> bool:
        return truthy(self.spec.get("sparse"))

    @cached_property
    def collation(self) -> Collation | None:
        return Collation.from_spec(self.spec.get("collation"))

    @cached_property
    def partial(self) -> Mapping[str, Any] | None:
        return self.spec.get("partialFilterExpression")

    @cached_property
    def text(self) -> TextIndex | None:
        """What a text index reads; None for every other kind."""
        fields = tuple(path for path, kind in self.key.items() if kind == "text")
        if not fields:
            return None
        return TextIndex(fields=fields, language=self.spec["default_language"], override=self.spec["language_override"])

    @cached_property
    def paths(self) -> tuple[str, ...]:
        return tuple(self.key)

    @cached_property
    def directions(self) -> tuple[int, ...]:
        return tuple(1 if kind == "text" else int(kind) for kind in self.key.values())

    @cached_property
    def _parts(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(path.split(".")) for path in self.paths)

    @cached_property
    def _covers(self) -> Match | None:
        return None if self.partial is None else compile_filter(self.partial, collation=self.collation)

    @cached_property
    def _plain(self) -> str | None:
        """The field of an index on one top-level field, whose keys need no walk."""
        plain = len(self.paths) == 1 and len(self._parts[0]) == 1 and self.text is None and self._covers is None
        return self.paths[0] if plain else None

    def keys(self, document: Document) -> tuple[Iterable[bytes], Iterable[str]]:
        """The keys of the document, each once, and the fields that were arrays."""
        if self._plain is not None:
            value = document.get(self._plain, MISSING)
            if type(value) is not list:
                if value is MISSING and self.sparse:
                    return (), ()
                key = encode_key(value, self.collation)
                return ((key,) if self.directions[0] > 0 else (invert(key),)), ()
        if self._covers is not None and not self._covers(document):
            return (), ()
        if self.text is not None:
            return {encode_key(term) for term in self.text.terms(document)}, self.paths
        rows, arrays = index_rows(document, self._parts)
        if self.sparse:
            rows = [row for row in rows if any(value is not MISSING for value in row)]
        keys = {encode_compound(row, self.directions, self.collation) for row in rows}
        return keys, {self.paths[place] for place in arrays}

    def values(self, document: Document, key: bytes) -> Document:
        """What of the document stands behind one of its keys: for messages."""
        for row in index_rows(document, self._parts)[0]:
            if encode_compound(row, self.directions, self.collation) == key:
                return {
                    path: None if value in (MISSING, UNDEFINED) else value
                    for path, value in zip(self.paths, row, strict=True)
                }
        return {}


def same_key(key: Key, other: Any) -> bool:
    """Whether a specification names the fields of an index, in its order and directions; numbers of any type."""
    if not isinstance(other, Mapping) or list(key) != list(cast(Key, other)):
        return False
    return all(map(equal, key.values(), cast(Key, other).values()))
