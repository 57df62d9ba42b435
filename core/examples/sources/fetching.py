"""Polite fetching: robots.txt, a pause between requests to one host, retries with back-off, limits on time and size.

Only http and https addresses are fetched, redirects included. With ``public_only`` the name must lead to public
addresses alone, so that somebody else's request cannot be used to look into the network this server stands in.
"""

import asyncio
import ipaddress
import logging
import socket
import time
from dataclasses import dataclass
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx
from protego import Protego

from core.examples.settings import JobhunterSettings
from core.examples.sources.posting import SourceError, moment

log = logging.getLogger("jobhunter.fetching")

_PASSING = frozenset({429, 500, 502, 503, 504})
_MOST_REDIRECTS = 5
_LONGEST_PAUSE = 30.0
_ROBOTS_BYTES = 512_000  # RFC 9309 asks for at least 500 KiB


@dataclass(frozen=True, kw_only=True)
class Page:
    """What came back. ``url`` is where redirects led."""

    url: str
    content_type: str
    body: bytes
    encoding: str = "utf-8"

    @property
    def text(self) -> str:
        return self.body.decode(self.encoding, errors="replace")


class Fetcher:
    """``async with Fetcher(settings) as fetcher: page = await fetcher.get("https://…")``"""

    def __init__(self, settings: JobhunterSettings, *, public_only: bool = False) -> None:
        self._settings = settings
        self._public_only = public_only
        self._robots: dict[str, Protego] = {}
        self._free_at: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        # A proxy would make the connection, and where to could not be checked.
        self._client = httpx.AsyncClient(
            timeout=settings.fetch_timeout, headers={"User-Agent": settings.user_agent}, trust_env=not public_only
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    async def get(self, url: str) -> Page:
        """The page at ``url``.

        Raises:
            SourceError: not an http(s) address, forbidden by robots.txt, no success after all tries, or too large.
        """
        for _ in range(_MOST_REDIRECTS + 1):
            _check_scheme(url)
            if not (await self._rules(url)).can_fetch(url, self._settings.user_agent):
                raise SourceError(f"{url} may not be fetched: the site's robots.txt forbids it")
            answer = await self._answer(url, self._settings.max_fetch_bytes)
            if isinstance(answer, Page):
                return answer
            url = answer
        raise SourceError(f"{url} redirects more than {_MOST_REDIRECTS} times")

    async def _rules(self, url: str) -> Protego:
        """The host's robots.txt: absent, it allows all; while it fails, nothing is fetched (RFC 9309)."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            self._robots[origin] = Protego.parse(await self._robots_text(f"{origin}/robots.txt"))
        return self._robots[origin]

    async def _robots_text(self, url: str) -> str:
        try:
            for _ in range(_MOST_REDIRECTS):
                answer = await self._answer(url, _ROBOTS_BYTES)
                if isinstance(answer, Page):
                    return answer.text
                url = answer
        except _Refused:
            pass
        return ""

    async def _answer(self, url: str, most: int) -> Page | str:
        """The page, or the address it redirects to."""
        pause = self._settings.fetch_backoff
        for attempt in range(1, self._settings.fetch_attempts + 1):
            try:
                await self._take_turn(url)
                return await self._once(url, most)
            except _Passing as error:
                if attempt == self._settings.fetch_attempts:
                    raise SourceError(f"{url}: {error}, after {attempt} tries") from error
                log.info("%s: %s; trying again", url, error)
                await asyncio.sleep(min(max(pause, error.retry_after), _LONGEST_PAUSE))
                pause *= 2
        raise AssertionError("the last attempt returns or raises")

    async def _take_turn(self, url: str) -> None:
        """Wait until the host has had its pause since the last request to it."""
        host = urlsplit(url).netloc
        async with self._locks.setdefault(host, asyncio.Lock()):
            await asyncio.sleep(max(0.0, self._free_at.get(host, 0.0) - time.monotonic()))
            self._free_at[host] = time.monotonic() + self._delay(url)

    def _delay(self, url: str) -> float:
        parts = urlsplit(url)
        rules = self._robots.get(f"{parts.scheme}://{parts.netloc}")
        asked = rules.crawl_delay(self._settings.user_agent) if rules else None
        return min(max(self._settings.fetch_delay, asked or 0.0), _LONGEST_PAUSE)

    async def _once(self, url: str, most: int) -> Page | str:
        if self._public_only:
            await _check_public(url)
        try:
            async with asyncio.timeout(self._settings.fetch_timeout), self._client.stream("GET", url) as response:
                if self._public_only:
                    _check_peer(response)
                if response.is_redirect:
                    return urljoin(url, response.headers["location"])
                if response.status_code in _PASSING:
                    raise _Passing(f"it answered {response.status_code}", _retry_after(response))
                if not response.is_success:
                    raise _Refused(f"{url} answered {response.status_code} {response.reason_phrase}")
                body = await _limited(response, most)
        except httpx.InvalidURL as error:
            raise SourceError(f"{url} is no address: {error}") from error
        except (httpx.TransportError, TimeoutError) as error:
            raise _Passing(f"no answer ({type(error).__name__})") from error
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Page(url=url, content_type=content_type, body=body, encoding=response.charset_encoding or "utf-8")


class _Refused(SourceError):
    """The server answered, and the answer is no: trying again will not help."""


class _Passing(Exception):
    """A failure that may be over soon. ``retry_after`` is in seconds."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def _check_scheme(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(f"{url!r} cannot be fetched: only http:// and https:// addresses are")


async def _check_public(url: str) -> None:
    parts = urlsplit(url)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise _Passing(f"the name {parts.hostname} is not known") from error
    if not all(_is_public(address[4][0]) for address in found):
        raise _not_public(url)


def _check_peer(response: httpx.Response) -> None:
    """The name may have led elsewhere when the connection was made than when it was looked up."""
    peer = response.extensions["network_stream"].get_extra_info("server_addr")
    if not _is_public(peer[0]):
        raise _not_public(str(response.url))


def _is_public(address: str | int) -> bool:
    return ipaddress.ip_address(address).is_global


def _not_public(url: str) -> SourceError:
    return SourceError(f"{url} is not public; only the local owner may have private addresses fetched")


async def _limited(response: httpx.Response, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            raise SourceError(f"{response.url} is larger than {most:,} bytes (JOBHUNTER_MAX_FETCH_BYTES)")
    return bytes(body)


def _retry_after(response: httpx.Response) -> float:
    """Seconds; https://www.rfc-editor.org/rfc/rfc9110#field.retry-after allows a number or a date."""
    value = response.headers.get("retry-after", "")
    if value.isdigit():
        return float(value)
    at = moment(value)
    return max(0.0, at.timestamp() - time.time()) if at else 0.0
