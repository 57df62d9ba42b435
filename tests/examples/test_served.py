"""The example as clients of its GraphQL surface see it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.access import Principal
from core.examples.sample import seed
from core.registries import Registry
from tests.examples.conftest import Configure
from tests.graphql.api import Api, serving

QUERY = """{
  registry { models { name ui } operations { name modelsOut asyncEnabled } }
  jobs(filter: {address: {city: {eq: "Berlin"}}}, search: "python", paging: {limit: 1}) { totalCount }
  applications(paging: {limit: 3}) { nodes { user { name } job { company } cv { title } status } totalCount }
}"""
SCRAPE = """mutation ($input: ScrapeJobsInput!) {
  scrapeJobs(input: $input) { output { created jobIds } taskRun { status } }
}"""


@pytest.fixture
async def api(example: Registry) -> AsyncIterator[Api]:
    async with serving(example) as served:
        yield served


async def test_hints_lists_relations_and_search(api: Api) -> None:
    await seed()
    data = await api.ask(QUERY)
    job = next(model["ui"] for model in data["registry"]["models"] if model["name"] == "Job")
    fit = next(section for section in job["detail_sections"] if section["title"] == "Fit")
    assert fit["fields"] == ["matchScore", "requiredSkills", "salaryMin", "salaryMax", "salaryCurrency"]
    assert "matchScore" in job["list_fields"]
    assert job["fields"]["workload"]["source"] == "stepstone"
    operations = {found["name"]: found for found in data["registry"]["operations"]}
    assert operations["scrape_jobs"]["asyncEnabled"]
    assert operations["apply_job"]["modelsOut"] == ["Application", "Cv", "Job"]
    assert data["jobs"]["totalCount"] > 0
    assert len(data["applications"]["nodes"]) == 3
    assert all(found["user"]["name"] and found["job"]["company"] for found in data["applications"]["nodes"])


async def test_one_keyword_needs_no_list(api: Api, tmp_path: Path, configure: Configure) -> None:
    rows = [{"id": title, "title": title, "company": "Acme"} for title in ("Python Developer", "Baker")]
    (tmp_path / "feed.json").write_text(json.dumps(rows))
    data = await api.ask(SCRAPE, input={"source": str(tmp_path / "feed.json"), "keywords": "python"})
    assert data["scrapeJobs"]["output"]["created"] == 1
    assert data["scrapeJobs"]["taskRun"]["status"] == "SUCCESS"


async def test_only_the_local_owner_may_name_files_of_the_server(
    api: Api, tmp_path: Path, configure: Configure
) -> None:
    (tmp_path / "feed.json").write_text(json.dumps([{"id": "1", "title": "Dev", "company": "Acme"}]))
    stranger = Principal(id="key:ci")
    (error,) = await api.errors(SCRAPE, stranger, input={"source": str(tmp_path / "feed.json")})
    assert "JOBHUNTER_FEED_DIR" in error.message
    (error,) = await api.errors(SCRAPE, stranger, input={"source": "http://127.0.0.1:1/feed.json"})
    assert "not public" in error.message
    configure(feed_dir=tmp_path)
    data = await api.ask(SCRAPE, stranger, input={"source": "feed.json"})
    assert data["scrapeJobs"]["output"]["created"] == 1
