"""Every kind of source gives the same postings, whatever its form."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.examples.models.models import EmploymentType
from core.examples.operations.scraping_ops import scrape_jobs
from core.examples.settings import JobhunterSettings
from core.examples.sources import Posting, Search, SourceError, postings
from core.registries import ModelRegistry
from tests.examples.conftest import Configure
from tests.examples.loopback import Answer, Site
from tests.examples.pages import ATOM, RSS, item_list, page, posting

ROW = {
    "source": "Board", "company_name": "Acme", "id": "1", "title": "Python Developer", "active": True,
    "date_posted": 1714605534, "date_updated": 1714605540, "url": "https://board.example/1",
    "locations": ["Berlin", "Bonn"], "sponsorship": "Other",
}  # fmt: skip


async def read(
    source: str, settings: JobhunterSettings, *, trusted: bool = True, **search: Any
) -> tuple[list[Posting], list[str]]:
    found = [one async for one in postings(source, Search(**search), settings, trusted=trusted)]
    problems = [str(one) for one in found if isinstance(one, SourceError)]
    return [one for one in found if isinstance(one, Posting)], problems


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ROW, {**ROW, "id": "2"}]),
        json.dumps({"jobs": [ROW, {**ROW, "id": "2"}], "total": 2}),
        json.dumps(ROW) + "\n\n" + json.dumps({**ROW, "id": "2"}) + "\n",
        "\ufeff" + json.dumps([ROW, {**ROW, "id": "2"}]),
    ],
    ids=["array", "object", "lines", "byte order mark"],
)
async def test_json_in_its_forms(text: str, tmp_path: Path, configure: Configure) -> None:
    (tmp_path / "feed.json").write_text(text)
    found, problems = await read(str(tmp_path / "feed.json"), configure())
    assert problems == []
    assert [one.external_id for one in found] == ["1", "2"]
    first = found[0]
    assert (first.source, first.title, first.company, first.location) == (
        "Board",
        "Python Developer",
        "Acme",
        "Berlin; Bonn",
    )
    assert first.posted_at == datetime(2024, 5, 1, 23, 18, 54, tzinfo=UTC)
    assert first.source_fields == {"date_updated": 1714605540, "sponsorship": "Other"}


async def test_an_entry_that_is_no_posting_is_told_and_others_are_read(tmp_path: Path, configure: Configure) -> None:
    (tmp_path / "feed.json").write_text(json.dumps([ROW, {"id": "2", "title": ""}, {**ROW, "id": "3"}]))
    found, problems = await read(str(tmp_path / "feed.json"), configure())
    assert [one.external_id for one in found] == ["1", "3"]
    assert len(problems) == 1
    assert "entry 2 of feed" in problems[0]
    assert "company" in problems[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{not json", "line 1"),
        ('{"a": 1}\n{"b": ', "line 2"),
        ("[1, 2]", "no list of objects"),
        ("just words", "neither JSON"),
        ("", "neither JSON"),
        ("<html><body>no data</body></html>", "no JSON-LD JobPosting"),
        ("<rss><channel><item>", "no RSS or Atom feed"),
    ],
)
async def test_what_is_no_source_says_why(text: str, message: str, tmp_path: Path, configure: Configure) -> None:
    (tmp_path / "feed").write_text(text)
    with pytest.raises(SourceError, match=message):
        await read(str(tmp_path / "feed"), configure())


async def test_rss_with_its_titles_dates_and_own_elements(site: Site, configure: Configure) -> None:
    site.pages["/rss"] = Answer(RSS, content_type="application/rss+xml")
    found, _ = await read(f"{site.address}/rss", configure())
    assert [(one.title, one.company, one.location) for one in found] == [
        ("Python Developer", "Acme", "Berlin"), ("Gardener", "Green", None), ("Chimney Sweep", "The Board", None),
    ]  # fmt: skip
    first = found[0]
    assert (first.external_id, first.url, first.description) == (
        "board-1",
        "https://board.example/1",
        "Build things & more",
    )
    assert first.posted_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert first.required_skills == ["Python"]
    assert first.source_fields == {"job_workload": "full-time"}
    assert first.source == "127_0_0_1"


async def test_atom(site: Site, configure: Configure) -> None:
    site.pages["/atom"] = Answer(ATOM, content_type="application/atom+xml")
    found, _ = await read(f"{site.address}/atom", configure())
    assert [(one.title, one.company, one.external_id, one.description) for one in found] == [
        ("Go Developer", "Acme", "urn:1", "Write Go.")
    ]


async def test_a_page_with_json_ld(site: Site, configure: Configure) -> None:
    site.pages["/job"] = Answer(page(posting()))
    (found,), _ = await read(f"{site.address}/job", configure())
    assert (found.title, found.company, found.external_id, found.location) == (
        "Python Developer",
        "Acme",
        "A-1",
        "Berlin",
    )
    assert found.address is not None
    assert (found.address.city, found.address.country, found.address.postal_code) == ("Berlin", "DE", "10115")
    assert found.description == "We build & run things.\nPython\nKafka"
    assert found.employment_type == EmploymentType.FULL_TIME
    assert (found.salary_min, found.salary_max, found.salary_currency) == (60_000, 72_000, "EUR")
    assert found.required_skills == ["Python", "SQL"]
    assert found.posted_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert found.url == f"{site.address}/job"


async def test_json_ld_in_graphs_lists_and_broken_blocks(site: Site, configure: Configure) -> None:
    graph = {"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, posting(title="In a graph")]}
    listed = [posting(title="In a list", identifier="B", jobLocationType="TELECOMMUTE", jobLocation=None)]
    broken = '<script type="application/ld+json">{"@type": </script>'
    nameless = posting(title=None)
    site.pages["/jobs"] = Answer(page(graph, listed, nameless, head=broken))
    found, _ = await read(f"{site.address}/jobs", configure())
    assert [(one.title, one.remote, one.location) for one in found] == [
        ("In a graph", False, "Berlin"), ("In a list", True, "Remote"),
    ]  # fmt: skip


async def test_keywords_location_and_limit(tmp_path: Path, configure: Configure) -> None:
    rows = [
        {**ROW, "id": str(number), "title": title} for number, title in enumerate(["Python Dev", "Baker", "python QA"])
    ]
    (tmp_path / "feed.json").write_text(json.dumps([*rows, {**rows[0], "id": "9", "locations": ["Paris"]}]))
    path, settings = str(tmp_path / "feed.json"), configure()
    assert [one.external_id for one in (await read(path, settings, keywords=("PYTHON",)))[0]] == ["0", "2", "9"]
    assert [one.external_id for one in (await read(path, settings, keywords=("python",), location="paris"))[0]] == ["9"]
    assert [one.external_id for one in (await read(path, settings, limit=2))[0]] == ["0", "1"]


def stepstone(site: Site) -> None:
    own = '<span data-at="workload">Full-time</span><div data-at="salary-band">50 - 70k</div>'
    site.pages |= {
        "/search?q=python+dev&where=Berlin": Answer(
            page(item_list("/job/1", "/job/2"), head='<link rel="next" href="/search?page=2">')
        ),
        "/search?page=2": Answer(page(item_list("/job/2", "/job/3", "/job/4"))),
        "/job/1": Answer(page(posting(identifier="1"), body=own)),
        "/job/2": Answer(page(posting(identifier="2", title="Python Dev Lead"), body=own)),
        "/job/3": Answer("gone", 410),
        "/job/4": Answer(page()),
    }


async def test_a_site_that_lists_links_is_read_page_by_page(site: Site, configure: Configure) -> None:
    stepstone(site)
    settings = configure(stepstone_url=f"{site.address}/search?q={{keywords}}&where={{location}}")
    found, problems = await read("stepstone", settings, keywords=("python dev",), location="Berlin")
    assert [(one.source, one.external_id) for one in found] == [("stepstone", "1"), ("stepstone", "2")]
    assert found[0].source_fields == {"workload": "Full-time", "salary_band": "50 - 70k"}
    assert len(problems) == 2
    assert "/job/3 answered 410" in problems[0]
    assert "/job/4 describes no posting" in problems[1]
    assert site.paths().count("/job/2") == 1


async def test_no_more_pages_are_fetched_than_postings_wanted(site: Site, configure: Configure) -> None:
    stepstone(site)
    settings = configure(stepstone_url=f"{site.address}/search?q={{keywords}}&where={{location}}")
    found, _ = await read("stepstone", settings, keywords=("python dev",), location="Berlin", limit=1)
    assert len(found) == 1
    assert site.paths() == ["/search?q=python+dev&where=Berlin", "/job/1"]


async def test_a_site_that_lists_a_feed(site: Site, configure: Configure) -> None:
    feed = (
        '<rss version="2.0"><channel><title>Jobs</title>'
        f"<item><title>Python Developer</title><link>{site.address}/viewjob?jk=1</link></item></channel></rss>"
    )
    own = '<i data-testid="company-rating">4.2</i>'
    site.pages |= {"/rss?q=python": Answer(feed), "/viewjob?jk=1": Answer(page(posting(), body=own))}
    found, problems = await read(
        "indeed", configure(indeed_url=f"{site.address}/rss?q={{keywords}}"), keywords=("python",)
    )
    assert problems == []
    assert [(one.source, one.source_fields) for one in found] == [("indeed", {"company_rating": "4.2"})]


async def test_a_site_without_an_address_says_which_setting_it_is(configure: Configure) -> None:
    with pytest.raises(UserError, match="JOBHUNTER_STEPSTONE_URL"):
        await read("stepstone", configure())


def test_the_sites_own_fields_are_merged_into_the_models_hints() -> None:
    assert scrape_jobs is not None  # its module brings the sites
    job = ModelRegistry.get("Job")
    assert job is not None
    assert job.ui_hints["fields"]["workload"] == {"label": "Workload", "widget": "select", "source": "stepstone"}
    assert job.ui_hints["fields"]["company_rating"]["source"] == "indeed"


async def test_a_file_that_is_not_there_says_so_and_names_the_sites(configure: Configure) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.json is no file.*stepstone, indeed"):
        await read("nowhere.json", configure())


async def test_who_is_not_trusted_reads_neither_files_nor_private_addresses(
    site: Site, tmp_path: Path, configure: Configure
) -> None:
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "a.json").write_text(json.dumps([ROW]))
    (tmp_path / "secret.json").write_text(json.dumps([ROW]))
    site.pages["/feed"] = Answer(json.dumps([ROW]))
    with pytest.raises(UserError, match="JOBHUNTER_FEED_DIR"):
        await read(str(tmp_path / "secret.json"), configure(), trusted=False)
    settings = configure(feed_dir=tmp_path / "feeds")
    with pytest.raises(UserError, match="JOBHUNTER_FEED_DIR"):
        await read("../secret.json", settings, trusted=False)
    with pytest.raises(SourceError, match="not public"):
        await read(f"{site.address}/feed", settings, trusted=False)
    found, _ = await read("a.json", settings, trusted=False)
    assert [one.external_id for one in found] == ["1"]
