"""Sites: a search that lists postings, and a page for each with JSON-LD and some fields of the site's own.

A site is a row: where its search is (a setting), how its list is read, which elements of a page hold its own fields,
and how a user interface shows those. StepStone and Indeed are given as examples of the two kinds there are, a page of
links and a feed; look at a site's terms before you point an address at it.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urljoin

import feedparser

from core.errors import UserError
from core.examples.settings import JobhunterSettings
from core.examples.sources import structured
from core.examples.sources.fetching import Fetcher, Page
from core.examples.sources.posting import Posting, SourceError
from core.registries import ModelRegistry

_MOST_PAGES = 20


@dataclass(frozen=True, kw_only=True)
class Search:
    """What to look for; ``limit`` is the most postings wanted."""

    keywords: tuple[str, ...] = ()
    location: str | None = None
    limit: int | None = None

    def fill(self, template: str) -> str:
        """The address of a search: ``{keywords}``, ``{location}`` and ``{limit}`` filled in, URL-encoded."""
        values = {"keywords": " ".join(self.keywords), "location": self.location or "", "limit": str(self.limit or 50)}
        for name, value in values.items():
            template = template.replace(f"{{{name}}}", quote_plus(value))
        return template


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One page of search results: the pages of postings it names, and the next page of results."""

    links: list[str]
    next: str | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """``selectors`` are CSS selectors of the elements that hold the site's own fields on a posting's page."""

    name: str
    address: Callable[[JobhunterSettings], str | None]
    setting: str
    listing: Callable[[Page], Listing]
    selectors: Mapping[str, str]
    ui_fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def search_address(self, search: Search, settings: JobhunterSettings) -> str:
        """
        Raises:
            UserError: the settings hold no address for this site.
        """
        template = self.address(settings)
        if not template:
            raise UserError(f"{self.name} has no address: set {self.setting} to its search, with {{keywords}} in it")
        return search.fill(template)

    async def postings(
        self, search: Search, fetcher: Fetcher, settings: JobhunterSettings
    ) -> AsyncIterator[Posting | SourceError]:
        """The postings found; one whose page cannot be read comes as the error that says why.

        Raises:
            SourceError: the search itself cannot be read.
        """
        async for link in self._links(self.search_address(search, settings), fetcher):
            try:
                found = self.postings_of(await fetcher.get(link))
            except SourceError as error:
                yield error
                continue
            if not found:
                yield SourceError(f"{link} describes no posting")
            for posting in found:
                yield posting

    async def _links(self, address: str, fetcher: Fetcher) -> AsyncIterator[str]:
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            listing = self.listing(await fetcher.get(address))
            for link in dict.fromkeys(listing.links):
                if link not in seen:
                    seen.add(link)
                    yield link
            if not listing.next:
                return
            address = listing.next

    def postings_of(self, page: Page) -> list[Posting]:
        html = structured.parsed(page.text)
        found = list(structured.postings_of(html, page.url, self.name))
        own = {
            name: " ".join(element.get_text(" ").split())
            for name, selector in self.selectors.items()
            if (element := html.select_one(selector)) is not None
        }
        # Only a page about one posting says whose fields these are.
        return [posting.model_copy(update={"source_fields": own}) for posting in found] if len(found) == 1 else found


def page_of_links(page: Page) -> Listing:
    """A results page in HTML: the URLs of its JSON-LD ``ItemList``, and ``<link>`` or ``<a>`` with ``rel="next"``."""
    html = structured.parsed(page.text)
    links = [urljoin(page.url, url) for items in structured.nodes(html, "ItemList") for url in _item_urls(items)]
    following = html.select_one('[rel~="next"][href]')
    return Listing(links=links, next=urljoin(page.url, str(following["href"])) if following else None)


def _item_urls(items: Mapping[str, Any]) -> Iterator[str]:
    elements = items.get("itemListElement")
    for element in elements if isinstance(elements, list) else ():
        item = element.get("item", element) if isinstance(element, dict) else element
        url = item.get("url") if isinstance(item, dict) else item
        if isinstance(url, str):
            yield url


def feed_of_links(page: Page) -> Listing:
    """Results as RSS or Atom, with ``<link rel="next">`` where there are more (RFC 5005)."""
    feed: Any = feedparser.parse(page.body)
    if feed.bozo and not feed.entries:
        raise SourceError(f"{page.url} is no RSS or Atom feed: {feed.bozo_exception}")
    following = next((link.href for link in feed.feed.get("links", ()) if link.get("rel") == "next"), None)
    links = [urljoin(page.url, entry.link) for entry in feed.entries if entry.get("link")]
    return Listing(links=links, next=urljoin(page.url, following) if following else None)


STEPSTONE = Site(
    name="stepstone",
    address=lambda settings: settings.stepstone_url,
    setting="JOBHUNTER_STEPSTONE_URL",
    listing=page_of_links,
    selectors={"workload": '[data-at="workload"]', "salary_band": '[data-at="salary-band"]'},
    ui_fields={
        "workload": {"label": "Workload", "widget": "select", "source": "stepstone"},
        "salary_band": {"label": "Salary band", "widget": "text", "source": "stepstone"},
    },
)
INDEED = Site(
    name="indeed",
    address=lambda settings: settings.indeed_url,
    setting="JOBHUNTER_INDEED_URL",
    listing=feed_of_links,
    selectors={"company_rating": '[data-testid="company-rating"]', "benefits": '[data-testid="benefits"]'},
    ui_fields={
        "company_rating": {"label": "Company rating", "widget": "number", "source": "indeed"},
        "benefits": {"label": "Benefits", "widget": "text", "source": "indeed"},
    },
)
SITES: Mapping[str, Site] = {site.name: site for site in (STEPSTONE, INDEED)}


def extend_ui() -> None:
    """Tell the user interface of the sites' own fields: they are merged into the Job model's ``ui_hints``."""
    job = ModelRegistry.get("Job")
    if job is not None:
        for site in SITES.values():
            job.extend_ui(site.ui_fields)
