"""An index: what it covers, and the keys it holds for a document.

https://www.mongodb.com/docs/manual/indexes/ describes the kinds; those outside the tables below are refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .semantics.collation import Collation
from .semantics.errors import CommandError
from .semantics.keys import encode_compound, encode_key, invert
from .semantics.matching import Match, compile_filter
from .semantics.paths import is_index
from .semantics.text import index_words
from .semantics.values import MISSING, UNDEFINED

Document = dict[str, Any]
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
        return bool(self.spec.get("sparse"))

    @cached_property
    def collation(self) -> Collation | None:
        return Collation.from_spec(self.spec.get("collation"))

    @cached_property
    def partial(self) -> Mapping[str, Any] | None:
        return self.spec.get("partialFilterExpression")

    @cached_property
    def text_fields(self) -> tuple[str, ...] | None:
        """The fields of a text index; None for every other kind."""
        fields = tuple(path for path, kind in self.key.items() if kind == "text")
        return fields or None

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
        plain = len(self.paths) == 1 and len(self._parts[0]) == 1 and not self.text_fields and self._covers is None
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
        if self.text_fields is not None:
            return {encode_key(word) for word in index_words(document, self.text_fields)}, self.paths
        arrays: set[str] = set()
        rows = self._rows(document, arrays)
        if self.sparse and all(value is MISSING for row in rows for value in row):
            return (), ()
        return {encode_compound(row, self.directions, self.collation) for row in rows}, arrays

    def values(self, document: Document, key: bytes) -> Document:
        """What of the document stands behind one of its keys: for messages."""
        for row in self._rows(document, set()):
            if encode_compound(row, self.directions, self.collation) == key:
                return {
                    path: None if value in (MISSING, UNDEFINED) else value
                    for path, value in zip(self.paths, row, strict=True)
                }
        return {}

    def _rows(self, document: Document, arrays: set[str]) -> list[list[Any]]:
        """One row of values for each combination the index holds; fields under one array go element by element."""
        return self._expand([(document, parts) for parts in self._parts], arrays)

    def _expand(self, cells: list[tuple[Any, tuple[str, ...]]], arrays: set[str]) -> list[list[Any]]:
        walked = [_walk(value, parts) for value, parts in cells]
        opened = [place for place, (value, _, final) in enumerate(walked) if type(value) is list and not final]
        if not opened:
            return [[value for value, _, _ in walked]]
        array = walked[opened[0]][0]
        if any(walked[place][0] is not array for place in opened):
            raise CommandError(
                "CannotIndexParallelArrays",
                f"cannot index parallel arrays [{self.paths[opened[1]]}] [{self.paths[opened[0]]}]",
            )
        arrays.update(self.paths[place] for place in opened)
        rows: list[list[Any]] = []
        for item in array or [UNDEFINED]:
            below = [
                _element(item, found[1]) if place in opened else (_Final(found[0]), ())
                for place, found in enumerate(walked)  # the rest of the path, for those opened
            ]
            rows += self._expand(below, arrays)
        return rows


class _Final:
    """A value that is not opened any more, though it may be an array."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _element(item: Any, parts: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    if not parts or item is UNDEFINED:
        return _Final(item), ()
    return (item, parts) if type(item) is dict else (_Final(MISSING), ())


def _walk(value: Any, parts: tuple[str, ...]) -> tuple[Any, tuple[str, ...], bool]:
    """Down to a value or the first array, which a number enters; what is left of the path; whether that is final."""
    if isinstance(value, _Final):
        return value.value, (), True
    for place, part in enumerate(parts):
        if type(value) is dict:
            value = value.get(part, MISSING)
        elif type(value) is list:
            if not (is_index(part) and int(part) < len(value)):
                return value, parts[place:], False
            value = value[int(part)]
        else:
            return MISSING, (), True
    return value, (), type(value) is not list
