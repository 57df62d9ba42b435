"""RSS and Atom feeds of postings, read by feedparser."""

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import feedparser

from core.examples.sources.posting import Posting, SourceError, key_of, plain_text

# "Developer - Acme - Berlin", "Developer at Acme", "Acme: Developer": how feeds put two or three things into a title.
_TITLES = (
    re.compile(r"^(?P<title>.+?) - (?P<company>.+?) - (?P<location>.+)$"),
    re.compile(r"^(?P<title>.+?)(?: at | @ | bei | - )(?P<company>.+)$"),
    re.compile(r"^(?P<company>[^:]+): (?P<title>.+)$"),
)


def postings_of(body: bytes, url: str, source: str) -> Iterator[Posting]:
    """The feed's entries. The company is the entry's author or source, or stands in its title, or is the feed's title.

    Raises:
        SourceError: the body is no feed.
    """
    feed: Any = feedparser.parse(body)
    titled = [entry for entry in feed.entries if entry.get("title")]
    if feed.bozo and not titled:
        raise SourceError(f"{url} is no RSS or Atom feed: {feed.bozo_exception}")
    publisher = feed.feed.get("title") or urlsplit(url).hostname or source
    for entry in titled:
        yield posting_of(entry, publisher, source)


def posting_of(entry: Any, publisher: str, source: str) -> Posting:
    title = plain_text(entry.title)
    said = {name: entry.get(name) for name in ("company", "location")}
    said["company"] = said["company"] or entry.get("author") or (entry.get("source") or {}).get("title")
    parts = {"title": title} if said["company"] else _parts(title)
    link = entry.get("link")
    found: dict[str, Any] = {
        "company": publisher,
        **parts,
        **{name: value for name, value in said.items() if value},
        "source": source,
        "external_id": entry.get("id") or link or key_of(title, publisher),
        "url": link,
        "description": plain_text(entry.get("summary")),
        "required_skills": [tag.term for tag in entry.get("tags", ()) if tag.get("term")],
        "posted_at": _moment(entry.get("published_parsed") or entry.get("updated_parsed")),
        "source_fields": _extras(entry),
    }
    return Posting(**{name: value for name, value in found.items() if value not in (None, "", [], {})})


def _parts(title: str) -> dict[str, str]:
    found = next((match for pattern in _TITLES if (match := pattern.match(title))), None)
    return found.groupdict() if found else {"title": title}


def _moment(parsed: Any) -> datetime | None:
    """feedparser gives UTC as a ``time.struct_time``."""
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None


def _extras(entry: Any) -> dict[str, Any]:
    """Elements of the feed's own namespaces (``<job:workload>`` arrives as ``job_workload``)."""
    known = entry.keys() - feedparser.FeedParserDict.keymap.keys() - _ENTRY_KEYS
    return {name: entry[name] for name in known if isinstance(entry[name], str) and entry[name]}


_ENTRY_KEYS = frozenset(
    "id guidislink link links title title_detail summary summary_detail content author author_detail authors tags "
    "published published_parsed updated updated_parsed source company location comments".split()
)
