"""GraphiQL comes from our own files, works without any other host, and may load nothing from one."""

import json
import re
import shutil
from pathlib import Path

import httpx
import pytest

from graphql_surface import playground
from tests.transport.conftest import Server, serving
from tests.transport.nodes import run_node

PLAYGROUND = Path(playground.__file__).parent
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_a_browser_gets_the_page_and_programs_get_graphql(client: httpx.AsyncClient, server: Server):
    page = await client.get(server.url, headers=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    program = await client.get(server.url, params={"query": "{ hello }"})
    assert program.json() == {"data": {"hello": "hello world"}}


async def test_the_page_may_load_nothing_from_elsewhere_and_runs_no_inline_script(
    client: httpx.AsyncClient, server: Server
):
    page = await client.get(server.url, headers=BROWSER)
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "//" not in page.text
    other = await client.get(server.url, headers=BROWSER)
    assert policy["style-src"] not in other.headers["content-security-policy"], "the nonce is new each time"


@pytest.mark.parametrize("path", ["/graphql", "/deep/api/query"])
async def test_its_files_are_found_from_any_path_and_never_change(client: httpx.AsyncClient, path: str):
    with serving(path) as other:
        page = await client.get(other.url, headers=BROWSER)
        base = re.search(r'<base href="([^"]+)"', page.text)
        assert base
        links = re.findall(r'(?:src|href)="(assets/[^"]+)"', page.text)
        assert len(links) == 2
        for link in links:
            file = await client.get(httpx.URL(other.url).join(base[1]).join(link))
            assert file.status_code == 200
            assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert file.headers["content-type"].startswith(("text/javascript", "text/css"))
        assert (await client.get(f"{other.url}/assets/../page.py")).status_code == 404


def test_the_licences_of_what_is_inside_stand_beside_it():
    text = (PLAYGROUND / "built" / "LICENSES.txt").read_text(encoding="utf-8")
    for name in ("graphiql 4", "graphql 16", "react 19", "codemirror 5"):
        assert name in text


@pytest.mark.node
def test_the_bundle_is_what_its_sources_give(tmp_path: Path):
    run_node("build.mjs", str(tmp_path), folder=PLAYGROUND / "sources")
    built = PLAYGROUND / "built"
    for folder, other in ((built, tmp_path), (tmp_path, built)):
        for file in (one for one in folder.rglob("*") if one.is_file()):
            assert (other / file.relative_to(folder)).read_bytes() == file.read_bytes(), "run `make ui`"


@pytest.mark.node
def test_in_a_browser_it_queries_and_subscribes_with_no_other_host_and_no_complaint(tmp_path: Path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("Chromium is not installed")
    with serving("/api/graphql") as other:
        seen = json.loads(run_node("playground.mjs", other.url, chromium, str(tmp_path / "playground.png")))
        origin = str(httpx.URL(other.url).copy_with(path="")).partition("//")[2].rstrip("/")
    assert {request.split("/")[2] for request in seen["requests"]} == {origin}
    assert seen["complaints"] == []
    assert "hello world" in seen["query"]
    assert '"ticks": 2' in seen["subscription"]
    assert (tmp_path / "playground.png").stat().st_size > 10_000
