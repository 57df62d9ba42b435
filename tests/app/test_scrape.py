"""Real postings come in once, whatever the number of runs, and the run names what it touched."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.server import Server


def _ops(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "ops", *arguments], cwd=home, capture_output=True, text=True, timeout=120,
        env={"CORE_DATA_DIR": str(home / "data"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_postings_are_stored_once_and_then_listed(server: Server, home: Path, job_postings: Path) -> None:
    for _ in range(2):
        done = _ops(home, "scrape_jobs", "--source", str(job_postings))
        assert done.returncode == 0, done.stderr
    counted: Any = server.graphql("{ jobs { totalCount } }")
    assert counted["data"]["jobs"]["totalCount"] == 1288

    runs: Any = server.graphql(
        """{ taskRuns(filter: {operationName: {eq: "scrape_jobs"}}, sorting: [{field: createdAt, direction: ASC}]) {
             nodes { status trigger resultRefsTotal resultRefs(limit: 2) { model id action } } } }"""
    )
    first, second = runs["data"]["taskRuns"]["nodes"]
    assert (first["status"], first["trigger"], second["status"]) == ("SUCCESS", "cli", "SUCCESS")
    assert first["resultRefsTotal"] == 1288
    assert [ref["model"] for ref in first["resultRefs"]] == ["Job", "Job"]
    job: Any = server.graphql("query ($id: ID!) { job(id: $id) { title } }", {"id": first["resultRefs"][0]["id"]})
    assert job["data"]["job"]["title"]

    companies = sorted({posting["company_name"] for posting in json.loads(job_postings.read_text())})
    filtered: Any = server.graphql(
        """query ($company: String) { jobs(filter: {company: {eq: $company}}, paging: {limit: 100},
             sorting: [{field: title, direction: ASC}]) { nodes { title company } totalCount } }""",
        {"company": companies[0]},
    )
    listed = filtered["data"]["jobs"]
    assert listed["totalCount"] == len(listed["nodes"]) > 0
    assert [job["title"] for job in listed["nodes"]] == sorted(job["title"] for job in listed["nodes"])


def test_a_source_that_is_not_there_is_a_clear_error(server: Server, home: Path) -> None:
    done = _ops(home, "scrape_jobs", "--source", "nowhere.json")
    assert done.returncode != 0
    assert "nowhere.json" in done.stderr
    assert "Traceback" not in done.stderr
