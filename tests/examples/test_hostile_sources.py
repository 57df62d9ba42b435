"""Whatever stands at an address, reading it ends in postings or in a clear error, and what was read can be stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.database.connection import Database
from core.examples.models.models import Job
from core.examples.sources import Posting, SourceError, store, structured
from core.examples.sources.fetching import Page
from core.examples.sources.posting import amount, moment, plain_text
from core.examples.sources.reading import postings_of
from tests.examples.pages import page, posting

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = "title company id source url locations date_posted salary_min skills active x.$y".split()
BEGINNINGS = [b"{", b"[", b"<", b"<rss", b"<feed", b"<?xml "]
rows = st.dictionaries(st.sampled_from(FIELDS), values)


def read(body: str | bytes) -> list[Posting | SourceError]:
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    try:
        return list(postings_of(Page(url="https://x.example/", content_type="", body=content), "x"))
    except SourceError as error:
        return [error]


@given(st.binary(max_size=200) | st.sampled_from(BEGINNINGS))
def test_any_bytes(body: bytes) -> None:
    read(body)


@given(st.lists(rows, max_size=3))
def test_any_json(found: list[dict[str, object]]) -> None:
    assert all(isinstance(one, Posting | SourceError) for one in read(json.dumps(found)))


@given(st.dictionaries(st.sampled_from(list(posting())), values))
def test_any_json_ld(changes: dict[str, object]) -> None:
    read(page(posting(**changes)))


@given(st.text() | st.integers() | st.floats() | st.none() | st.lists(st.integers(), max_size=2))
def test_any_moment_and_number(value: object) -> None:
    found = moment(value)
    assert found is None or found.tzinfo is not None
    assert (amount(value) or 0) >= 0


@given(st.text())
def test_any_markup(text: str) -> None:
    plain_text(text)
    plain_text(f"<p>{text}</p>")


@pytest.mark.parametrize("text", ["https://x.example/?a=1&b=2", "a.html & b", "x < y & z > 1"])
def test_text_that_looks_like_something_else_stays(text: str) -> None:
    assert plain_text(text) == text


def test_xhtml_is_read_like_html() -> None:
    (found,) = read(f'<?xml version="1.0" encoding="utf-8"?>\n{page(posting())}')
    assert isinstance(found, Posting)
    assert structured.parsed("https://x.example/").get_text() == ""


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"a":' * 100_000, "<div>" * 20_000, "<rss><channel>" + "<item>" * 20_000, page([[[]]] * 3)],
    ids=["lists", "objects", "elements", "items", "json-ld"],
)
def test_deep_nesting(body: str) -> None:
    assert [one for one in read(body) if isinstance(one, Posting)] == []


async def test_what_a_job_cannot_hold_is_left_out_and_never_fails_the_others(database: Database) -> None:
    rows = [
        {"title": "A", "company": "Acme", "id": "1", "salary_min": -5, "salary_max": "70000", "salary_currency": "eur"},
        {"title": "B", "company": "Acme", "id": "2", "salary_min": 10**400, "salary_currency": "Euro"},
        {"title": "C", "company": "Acme", "id": "3", "date_posted": "0001-01-01T00:00:00+14:00", "active": "maybe"},
    ]
    await store([one for one in read(json.dumps(rows)) if isinstance(one, Posting)])
    jobs = await Job.find_all().sort("title").to_list()
    assert [(job.salary_min, job.salary_max, job.salary_currency) for job in jobs] == [
        (None, 70_000, "EUR"), (None, None, None), (None, None, None),
    ]  # fmt: skip
    assert [job.posted_at for job in jobs] == [None, None, None]


async def test_what_was_read_can_be_stored(database: Database) -> None:
    row = {
        "title": "Dev", "company": "Acme", "id": "1", "a.b": 1, "$set": {"$inc": 1, "x.y": 2}, "nul\0": "a\0b",
        "half": "\ud800", "large": 2**70, "deep": json.loads("[" * 60 + "]" * 60), "none": None,
    }  # fmt: skip
    (found,) = read(json.dumps([row]))
    assert isinstance(found, Posting)
    await store([found])
    job = await Job.find_one(Job.external_id == "1")
    assert job is not None
    bag = job.source_fields["x"]
    assert bag["a_b"] == 1
    assert bag["_set"] == {"_inc": 1, "x_y": 2}
    assert (bag["nul_"], bag["half"], bag["large"]) == ("a\0b", "?", str(2**70))
