"""The change feed: who is told of what, what it takes, and what is left afterwards."""

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_OWNER, Principal
from core.actions import Data
from core.errors import Forbidden, InputError, LimitExceeded, Unauthenticated
from core.events import Change, ChangeFeed, Subscription
from core.specs import Catalog
from tests.data.conftest import ANN, BOB


@pytest.fixture
async def feed(data: Data, catalog: Catalog) -> AsyncIterator[ChangeFeed]:
    made = ChangeFeed(catalog, data.settings)
    await made.start()
    yield made
    await made.stop()


async def next_of(changes: Subscription, count: int = 1) -> list[Change]:
    async with asyncio.timeout(10):
        return [await anext(changes) for _ in range(count)]


def told(changes: list[Change]) -> list[tuple[str, Any]]:
    return [
        (change.kind, change.document and change.document.get("text", change.document.get("name")))
        for change in changes
    ]


async def test_every_change_after_entering_arrives_in_order(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    model = catalog.models["Thing"]
    before = await data.create(model, LOCAL_OWNER, {"text": "before"})
    async with feed.subscribe(model, LOCAL_OWNER) as changes:
        row = await data.create(model, LOCAL_OWNER, {"text": "a", "password": "x"})
        await data.update(model, LOCAL_OWNER, row["_id"], {"text": "b"})
        await data.update_many(model, LOCAL_OWNER, {"text": {"eq": "before"}}, {"text": "c"})
        await data.delete(model, LOCAL_OWNER, row["_id"])
        await data.delete(model, LOCAL_OWNER, before["_id"])
        found = await next_of(changes, 5)
    assert [change.kind for change in found] == ["created", "updated", "updated", "deleted", "deleted"]
    assert [change.id for change in found] == [row["_id"], row["_id"], before["_id"], row["_id"], before["_id"]]
    # An update shows the document as it is by then; the first is whole, without what nobody may read.
    assert found[2].document is not None
    assert found[2].document["text"] == "c"
    assert "password" not in (found[0].document or {})
    assert found[3].document is None


async def test_a_subscriber_is_told_of_its_kinds_and_its_filter(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    model = catalog.models["Thing"]
    async with feed.subscribe(
        model, LOCAL_OWNER, kinds=["updated"], filter={"number": {"gt": 5}}, fields=["text"]
    ) as changes:
        low = await data.create(model, LOCAL_OWNER, {"number": 1, "text": "low"})
        await data.update(model, LOCAL_OWNER, low["_id"], {"number": 2})
        await data.update(model, LOCAL_OWNER, low["_id"], {"number": 9})
        [change] = await next_of(changes)
        assert change.document is not None
        assert change.document.keys() == {"_id", "revision_id", "text"}
        await data.update(model, LOCAL_OWNER, low["_id"], {"number": 3})
        await data.delete(model, LOCAL_OWNER, low["_id"])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await anext(changes)


async def test_rows_of_others_are_not_told_of_and_neither_is_their_end(
    data: Data, catalog: Catalog, feed: ChangeFeed
) -> None:
    model = catalog.models["Player"]
    mine = await data.create(model, ANN, {"name": "mine"})
    theirs = await data.create(model, BOB, {"name": "theirs", "owner": "bob"})
    async with feed.subscribe(model, ANN) as changes:
        await data.update(model, BOB, theirs["_id"], {"name": "x"})
        await data.delete(model, BOB, theirs["_id"])
        new = await data.create(model, BOB, {"name": "new", "owner": "bob", "salary": 5})
        # Given away: from then on it is somebody else's, and its end too.
        given = await data.create(model, ANN, {"name": "given"})
        await data.update(model, LOCAL_OWNER, given["_id"], {"owner": "bob"})
        await data.delete(model, LOCAL_OWNER, given["_id"])
        await data.delete(model, LOCAL_OWNER, new["_id"])
        await data.delete(model, ANN, mine["_id"])
        await data.create(model, ANN, {"name": "last"})
        found = await next_of(changes, 3)
    assert [(change.kind, change.id) for change in found if change.id != given["_id"]][:1] == [("deleted", mine["_id"])]
    assert {change.id for change in found}.isdisjoint({theirs["_id"], new["_id"]})
    assert ("deleted", given["_id"]) not in [(change.kind, change.id) for change in found]
    assert all("salary" not in (change.document or {}) for change in found)


async def test_a_deletion_is_told_to_those_whose_filter_the_document_matched(
    data: Data, catalog: Catalog, feed: ChangeFeed
) -> None:
    model = catalog.models["Thing"]
    one, two = await data.create_many(model, LOCAL_OWNER, [{"number": 1}, {"number": 2}])
    async with feed.subscribe(model, LOCAL_OWNER, filter={"number": {"eq": 2}}, kinds=["deleted"]) as changes:
        three = await data.create(model, LOCAL_OWNER, {"number": 2})
        for row in (one, two, three):
            await data.delete(model, LOCAL_OWNER, row["_id"])
        found = await next_of(changes, 2)
    assert [change.id for change in found] == [two["_id"], three["_id"]]


async def test_deletions_among_too_many_documents_are_refused_not_missed(data: Data, catalog: Catalog) -> None:
    model, filter = catalog.models["Thing"], {"number": {"gte": 0}}
    feed = ChangeFeed(catalog, data.settings.model_copy(update={"feed_known_ids": 3}))
    await data.create_many(model, LOCAL_OWNER, [{"number": number} for number in range(3)])
    async with feed.subscribe(model, LOCAL_OWNER, filter=filter) as changes:
        async with feed.subscribe(model, LOCAL_OWNER, filter=filter), feed.subscribe(model, LOCAL_OWNER):
            with pytest.raises(LimitExceeded, match="narrow the filter"):
                await feed.subscribe(model, LOCAL_OWNER, filter={"number": {"gte": 1}}).__aenter__()
            async with feed.subscribe(model, LOCAL_OWNER, filter={"number": {"gte": 1}}, kinds=["created"]):
                await data.create(model, LOCAL_OWNER, {"number": 3})
        with pytest.raises(LimitExceeded, match="narrower filter"):
            await next_of(changes)
    assert feed.subscribers == 0


async def test_a_soft_deletion_is_a_deletion(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    model = catalog.models["Note"]
    row = await data.create(model, LOCAL_OWNER, {"title": "a"})
    async with feed.subscribe(model, LOCAL_OWNER) as changes:
        await data.delete(model, LOCAL_OWNER, row["_id"])
        await model.document.get_pymongo_collection().delete_one({"_id": row["_id"]})  # type: ignore[attr-defined]
        await data.create(model, LOCAL_OWNER, {"title": "b"})
        found = await next_of(changes, 2)
    assert [(change.kind, change.id == row["_id"]) for change in found] == [("deleted", True), ("created", False)]


async def test_a_filter_on_links_is_followed_live(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    team, player = catalog.models["Team"], catalog.models["Player"]
    red = await data.create(team, LOCAL_OWNER, {"name": "red"})
    async with feed.subscribe(player, LOCAL_OWNER, filter={"team": {"name": {"eq": "blue"}}}) as changes:
        await data.create(player, LOCAL_OWNER, {"name": "a", "team": str(red["_id"])})
        blue = await data.create(team, LOCAL_OWNER, {"name": "blue"})
        await data.create(player, LOCAL_OWNER, {"name": "b", "team": str(blue["_id"])})
        assert told(await next_of(changes)) == [("created", "b")]


async def test_a_subscription_is_checked_when_it_is_entered(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    stranger = Principal(id="x", roles=frozenset({"stranger"}))
    for principal, model, options, error in (
        (stranger, "Team", {}, Forbidden),
        (ANN, "Player", {"filter": {"salary": {"gt": 1}}}, InputError),
        (ANN, "Player", {"fields": ["salary"]}, InputError),
        (ANN, "Player", {"filter": {"$where": "1"}}, InputError),
    ):
        with pytest.raises(error):
            async with feed.subscribe(catalog.models[model], principal, **options):
                pass
    assert feed.subscribers == 0


async def test_a_slow_reader_is_closed_and_the_others_are_not(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    feed = ChangeFeed(catalog, data.settings.model_copy(update={"feed_queue": 5}))
    async with feed.subscribe(model, LOCAL_OWNER) as slow, feed.subscribe(model, LOCAL_OWNER) as quick:
        for number in range(8):
            await data.create(model, LOCAL_OWNER, {"number": number})
            await next_of(quick)
        with pytest.raises(LimitExceeded):
            await next_of(slow)
        assert feed.subscribers == 1
    await feed.stop()


async def test_a_subscription_ends_with_its_principal(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    model = catalog.models["Thing"]
    short = Principal(id="x", roles=frozenset({"owner"}), expires_at=datetime.now(UTC) + timedelta(seconds=0.3))
    async with feed.subscribe(model, short) as changes:
        await data.create(model, LOCAL_OWNER, {})
        await next_of(changes)
        await asyncio.sleep(0.4)
        await data.create(model, LOCAL_OWNER, {})
        with pytest.raises(Unauthenticated):
            await next_of(changes)


async def test_nothing_is_left_when_the_last_subscriber_leaves(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    model = catalog.models["Thing"]
    tasks = asyncio.all_tasks()
    for _ in range(3):
        async with feed.subscribe(model, LOCAL_OWNER) as changes:
            await data.create(model, LOCAL_OWNER, {})
            await next_of(changes)
        await asyncio.sleep(0.3)
        assert feed.subscribers == 0
        assert asyncio.all_tasks() == tasks


async def test_stopping_the_feed_ends_its_readers(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    async with feed.subscribe(catalog.models["Thing"], LOCAL_OWNER) as changes:
        reader = asyncio.create_task(anext(changes, "over"))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        await feed.stop()
        assert await asyncio.wait_for(reader, 1) == "over"


async def test_a_reader_that_is_cancelled_leaves_nothing(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    async def read() -> None:
        async with feed.subscribe(catalog.models["Thing"], LOCAL_OWNER) as changes:
            async for _ in changes:
                pass

    readers = [asyncio.create_task(read()) for _ in range(20)]
    await asyncio.sleep(0.3)
    assert feed.subscribers == 20
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    assert feed.subscribers == 0


async def _all_told(
    data: Data, catalog: Catalog, feed: ChangeFeed, subscribers: int, write: Callable[[], Awaitable[Any]], count: int
) -> list[list[Change]]:
    model = catalog.models["Thing"]
    entered = [feed.subscribe(model, LOCAL_OWNER) for _ in range(subscribers)]
    await asyncio.gather(*(one.__aenter__() for one in entered))
    readers = [asyncio.create_task(next_of(one, count)) for one in entered]
    await write()
    found = await asyncio.gather(*readers)
    for one in entered:
        await one.aclose()
    return found


async def test_a_thousand_subscribers_each_get_every_event(data: Data, catalog: Catalog, feed: ChangeFeed) -> None:
    model = catalog.models["Thing"]
    made: list[Any] = []

    async def write() -> None:
        for number in range(10):
            made.append((await data.create(model, LOCAL_OWNER, {"number": number}))["_id"])

    before = _resident_bytes()
    found = await _all_told(data, catalog, feed, 1000, write, 10)
    assert all([change.id for change in changes] == made for changes in found)
    assert _resident_bytes() - before < 300 * 1024**2


def _resident_bytes() -> int:
    """https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html; 0 where there is no such file."""
    if not (statm := Path("/proc/self/statm")).exists():
        return 0
    return int(statm.read_text().split()[1]) * resource.getpagesize()


async def test_a_burst_overwhelms_nobody_who_reads(data: Data, catalog: Catalog) -> None:
    model = catalog.models["Thing"]
    feed = ChangeFeed(catalog, data.settings.model_copy(update={"feed_queue": 50}))
    async with feed.subscribe(model, LOCAL_OWNER) as changes:
        reader = asyncio.create_task(next_of(changes, 500))
        await data.create_many(model, LOCAL_OWNER, [{"number": number} for number in range(500)])
        assert [change.document and change.document["number"] for change in await reader] == list(range(500))
    await feed.stop()
