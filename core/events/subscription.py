"""One reader of changes: a bounded queue that the feed fills and the reader empties."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self

from core.access import Principal
from core.errors import LimitExceeded, Unauthenticated
from core.paging import Raw

Kind = Literal["created", "updated", "deleted"]
KINDS: tuple[Kind, ...] = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to one document. ``document`` is the row after it, None when it is gone."""

    kind: Kind
    id: Any
    document: Raw | None


class Subscription:
    """Changes from the moment ``async with`` was entered, in their order; leaving the block ends it, and so does
    ``aclose``.

    Raises, from the iteration:
        LimitExceeded: the reader was too slow; what was waiting for it is dropped.
        Unauthenticated: the principal's time is over.
        Unavailable: the database lost its place; changes in between are unknown.
    """

    def __init__(
        self,
        principal: Principal,
        kinds: frozenset[Kind],
        limit: int,
        enter: Callable[["Subscription"], Awaitable[None]],
        leave: Callable[["Subscription"], None],
    ) -> None:
        self.kinds = kinds
        self._principal = principal
        self._limit = limit
        self._enter, self._leave = enter, leave
        self._waiting: deque[Change] = deque()
        self._wake = asyncio.Event()
        self._entered = False
        self._over: Exception | None = None

    def deliver(self, change: Change) -> None:
        """Called by the feed."""
        if self._over is not None:
            return
        expires = self._principal.expires_at
        if expires is not None and expires <= datetime.now(UTC):
            self.end(Unauthenticated("your login has expired; log in again"))
        elif len(self._waiting) >= self._limit:
            self.end(LimitExceeded(f"{self._limit} changes were waiting to be read; subscribe again and read faster"))
        else:
            self._waiting.append(change)
            self._wake.set()

    def end(self, reason: Exception | None = None) -> None:
        """Stop: the reader meets ``reason``, or the end of the changes that wait already."""
        if self._over is None:
            self._over = reason or StopAsyncIteration()
            if reason is not None:
                self._waiting.clear()
            self._wake.set()
            self._leave(self)

    async def aclose(self) -> None:
        self.end()

    async def __aenter__(self) -> Self:
        self._entered = True
        try:
            await self._enter(self)
        except BaseException:
            self.end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        if not self._entered:
            await self.__aenter__()
        while not self._waiting:
            if self._over is not None:
                raise self._over
            self._wake.clear()
            await self._wake.wait()
        return self._waiting.popleft()
