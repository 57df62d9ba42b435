"""Fetching is polite, bounded and clear about what went wrong."""

import socket
import time
from itertools import pairwise

import pytest

from core.examples.settings import JobhunterSettings
from core.examples.sources.fetching import Fetcher, Page
from core.examples.sources.posting import SourceError
from tests.examples.conftest import Configure
from tests.examples.loopback import Answer, Site


async def fetch(settings: JobhunterSettings, url: str, **options: bool) -> Page:
    async with Fetcher(settings, **options) as fetcher:
        return await fetcher.get(url)


async def test_a_page_comes_with_its_type_and_our_name_is_told(site: Site, configure: Configure) -> None:
    site.pages["/a"] = Answer("Grüße".encode("latin-1"), content_type="text/plain; charset=latin-1")
    found = await fetch(configure(user_agent="tester/1"), f"{site.address}/a")
    assert (found.text, found.content_type, found.url) == ("Grüße", "text/plain", f"{site.address}/a")
    assert site.agents == {"tester/1"}


async def test_what_robots_txt_forbids_is_not_fetched(site: Site, configure: Configure) -> None:
    site.pages |= {
        "/robots.txt": Answer("User-agent: *\nDisallow: /private\nAllow: /private/open$\n", content_type="text/plain"),
        "/private/x": Answer("secret"),
        "/private/open": Answer("open"),
    }
    settings = configure()
    with pytest.raises(SourceError, match=r"robots\.txt forbids"):
        await fetch(settings, f"{site.address}/private/x")
    assert site.paths() == []
    assert (await fetch(settings, f"{site.address}/private/open")).text == "open"


async def test_robots_txt_is_read_once_and_its_absence_allows(site: Site, configure: Configure) -> None:
    site.pages |= {"/a": Answer("a"), "/b": Answer("b")}
    async with Fetcher(configure()) as fetcher:
        await fetcher.get(f"{site.address}/a")
        await fetcher.get(f"{site.address}/b")
    assert [path for path, _ in site.asked] == ["/robots.txt", "/a", "/b"]


async def test_nothing_is_fetched_while_robots_txt_cannot_be_read(site: Site, configure: Configure) -> None:
    site.pages |= {"/robots.txt": Answer("", 503), "/a": Answer("a")}
    with pytest.raises(SourceError, match=r"robots\.txt: it answered 503, after 2 tries"):
        await fetch(configure(fetch_attempts=2), f"{site.address}/a")
    assert site.paths() == []


async def test_a_passing_failure_is_tried_again_after_a_growing_pause(site: Site, configure: Configure) -> None:
    site.pages["/a"] = [Answer("", 503), Answer("", 429), Answer("there")]
    assert (await fetch(configure(fetch_backoff=0.1), f"{site.address}/a")).text == "there"
    first, second, third = [at for path, at in site.asked if path == "/a"]
    assert second - first >= 0.1
    assert third - second >= 0.2


async def test_the_server_says_when_to_come_back(site: Site, configure: Configure) -> None:
    site.pages["/a"] = [Answer("", 503, headers={"Retry-After": "1"}), Answer("there")]
    await fetch(configure(), f"{site.address}/a")
    first, second = [at for path, at in site.asked if path == "/a"]
    assert second - first >= 1


async def test_a_lasting_failure_is_not_tried_again(site: Site, configure: Configure) -> None:
    with pytest.raises(SourceError, match="answered 404"):
        await fetch(configure(), f"{site.address}/missing")
    assert site.paths() == ["/missing"]


async def test_requests_to_one_host_keep_their_distance(site: Site, configure: Configure) -> None:
    site.pages |= {"/a": Answer("a"), "/b": Answer("b")}
    async with Fetcher(configure(fetch_delay=0.5)) as fetcher:
        await fetcher.get(f"{site.address}/a")
        await fetcher.get(f"{site.address}/b")
    times = [at for _, at in site.asked]
    # Half of it leaves room for a first request that a busy machine delivers late.
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.25


async def test_a_large_answer_is_refused_before_it_is_in_memory(site: Site, configure: Configure) -> None:
    site.pages["/a"] = Answer(b"x" * 1_000_000)
    with pytest.raises(SourceError, match="larger than 1,000 bytes"):
        await fetch(configure(max_fetch_bytes=1000), f"{site.address}/a")


async def test_a_server_that_drips_is_given_up_in_time(site: Site, configure: Configure) -> None:
    site.pages["/a"] = Answer(b"x" * 65536 * 50, pause=0.1)
    began = time.monotonic()
    with pytest.raises(SourceError, match="no answer"):
        await fetch(configure(fetch_timeout=0.4, fetch_attempts=1), f"{site.address}/a")
    assert time.monotonic() - began < 3


async def test_a_host_that_is_not_there_is_a_clear_error(configure: Configure) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(SourceError, match="no answer"):
        await fetch(configure(fetch_attempts=1), f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "gopher://x", "http://", "javascript:alert(1)"])
async def test_only_web_addresses_are_fetched(url: str, configure: Configure) -> None:
    with pytest.raises(SourceError, match="only http"):
        await fetch(configure(), url)


async def test_redirects_are_followed_and_checked_like_addresses(site: Site, configure: Configure) -> None:
    site.pages |= {
        "/old": Answer("", 301, headers={"Location": "/new"}),
        "/new": Answer("here"),
        "/file": Answer("", 302, headers={"Location": "file:///etc/passwd"}),
        "/round": Answer("", 302, headers={"Location": "/round"}),
    }
    settings = configure()
    assert (await fetch(settings, f"{site.address}/old")).url == f"{site.address}/new"
    with pytest.raises(SourceError, match="only http"):
        await fetch(settings, f"{site.address}/file")
    with pytest.raises(SourceError, match="redirects more than"):
        await fetch(settings, f"{site.address}/round")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "0.0.0.0"])
async def test_private_addresses_are_refused_where_only_public_ones_are_wanted(host: str, configure: Configure) -> None:
    with pytest.raises(SourceError, match="not public"):
        await fetch(configure(), f"http://{host}/", public_only=True)
