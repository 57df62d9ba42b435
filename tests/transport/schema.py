"""A small schema with every kind of answer a transport has to carry."""

import asyncio
from collections.abc import AsyncGenerator

import strawberry
from pymongo.errors import ServerSelectionTimeoutError
from strawberry.types import Info

from core.errors import FieldError, InputError, NotFound

SECRET = "mongodb://user:hunter2@db"


class Probe:
    """What happened inside the server, for tests to look at."""

    def __init__(self) -> None:
        self.executed: list[str] = []
        self.cancelled: list[str] = []
        self.open_streams = 0
        self.waiting: set[asyncio.Event] = set()

    def release(self) -> None:
        """Let every ``broadcast`` send its second event."""
        for event in self.waiting:
            event.set()


probe = Probe()


@strawberry.input
class OffsetPaging:
    limit: int | None = None
    offset: int | None = None


@strawberry.input
class Match:
    eq: str | None = None
    in_: list[strawberry.ID] | None = strawberry.field(default=None, name="in")


@strawberry.input
class ThingFilter:
    id: Match | None = None
    name: Match | None = None
    and_: list["ThingFilter"] | None = strawberry.field(default=None, name="and")


@strawberry.type
class Thing:
    name: str

    @strawberry.field
    def parent(self) -> "Thing":
        return Thing(name=f"parent of {self.name}")

    @strawberry.field
    def things(self, paging: OffsetPaging | None = None) -> "ThingConnection":
        return ThingConnection(nodes=[])


@strawberry.type
class ThingConnection:
    nodes: list[Thing]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        probe.executed.append("hello")
        return f"hello {name}"

    @strawberry.field
    def whoami(self, info: Info) -> str:
        return info.context.principal.id

    @strawberry.field
    def thing(self) -> Thing:
        return Thing(name="it")

    @strawberry.field
    def things(self, paging: OffsetPaging | None = None, filter: ThingFilter | None = None) -> ThingConnection:
        probe.executed.append("things")
        return ThingConnection(nodes=[Thing(name="a"), Thing(name="b")])

    @strawberry.field
    def crash(self) -> str | None:
        raise RuntimeError(f"cannot reach {SECRET}")

    @strawberry.field
    def crash_hard(self) -> str:
        raise RuntimeError(f"cannot reach {SECRET}")

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFound("no thing 7")

    @strawberry.field
    def invalid(self) -> str | None:
        raise InputError("title is too short", field_errors=[FieldError(path=("title",), code="short", message="no")])

    @strawberry.field
    def database_down(self) -> str | None:
        raise ServerSelectionTimeoutError(f"{SECRET}: timed out")

    @strawberry.field
    def not_a_number(self) -> strawberry.scalars.JSON:
        return {"value": float("nan")}

    @strawberry.field
    async def slow(self, name: str = "slow") -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            probe.cancelled.append(name)
            raise
        return name


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def write(self, name: str, seconds: float = 0) -> str:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            probe.cancelled.append(name)
            raise
        probe.executed.append(name)
        return name


async def _counted(source: AsyncGenerator[int, None]) -> AsyncGenerator[int, None]:
    probe.open_streams += 1
    try:
        async for one in source:
            yield one
    finally:
        probe.open_streams -= 1


async def _ticks(count: int, seconds: float) -> AsyncGenerator[int, None]:
    for number in range(count):
        yield number
        await asyncio.sleep(seconds)


async def _broadcast() -> AsyncGenerator[int, None]:
    yield 0
    released = asyncio.Event()
    probe.waiting.add(released)
    try:
        await released.wait()
        yield 1
        await asyncio.Event().wait()
    finally:
        probe.waiting.discard(released)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, count: int = 3, seconds: float = 0.01) -> AsyncGenerator[int, None]:
        async for one in _counted(_ticks(count, seconds)):
            yield one

    @strawberry.subscription
    async def forever(self) -> AsyncGenerator[int, None]:
        async for one in _counted(_ticks(10**9, 0.05)):
            yield one

    @strawberry.subscription
    async def broadcast(self) -> AsyncGenerator[int, None]:
        async for one in _counted(_broadcast()):
            yield one

    @strawberry.subscription
    async def torrent(self) -> AsyncGenerator[str, None]:
        async for one in _counted(_ticks(10**9, 0)):
            yield f"{one}" * 10_000

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 0
        raise RuntimeError(f"cannot reach {SECRET}")

    @strawberry.subscription
    async def refuses(self) -> AsyncGenerator[int, None]:
        raise NotFound("no run 7")
        yield 0


schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
