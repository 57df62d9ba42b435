"""The documents of another collection, found by the values of a field."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from bson import Regex

from ..keys import encode_key
from ..matching import is_operators
from ..paths import candidates
from .scope import Document, StageScope

_MOST_SEARCHES = 200
"""So many times the caller's index is asked; then one pass over the collection is cheaper than going on."""


class Foreign:
    """One collection as a stage sees it for one command: what was read stays as it was."""

    def __init__(self, name: str, scope: StageScope) -> None:
        self._name, self._scope = name, scope
        self._source, stages = scope.views(name)
        self._view = scope.inside(name).compile([*stages])
        self._tables: dict[str, _Table] = {}
        self._searches = 0

    @cached_property
    def all(self) -> list[Document]:
        return list(self._view(self._scope.sources(self._source)))

    def find(self, path: str, values: list[Any]) -> list[Document]:
        """The documents where the path leads to one of the values, as ``$in`` finds them."""
        table = self._tables.get(path)
        if table is None:
            found = self._searched(path, values)
            if found is not None:
                return list(found)
            table = self._tables[path] = _Table(self.all, path, self._scope)
        return table.find(values)

    def _searched(self, path: str, values: list[Any]) -> Iterable[Document] | None:
        """Through an index of the caller, if it has one; a pattern or an operator would not be taken as a value."""
        search = self._scope.search
        if search is None or self._searches >= _MOST_SEARCHES:
            return None
        if any(isinstance(value, Regex | re.Pattern) or is_operators(value) for value in values):
            return None
        self._searches += 1
        return search(self._name, path, values)


def matching(documents: list[Document], path: str, values: list[Any], scope: StageScope) -> list[Document]:
    """Those of the documents where the path leads to one of the values."""
    return _Table(documents, path, scope).find(values)


class _Table:
    """Documents by the values at a path."""

    def __init__(self, documents: list[Document], path: str, scope: StageScope) -> None:
        self._documents, self._collation = documents, scope.collation
        self._places: dict[bytes, list[int]] = {}
        parts = tuple(path.split("."))
        for place, document in enumerate(documents):
            for key in {encode_key(value, self._collation) for value in candidates(document, parts)}:
                self._places.setdefault(key, []).append(place)

    def find(self, values: list[Any]) -> list[Document]:
        keys = {encode_key(value, self._collation) for value in values}
        places = {place for key in keys for place in self._places.get(key, ())}
        return [self._documents[place] for place in sorted(places)]
