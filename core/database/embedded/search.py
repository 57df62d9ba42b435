"""A filter with its order, ready to run: the compiled match, the plan, and a sort in memory where no index gives it."""

import heapq
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from .catalog import Collection
from .planner import Plan, choose_plan
from .scans import Reading, count_exact, matching, pick, scan
from .semantics.collation import Collation
from .semantics.errors import CommandError
from .semantics.matching import Match, compile_filter
from .semantics.sorting import SortKey, compile_sort
from .semantics.text import text_score
from .semantics.values import decode

Row = tuple[int, bytes, dict[str, Any] | None]
"""Number, bytes, and the document where it had to be decoded."""
_SORT_BYTES = 100 * 1024 * 1024


class Search:
    """What ``find`` and its relatives look for in one collection, or among ``documents`` instead: those of a view.

    Raises:
        CommandError: a filter, sort or hint that MongoDB or this server refuses.
    """

    def __init__(
        self,
        collection: Collection | None,
        query: Mapping[str, Any],
        *,
        sort: Mapping[str, Any] | None = None,
        collation: Collation | None = None,
        hint: Any = None,
        variables: Mapping[str, Any] | None = None,
        documents: Iterator[dict[str, Any]] | None = None,
    ) -> None:
        self.collection = collection
        self.of_view = documents is not None
        self._documents = documents
        text = collection.text if collection is not None else None
        self.match: Match = compile_filter(query, collation=collation, variables=variables, text=text)
        self.score = text_score(query, text)
        natural = bool(sort) and "$natural" in (sort or {})
        self._key: SortKey | None = compile_sort(sort, collation, score=self.score) if sort and not natural else None
        self.plan: Plan = Plan(exact=not query)
        if collection is not None:
            self.plan = choose_plan(collection, query, sort=sort, collation=collation, hint=hint)

    @property
    def sorts(self) -> bool:
        """Whether the order is made in memory."""
        return self._key is not None and not self.plan.sorted

    def explain(self) -> dict[str, Any]:
        """The plan, as ``explain`` tells it."""
        if self.collection is None:
            return {"stage": "EOF"}
        return {"stage": "SORT", "inputStage": self.plan.explain()} if self.sorts else self.plan.explain()

    def rows(self, reading: Reading, skip: int = 0, limit: int = 0) -> Iterator[Row]:
        """The matches in order; ``limit`` 0 is all of them."""
        if not self.sorts:
            return pick(self._matches(reading), skip, limit)
        return iter(self._sorted(reading, skip, limit))

    def documents(self, reading: Reading, skip: int = 0, limit: int = 0) -> Iterator[dict[str, Any]]:
        """The documents of ``rows``."""
        rows = self.rows(reading, skip, limit) if self.sorts else pick(self._decoded(reading), skip, limit)
        return (document if document is not None else decode(body) for _, body, document in rows)

    def _matches(self, reading: Reading) -> Iterator[Row]:
        if self.collection is not None and self.plan.exact:
            return ((seq, body, None) for seq, body in scan(reading, self.collection, self.plan))
        return self._decoded(reading)

    def _decoded(self, reading: Reading) -> Iterator[Row]:
        if self._documents is not None:
            return ((0, b"", document) for document in self._documents if self.match(document))
        if self.collection is None:
            return iter(())
        return matching(reading, scan(reading, self.collection, self.plan), None if self.plan.exact else self.match)

    def _sorted(self, reading: Reading, skip: int, limit: int) -> list[Row]:
        if not limit:
            return [row for _, _, row in sorted(self._keyed(reading), key=lambda item: item[:2])][skip:]
        found = heapq.nsmallest(skip + limit, self._keyed(reading, bounded=True), key=lambda item: item[:2])
        return [row for _, _, row in found][skip:]

    def _keyed(self, reading: Reading, *, bounded: bool = False) -> Iterator[tuple[bytes, int, Row]]:
        """Each match with its sort key; equal keys stay in the order found."""
        assert self._key is not None
        room = _SORT_BYTES
        for place, (seq, body, document) in zip(itertools.count(), self._decoded(reading), strict=False):
            assert document is not None
            key = self._key(document)
            room -= 0 if bounded else len(key) + len(body)
            if room < 0:
                raise CommandError(
                    "QueryExceededMemoryLimitNoDiskUseAllowed",
                    f"Sort exceeded memory limit of {_SORT_BYTES} bytes; give a limit, make an index for the sort, or "
                    "set MONGODB_URI to sort on a full MongoDB server's disk",
                )
            yield key, place, (seq, body, document if self._documents is not None else None)

    def count(self, reading: Reading, skip: int = 0, limit: int = 0) -> int:
        """How many match; from keys alone where the plan allows."""
        if self.collection is not None and self.plan.exact and not self.plan.parts:
            found = max(count_exact(reading, self.collection, self.plan) - skip, 0)
            return min(found, limit) if limit else found
        return sum(1 for _ in pick(self._matches(reading), skip, limit))


class Watched:
    """A search that tells what it handed on, before ``skip``, and how much of that was only counted."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self.passed = 0
        self.counted: int | None = None

    def documents(self, reading: Reading, skip: int = 0, limit: int = 0) -> Iterator[dict[str, Any]]:
        for document in self._search.documents(reading, 0, limit and skip + limit):
            self.passed += 1
            if self.passed > skip:
                yield document

    def count(self, reading: Reading, skip: int = 0, limit: int = 0) -> int:
        self.passed = self._search.count(reading, 0, limit and skip + limit)
        self.counted = max(self.passed - skip, 0)
        return self.counted
