"""From what somebody names as a source (a site, an address, a file) to its postings."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import UserError
from core.examples.settings import JobhunterSettings
from core.examples.sources import feeds, structured, syndication
from core.examples.sources.fetching import Fetcher, Page
from core.examples.sources.posting import Posting, SourceError, slug
from core.examples.sources.sites import SITES, Search


async def postings(
    source: str, search: Search, settings: JobhunterSettings, *, trusted: bool = True
) -> AsyncIterator[Posting | SourceError]:
    """Postings of ``source`` that fit the search, at most ``search.limit``; unreadable ones as errors.

    ``source`` is the name of a site, an http(s) address, or the path of a file: JSON, JSON Lines, RSS, Atom, or HTML
    with JSON-LD, told apart by their content. Who is not ``trusted`` may name public addresses and files of the
    setting ``feed_dir`` only.

    Raises:
        UserError: the source cannot be read at all; the message says why and what to do.
    """
    left = search.limit
    async with Fetcher(settings, public_only=not trusted) as fetcher:
        async for found in _all(source, search, settings, fetcher, trusted):
            if isinstance(found, Posting):
                if not (found.mentions(search.keywords) and found.is_in(search.location)):
                    continue
                left = None if left is None else left - 1
            yield found
            if left == 0:
                return


async def _all(
    source: str, search: Search, settings: JobhunterSettings, fetcher: Fetcher, trusted: bool
) -> AsyncIterator[Posting | SourceError]:
    if source in SITES:
        async for found in SITES[source].postings(search, fetcher, settings):
            yield found
        return
    if "://" in source:
        page = await fetcher.get(search.fill(source))
        name = slug(urlsplit(page.url).hostname or source)
    else:
        page = await asyncio.to_thread(_file, source, settings, trusted)
        name = slug(Path(source).stem)
    for found in postings_of(page, name):
        yield found


def postings_of(page: Page, name: str) -> Iterator[Posting | SourceError]:
    """By what the content is: servers and file names often do not say.

    Raises:
        SourceError: it is nothing that can hold postings.
    """
    start = page.body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start[:1] in (b"{", b"["):
        yield from feeds.postings_of(page.text.lstrip("\ufeff"), name)
    elif b"<rss" in start or b"<feed" in start or b"<rdf:rdf" in start:
        yield from syndication.postings_of(page.body, page.url, name)
    elif start[:1] == b"<":
        found = list(structured.postings_of(structured.parsed(page.text), page.url, name))
        if not found:
            raise SourceError(
                f"{page.url} has no JSON-LD JobPosting on it; https://schema.org/JobPosting says what that is"
            )
        yield from found
    else:
        raise SourceError(f"{page.url} is neither JSON, JSON Lines, RSS, Atom nor HTML")


def _file(source: str, settings: JobhunterSettings, trusted: bool) -> Page:
    path = _permitted(source, settings, trusted)
    try:
        if path.stat().st_size > settings.max_fetch_bytes:
            raise SourceError(f"{source} is larger than {settings.max_fetch_bytes:,} bytes (JOBHUNTER_MAX_FETCH_BYTES)")
        return Page(url=source, content_type="", body=path.read_bytes())
    except OSError as error:
        known = ", ".join(SITES)
        raise SourceError(
            f"{source} is no file that can be read ({error.strerror}), no address and no site ({known})"
        ) from error


def _permitted(source: str, settings: JobhunterSettings, trusted: bool) -> Path:
    if trusted:
        return Path(source)
    folder = settings.feed_dir.resolve() if settings.feed_dir else None
    path = (folder / source).resolve() if folder else None
    if folder is None or path is None or not path.is_relative_to(folder):
        raise UserError("only the local owner may name files outside the folder of JOBHUNTER_FEED_DIR")
    return path
